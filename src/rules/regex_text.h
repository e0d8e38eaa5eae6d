// SPDX-License-Identifier: MIT
#pragma once

#include <re2/re2.h>

#include <string>
#include <string_view>

namespace yingda::rules {

/// How far into a message expressions look.
constexpr size_t kRegexTextBytes = 2048;

/// The options of every expression in rule files.
re2::RE2::Options RegexOptions();

/// The text that expressions see, and what expressions themselves are turned into: full-width letters and digits, which
/// Chinese keyboards produce by accident, become plain ones. Everything else stays, as the groups are shown again.
std::string RegexText(std::string_view text);
/// The same into `plain`, whose memory it uses again.
void RegexText(std::string_view text, std::string& plain);

}  // namespace yingda::rules
