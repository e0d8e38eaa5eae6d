// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

// Inside the module: what a text must not be cut inside of.
namespace yingda::text {

/// A longer link is cut like any text.
inline constexpr size_t kMaxLinkBytes = 4096;

enum class SegmentKind {
  kLineEnd,    // \n, or \r\n
  kBlank,      // one space or tab
  kWord,       // Latin letters, digits, numbers as 3.14, 1,000 and 12:30, words as don't and a@b.example
  kUrl,        // http:// and the like, up to the first character a URL cannot have
  kLink,       // <a …>…</a>
  kOpenLink,   // <a without its </a>, to the end of the text
  kCharacter,  // one grapheme cluster
};

struct Segment {
  SegmentKind kind = SegmentKind::kCharacter;
  size_t end = 0;  // offset after it
  char32_t first = 0;
};

/// Where the first link that ends at or after `at` ends, npos if none does. To be asked for again only once passed: a
/// text full of link starts would otherwise be searched from each of them.
size_t NextLinkEnd(std::string_view text, size_t at);

/// The segment that begins at `text[at]`; `at` must be below text.size() and a segment's start, `next_link_end` what
/// NextLinkEnd gives for it.
Segment SegmentAt(std::string_view text, size_t at, size_t next_link_end);

/// Offset after the URL that begins at `at`: full stops, commas and brackets at its end belong to the sentence.
size_t UrlEnd(std::string_view text, size_t at);

/// Offset after the grapheme cluster that begins at `text[at]`: a character with its combining marks, variation
/// selectors, skin tones and everything joined to it by a zero-width joiner, or two regional indicators (a flag). A
/// practical subset of Unicode's UAX #29.
size_t ClusterEnd(std::string_view text, size_t at);

}  // namespace yingda::text
