// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

// Inside the module: kinds of characters.
namespace yingda::text {

constexpr bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }
constexpr bool IsAsciiLetter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool IsAsciiLetterOrDigit(char32_t c) { return IsDigit(c) || IsAsciiLetter(c); }
constexpr bool IsBlank(char32_t c) { return c == ' ' || c == '\t'; }
constexpr bool IsBlankOrLineEnd(char32_t c) { return IsBlank(c) || c == '\n' || c == '\r'; }

/// What CommonMark counts as white space next to an asterisk; the start and end of a text (0) too.
bool IsSpace(char32_t c);

/// ASCII's punctuation and the better part of Unicode's.
bool IsPunctuation(char32_t c);

/// Of ASCII letters only.
char ToLower(char c);
bool StartsWithIgnoringCase(std::string_view text, std::string_view lower_case_start);

/// The code point at `at`, 0 beyond the end.
char32_t CharacterAt(std::string_view text, size_t at);
/// The code point that ends at `end`, 0 at the start.
char32_t CharacterBefore(std::string_view text, size_t end);

}  // namespace yingda::text
