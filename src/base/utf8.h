// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace yingda::base {

/// One decoded code point: its value and how many bytes it takes. Invalid bytes come out one by one as U+FFFD,
/// length 1.
struct CodePoint {
  char32_t value = 0;
  uint8_t length = 0;
  bool valid = true;
};

/// Decodes the code point at `text[at]`; `at` must be below text.size(). Overlong forms, surrogates and values above
/// U+10FFFF count as invalid.
CodePoint DecodeUtf8(std::string_view text, size_t at);

bool IsValidUtf8(std::string_view text);

/// Every invalid byte becomes U+FFFD (3 bytes), so the result is valid and may be longer.
std::string ToValidUtf8(std::string_view text);

void AppendUtf8(std::string& out, char32_t code_point);

/// The longest prefix of whole code points that is at most `limit_bytes` long.
std::string_view Utf8Prefix(std::string_view text, size_t limit_bytes);

/// Without leading and trailing white space (ASCII blanks, line ends, U+3000, U+00A0, zero-width and BOM characters).
std::string_view TrimBlanks(std::string_view text);

}  // namespace yingda::base
