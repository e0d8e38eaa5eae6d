// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace yingda::base {

/// Standard alphabet (RFC 4648), padded with '=', one line.
std::string EncodeBase64(std::string_view bytes);

/// Strict but for two things seen in the field: blanks and line ends between the digits are skipped, and the unused low
/// bits of the last digit may be anything (an EncodingAESKey ends in a random character).
/// Errors: nullopt for any other character, a wrong length or misplaced padding.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace yingda::base
