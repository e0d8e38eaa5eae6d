// SPDX-License-Identifier: MIT
#include "text/characters.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace yingda::text {
namespace {

struct Range {
  char32_t first, last;
};

// Unicode's punctuation, and the symbols of the same blocks, as far as people write them next to emphasis.
constexpr Range kPunctuation[] = {
    {0xA1, 0xA1},     {0xA7, 0xA7},     {0xAB, 0xAB},     {0xB6, 0xB7},     {0xBB, 0xBB},     {0xBF, 0xBF},
    {0x2010, 0x2027}, {0x2030, 0x205E}, {0x2308, 0x230B}, {0x2329, 0x232A}, {0x2768, 0x2775}, {0x27E6, 0x27EF},
    {0x2983, 0x2998}, {0x2E00, 0x2E5D}, {0x3001, 0x3003}, {0x3008, 0x3011}, {0x3014, 0x301F}, {0x3030, 0x3030},
    {0x303D, 0x303D}, {0x30FB, 0x30FB}, {0xFE10, 0xFE19}, {0xFE30, 0xFE52}, {0xFE54, 0xFE63}, {0xFF01, 0xFF0F},
    {0xFF1A, 0xFF20}, {0xFF3B, 0xFF3D}, {0xFF3F, 0xFF3F}, {0xFF5B, 0xFF5D}, {0xFF5F, 0xFF65},
};

}  // namespace

bool IsSpace(char32_t c) {
  return c == 0 || IsBlankOrLineEnd(c) || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool IsPunctuation(char32_t c) {
  if (c < 0x80) return c > ' ' && c < 0x7F && !IsAsciiLetterOrDigit(c);
  const auto* range = std::lower_bound(std::begin(kPunctuation), std::end(kPunctuation), c,
                                       [](Range r, char32_t x) { return r.last < x; });
  return range != std::end(kPunctuation) && range->first <= c;
}

char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsWithIgnoringCase(std::string_view text, std::string_view lower_case_start) {
  if (text.size() < lower_case_start.size()) return false;
  return std::equal(lower_case_start.begin(), lower_case_start.end(), text.begin(),
                    [](char want, char got) { return want == ToLower(got); });
}

char32_t CharacterAt(std::string_view text, size_t at) {
  return at < text.size() ? base::DecodeUtf8(text, at).value : 0;
}

char32_t CharacterBefore(std::string_view text, size_t end) {
  if (end == 0) return 0;
  size_t start = end - 1;
  while (start > 0 && end - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return base::DecodeUtf8(text, start).value;
}

}  // namespace yingda::text
