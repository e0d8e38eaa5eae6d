// SPDX-License-Identifier: MIT
#include "text/segments.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "base/utf8.h"

namespace yingda::text {
namespace {

constexpr std::string_view kLinkEnd = "</a>";
constexpr char32_t kZeroWidthJoiner = 0x200D;

struct Range {
  char32_t first, last;
};

// What attaches to the character before it: combining marks of the scripts a bot is likely to write, variation
// selectors, the keycap, skin tones and the letters of subdivision flags.
constexpr Range kExtending[] = {
    {0x0300, 0x036F},   {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},   {0x0900, 0x0903},
    {0x093A, 0x093C},   {0x093E, 0x094F}, {0x0981, 0x0983}, {0x09BC, 0x09CD}, {0x0B82, 0x0B82},   {0x0BBE, 0x0BCD},
    {0x0E31, 0x0E31},   {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x0EB1, 0x0EB1}, {0x0EB4, 0x0EBC},   {0x0F71, 0x0F84},
    {0x102B, 0x103E},   {0x1160, 0x11FF}, {0x17B6, 0x17D3}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},   {0x20D0, 0x20FF},
    {0x302A, 0x302F},   {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF}, {0xE0020, 0xE007F},
    {0xE0100, 0xE01EF},
};

bool Extends(char32_t c) {
  if (c < kExtending[0].first) return false;
  const auto* range =
      std::lower_bound(std::begin(kExtending), std::end(kExtending), c, [](Range r, char32_t x) { return r.last < x; });
  return range != std::end(kExtending) && range->first <= c;
}

bool IsFlagLetter(char32_t c) { return c >= 0x1F1E6 && c <= 0x1F1FF; }
bool IsDigit(char32_t c) { return c >= '0' && c <= '9'; }

// Letters of words that readers expect whole: Latin with its accents, Greek, Cyrillic.
bool IsWordLetter(char32_t c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c >= 0xC0 && c <= 0x52F && c != 0xD7 && c != 0xF7);
}

char32_t At(std::string_view text, size_t at) { return at < text.size() ? base::DecodeUtf8(text, at).value : 0; }

// Whether `c` between these two neighbours is part of the word.
bool Joins(char32_t before, char32_t c, char32_t after) {
  switch (c) {
    case '.':
    case '-':
    case '\'':
    case '@':
    case 0x2019:
      return IsWordLetter(before) && IsWordLetter(after);
    case ',':
    case ':':
    case '/':
      return IsDigit(before) && IsDigit(after);
    default:
      return false;
  }
}

size_t WordEnd(std::string_view text, size_t at) {
  char32_t before = 0;
  while (at < text.size()) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    const bool percent = c.value == '%' && IsDigit(before);
    if (!IsWordLetter(c.value) && !percent && !Joins(before, c.value, At(text, at + c.length))) break;
    before = c.value;
    at = ClusterEnd(text, at);
  }
  return at;
}

bool StartsUrl(std::string_view text) {
  for (const std::string_view start : {"http://", "https://", "weixin://", "www."}) {
    if (text.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

size_t ClusterEnd(std::string_view text, size_t at) {
  const base::CodePoint first = base::DecodeUtf8(text, at);
  at += first.length;
  if (first.value == '\r' && At(text, at) == '\n') return at + 1;
  if (first.value < ' ') return at;
  if (IsFlagLetter(first.value) && IsFlagLetter(At(text, at))) at += base::DecodeUtf8(text, at).length;
  while (at < text.size()) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    if (c.value == kZeroWidthJoiner) {
      at += c.length;
      // The joiner binds what follows it too, unless that is a line end or the end of the text.
      if (at < text.size() && At(text, at) > ' ') at += base::DecodeUtf8(text, at).length;
    } else if (Extends(c.value)) {
      at += c.length;
    } else {
      break;
    }
  }
  return at;
}

size_t UrlEnd(std::string_view text, size_t at) {
  const size_t start = at;
  while (at < text.size() && static_cast<unsigned char>(text[at]) > ' ' &&
         static_cast<unsigned char>(text[at]) < 0x7F &&
         std::string_view("<>\"").find(text[at]) == std::string_view::npos) {
    ++at;
  }
  while (at > start + 1 && std::string_view(".,;:!?)'*").find(text[at - 1]) != std::string_view::npos) --at;
  return at;
}

size_t NextLinkEnd(std::string_view text, size_t at) {
  const size_t found = text.find(kLinkEnd, at);
  return found == std::string_view::npos ? found : found + kLinkEnd.size();
}

Segment SegmentAt(std::string_view text, size_t at, size_t next_link_end) {
  const base::CodePoint c = base::DecodeUtf8(text, at);
  const size_t cluster_end = ClusterEnd(text, at);
  if (c.value == '\n' || (c.value == '\r' && cluster_end == at + 2))
    return {SegmentKind::kLineEnd, cluster_end, c.value};
  if ((c.value == ' ' || c.value == '\t') && cluster_end == at + 1) return {SegmentKind::kBlank, cluster_end, c.value};
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("<a ")) {
    if (next_link_end != std::string_view::npos && next_link_end - at <= kMaxLinkBytes) {
      return {SegmentKind::kLink, next_link_end, c.value};
    }
    if (rest.size() < kMaxLinkBytes) return {SegmentKind::kOpenLink, text.size(), c.value};
  }
  if ((c.value == 'h' || c.value == 'w') && StartsUrl(rest)) return {SegmentKind::kUrl, UrlEnd(text, at), c.value};
  if (IsWordLetter(c.value)) return {SegmentKind::kWord, WordEnd(text, at), c.value};
  return {SegmentKind::kCharacter, cluster_end, c.value};
}

}  // namespace yingda::text
