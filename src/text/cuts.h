// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "text/segments.h"

// Inside the module: where a text may be cut.
namespace yingda::text {

/// How good a place for a cut is; better ones are greater.
enum class Cut : uint8_t { kNone, kUgly, kCharacter, kSpace, kComma, kClause, kSentence, kLine, kBlankLine };

/// Walks over the segments of a text and rates the place after each of them. Lifetime: refers to the text.
class CutFinder {
 public:
  /// `unfinished`: the text goes on, so that a link without its end may still get one.
  CutFinder(std::string_view text, bool unfinished)
      : text_(text), unfinished_(unfinished), next_link_end_(NextLinkEnd(text, 0)) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  size_t at() const { return at_; }

  /// Goes over the next segment and rates the place behind it. Not AtEnd().
  Cut Next();

 private:
  Segment SegmentHere();
  Cut EndLine();
  Cut AfterBlank(char32_t next) const;
  Cut AfterCharacter(char32_t c, char32_t next);

  std::string_view text_;
  bool unfinished_;
  size_t next_link_end_;
  size_t at_ = 0;
  Cut earned_ = Cut::kNone;  // by the punctuation just passed
  bool line_is_blank_ = true;
  bool seen_line_end_ = false;
  bool quote_is_open_ = false;
  bool after_item_number_ = false;  // "1" of "1. item": its full stop ends no sentence
  bool after_item_dot_ = false;
};

}  // namespace yingda::text
