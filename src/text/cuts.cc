// SPDX-License-Identifier: MIT
#include "text/cuts.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/characters.h"

namespace yingda::text {
namespace {

bool IsOneOf(char32_t c, std::u32string_view set) { return c != 0 && set.find(c) != std::u32string_view::npos; }

constexpr std::u32string_view kSentenceEnds = U"。！？…!?｡";
constexpr std::u32string_view kClauseEnds = U"；;：:";
constexpr std::u32string_view kCommas = U"，、,";
constexpr std::u32string_view kClosers = U"”』」）》)】〉’'］]}｝";
constexpr std::u32string_view kOpeners = U"“『「（《(【〈‘［[{｛";

bool MayNotStartPage(char32_t c) {
  return IsOneOf(c, kSentenceEnds) || IsOneOf(c, kClauseEnds) || IsOneOf(c, kCommas) || c == '.' || c == U'—' ||
         c == U'·' || c == '%' || (IsOneOf(c, kClosers) && c != '\'');
}

bool IsNumber(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Cut CutFinder::Next() {
  const Segment segment = SegmentHere();
  const std::string_view passed = text_.substr(at_, segment.end - at_);
  at_ = segment.end;
  const char32_t next = at_ < text_.size() ? base::DecodeUtf8(text_, at_).value : 0;
  if (segment.kind == SegmentKind::kLineEnd) return EndLine();
  if (segment.kind == SegmentKind::kBlank) return AfterBlank(next);
  const bool follows_item_number = after_item_number_;
  after_item_number_ = segment.kind == SegmentKind::kWord && line_is_blank_ && IsNumber(passed);
  after_item_dot_ = segment.first == '.' && follows_item_number;
  line_is_blank_ = false;
  earned_ = segment.kind == SegmentKind::kCharacter ? AfterCharacter(segment.first, next) : Cut::kNone;
  if (segment.kind == SegmentKind::kOpenLink) return Cut::kNone;
  if (next == ' ' || next == '\t') return std::max(earned_, Cut::kUgly);
  const bool ugly = MayNotStartPage(next) || (next == '"' && quote_is_open_) || IsOneOf(segment.first, kOpeners) ||
                    (segment.first == '"' && quote_is_open_);
  return ugly ? Cut::kUgly : std::max(earned_, Cut::kCharacter);
}

Segment CutFinder::SegmentHere() {
  if (next_link_end_ <= at_) next_link_end_ = NextLinkEnd(text_, at_);
  Segment segment = SegmentAt(text_, at_, next_link_end_);
  if (segment.kind == SegmentKind::kOpenLink && !unfinished_) {
    segment = {SegmentKind::kCharacter, at_ + 1, segment.first};
  }
  return segment;
}

Cut CutFinder::EndLine() {
  const Cut cut = line_is_blank_ && seen_line_end_ ? Cut::kBlankLine : Cut::kLine;
  line_is_blank_ = true;
  seen_line_end_ = true;
  quote_is_open_ = false;
  earned_ = Cut::kNone;
  return cut;
}

// Not between an indent and its line, nor between an item's number and the item.
Cut CutFinder::AfterBlank(char32_t next) const {
  if (line_is_blank_ || after_item_number_ || after_item_dot_ || next == '\n' || next == '\r') return Cut::kUgly;
  return std::max(earned_, Cut::kSpace);
}

Cut CutFinder::AfterCharacter(char32_t c, char32_t next) {
  const bool before_blank = next == ' ' || next == '\t' || next == '\n' || next == '\r';
  if (c == '.') return before_blank && !after_item_dot_ ? Cut::kSentence : Cut::kNone;
  if (c == '!' || c == '?') return IsAsciiLetterOrDigit(next) || next == '=' ? Cut::kNone : Cut::kSentence;
  if (IsOneOf(c, kSentenceEnds)) return Cut::kSentence;
  if (c == ':' || c == ';') return before_blank ? Cut::kClause : Cut::kNone;
  if (IsOneOf(c, kClauseEnds)) return Cut::kClause;
  if (IsOneOf(c, kCommas)) return Cut::kComma;
  // A closing quote or bracket keeps what was earned before it. The straight quote closes every second time.
  if (c == '"') quote_is_open_ = !quote_is_open_;
  const bool closes = c == '"' ? !quote_is_open_ : IsOneOf(c, kClosers);
  return closes ? earned_ : Cut::kNone;
}

}  // namespace yingda::text
