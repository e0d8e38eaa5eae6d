// SPDX-License-Identifier: MIT
#include "text/pages.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"
#include "text/segments.h"

namespace yingda::text {
namespace {

// How good a place for a cut is; better ones are greater.
enum class Cut : uint8_t { kNone, kUgly, kCharacter, kSpace, kComma, kClause, kSentence, kLine, kBlankLine };

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

bool IsAsciiLetterOrDigit(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Walks over the segments of a text and rates the place after each of them.
class CutFinder {
 public:
  /// `unfinished`: the text goes on, so that a link without its end may still get one.
  CutFinder(std::string_view text, bool unfinished)
      : text_(text), unfinished_(unfinished), next_link_end_(NextLinkEnd(text, 0)) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  size_t at() const { return at_; }

  Cut Next() {
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

 private:
  Segment SegmentHere() {
    if (next_link_end_ <= at_) next_link_end_ = NextLinkEnd(text_, at_);
    Segment segment = SegmentAt(text_, at_, next_link_end_);
    if (segment.kind == SegmentKind::kOpenLink && !unfinished_) {
      segment = {SegmentKind::kCharacter, at_ + 1, segment.first};
    }
    return segment;
  }

  Cut EndLine() {
    const Cut cut = line_is_blank_ && seen_line_end_ ? Cut::kBlankLine : Cut::kLine;
    line_is_blank_ = true;
    seen_line_end_ = true;
    quote_is_open_ = false;
    earned_ = Cut::kNone;
    return cut;
  }

  // Not between an indent and its line, nor between an item's number and the item.
  Cut AfterBlank(char32_t next) {
    if (line_is_blank_ || after_item_number_ || after_item_dot_ || next == '\n' || next == '\r') return Cut::kUgly;
    return std::max(earned_, Cut::kSpace);
  }

  Cut AfterCharacter(char32_t c, char32_t next) {
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

  static bool IsNumber(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

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

// Inside something longer than a page: the last cluster that fits, else the last code point, else one code point.
size_t HardEnd(std::string_view text, size_t limit_bytes) {
  size_t end = 0;
  while (end < text.size()) {
    const size_t next = ClusterEnd(text, end);
    if (next > limit_bytes) break;
    end = next;
  }
  if (end > 0) return end;
  while (end < text.size()) {
    const size_t next = end + base::DecodeUtf8(text, end).length;
    if (next > limit_bytes) break;
    end = next;
  }
  return end > 0 || text.empty() ? end : base::DecodeUtf8(text, 0).length;
}

}  // namespace

size_t PageEnd(std::string_view text, size_t limit_bytes) {
  if (text.size() <= limit_bytes) return text.size();
  const size_t last_part = limit_bytes - limit_bytes / 5 * 2;
  size_t best_end = 0;
  Cut best = Cut::kNone;
  // Nothing beyond what a link may reach across the limit matters.
  for (CutFinder finder(text.substr(0, limit_bytes + kMaxLinkBytes), false); !finder.AtEnd();) {
    const Cut cut = finder.Next();
    if (finder.at() > limit_bytes) break;
    if (cut == Cut::kNone) continue;
    // Before the last part a later place is better, unless it is an ugly one; inside it the kind decides.
    if (cut >= best || (best_end < last_part && cut != Cut::kUgly)) {
      best = cut;
      best_end = finder.at();
    }
  }
  return best_end > 0 ? best_end : HardEnd(text, limit_bytes);
}

size_t WholeSentences(std::string_view text) {
  size_t end = 0;
  for (CutFinder finder(text, true); !finder.AtEnd();) {
    if (finder.Next() >= Cut::kSentence) end = finder.at();
  }
  return end;
}

}  // namespace yingda::text
