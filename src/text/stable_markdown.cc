// SPDX-License-Identifier: MIT
// A place is stable if nothing that may still come changes what stands before it. Blocks that are over are stable: what
// PreparedMarkdown does sees to that. So only the last block matters, and in it what is not decided yet: markup that
// was opened, and characters that a later one could make into markup.
#include <algorithm>
#include <utility>
#include <vector>

#include "text/characters.h"
#include "text/cuts.h"
#include "text/markdown.h"
#include "text/pages.h"
#include "text/parser.h"
#include "text/prepare.h"
#include "text/table_line.h"

namespace yingda::text {
namespace {

// What is known of the last block that a reader sees.
class LastBlock : public MarkdownVisitor {
 public:
  enum class Kind { kText, kHeading, kCode, kTable };

  explicit LastBlock(const PreparedMarkdown& prepared) : prepared_(prepared), text_(prepared.text()) {}

  Kind kind() const { return kind_; }
  bool is_fenced() const { return is_fenced_; }
  size_t first_text() const { return first_text_; }  // kNowhere: it has none yet
  size_t before() const { return before_; }          // where the text of the block before it ends
  size_t last_end() const { return last_end_; }      // where text ends, of any block; 0 if there is none
  /// Nothing behind it is stable: the first character that may still become markup.
  size_t undecided() const { return std::min(undecided_, std::min(bracket_, angle_)); }
  size_t dollar() const { return dollar_; }  // the same until its line ends
  /// Where emphasis, links, code or formulas are: from their first byte to where text goes on.
  const std::vector<std::pair<size_t, size_t>>& spans() const { return spans_; }

  void Enter(const Block& block) override {
    switch (block.kind) {
      case BlockKind::kHeading:
        Begin(Kind::kHeading);
        break;
      case BlockKind::kCode:
        Begin(Kind::kCode);
        is_fenced_ = block.is_fenced;
        break;
      case BlockKind::kTable:
        Begin(Kind::kTable);
        break;
      case BlockKind::kItem:
        // Without its text it may yet become anything.
        Begin(Kind::kText);
        begin_text_ = true;
        break;
      case BlockKind::kTableHead:
      case BlockKind::kTableBody:
      case BlockKind::kRow:
      case BlockKind::kHeadCell:
      case BlockKind::kCell:
        break;
      default:
        begin_text_ = true;
        break;
    }
  }

  void Leave(const Block& block) override {
    EndSpan(Text::kNowhere);
    if (block.kind < BlockKind::kTableHead) begin_text_ = true;
  }

  void Enter(const Span& /*span*/) override {
    if (begin_text_) Begin(Kind::kText);
    if (span_depth_++ == 0) {
      EndSpan(Text::kNowhere);
      const size_t start = first_text_ == Text::kNowhere ? 0 : text_.find_first_not_of(" \t\n>", last_end_);
      spans_.emplace_back(std::min(start, text_.size()), Text::kNowhere);
    }
  }

  void Leave(const Span& /*span*/) override {
    if (span_depth_ > 0 && --span_depth_ == 0) span_is_over_ = true;
  }

  void Visit(const Text& text) override {
    if (text.kind == TextKind::kHardBreak && begin_text_) Begin(Kind::kText);
    if (text.offset == Text::kNowhere || text.kind == TextKind::kHardBreak) return;
    if (begin_text_) Begin(Kind::kText);
    if (first_text_ == Text::kNowhere) first_text_ = text.offset;
    if (span_is_over_) EndSpan(text.offset);
    last_end_ = text.offset + (text.kind == TextKind::kFormula ? kPieceMarkBytes
                               : text.is_literal               ? 1
                                                               : text.text.size());
    if (text.kind == TextKind::kText) Scan(text);
    if (text.kind == TextKind::kFormula && span_depth_ == 0) {
      spans_.emplace_back(text.offset, text.offset + kPieceMarkBytes);
    }
  }

 private:
  void Begin(Kind kind) {
    begin_text_ = false;
    kind_ = kind;
    is_fenced_ = false;
    first_text_ = Text::kNowhere;
    undecided_ = bracket_ = angle_ = dollar_ = Text::kNowhere;
    brackets_ = 0;
    spans_.clear();
    span_depth_ = 0;
    span_is_over_ = false;
    before_ = last_end_;
  }

  void EndSpan(size_t offset) {
    if (span_is_over_ && !spans_.empty()) spans_.back().second = offset;
    span_is_over_ = false;
  }

  void Undecided(size_t offset) { undecided_ = std::min(undecided_, offset); }

  // Text that could have been markup, had it found its other half.
  void Scan(const Text& text) {
    for (size_t i = 0; i < text.text.size(); ++i) {
      const size_t offset = text.offset + i;
      const char c = text.text[i];
      const auto byte = static_cast<unsigned char>(c);
      if (text.is_literal) {
        if (c == '(' && IsEscaped(offset)) dollar_ = std::min(dollar_, offset - 1);
        if (c == '[' && IsEscaped(offset)) Undecided(offset - 1);
        continue;
      }
      const char32_t next = offset + 1 < text_.size() ? static_cast<unsigned char>(text_[offset + 1]) : 0;
      switch (c) {
        case '*':
        case '~':
          if (!IsSpace(next)) Undecided(offset);
          break;
        case '_':
          if (!IsSpace(next) && !IsAsciiLetterOrDigit(CharacterBefore(text_, offset))) Undecided(offset);
          break;
        case '`':
          Undecided(offset);
          break;
        case '$':
          if (next == '$' || (offset > 0 && text_[offset - 1] == '$')) Undecided(offset);
          if (!IsSpace(next)) dollar_ = std::min(dollar_, offset);
          break;
        case '[':
          if (brackets_++ == 0) bracket_ = offset;
          break;
        case ']':
          if (brackets_ == 0 || --brackets_ > 0) break;
          if (next == '(') Undecided(bracket_);
          bracket_ = Text::kNowhere;
          break;
        case '<':
          angle_ = IsAsciiLetter(next) || next == '/' ? offset : Text::kNowhere;
          break;
        default:
          if (c == '>' || IsBlankOrLineEnd(byte)) angle_ = Text::kNowhere;
          break;
      }
    }
  }

  bool IsEscaped(size_t offset) const { return offset > 0 && text_[offset - 1] == '\\'; }

  const PreparedMarkdown& prepared_;
  std::string_view text_;
  Kind kind_ = Kind::kText;
  bool begin_text_ = true;
  bool is_fenced_ = false;
  size_t first_text_ = Text::kNowhere;
  size_t last_end_ = 0;
  size_t undecided_ = Text::kNowhere;
  size_t bracket_ = Text::kNowhere;
  size_t angle_ = Text::kNowhere;
  size_t dollar_ = Text::kNowhere;
  size_t brackets_ = 0;
  std::vector<std::pair<size_t, size_t>> spans_;
  size_t span_depth_ = 0;
  bool span_is_over_ = false;
  size_t before_ = 0;
};

size_t LineStart(std::string_view text, size_t at) {
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

size_t AfterLine(std::string_view text, size_t at) {
  const size_t line_end = text.find('\n', at);
  return line_end == std::string_view::npos ? text.size() : line_end + 1;
}

// After the line of `at`, a table's delimiter row if it was the head, and the blank lines behind them.
size_t AfterBlankLines(std::string_view text, size_t at) {
  at = AfterLine(text, at);
  const size_t row_end = AfterLine(text, at);
  const std::string_view row = text.substr(at, row_end - at);
  if (IsDelimiterRow(TrimmedRight(Trimmed(row.substr(LineContent(row)))))) at = row_end;
  for (size_t next; (next = AfterLine(text, at)) > at && text[next - 1] == '\n'; at = next) {
    if (text.substr(at, next - at).find_first_not_of(" \t\r\n") != std::string_view::npos) break;
  }
  return at;
}

bool EndsWithBlankLine(std::string_view text, size_t from) {
  size_t line = AfterLine(text, from);
  while (line < text.size()) {
    const size_t next = AfterLine(text, line);
    if (text[next - 1] != '\n') return false;
    if (text.substr(line, next - line).find_first_not_of(" \t\r\n>") == std::string_view::npos) return true;
    line = next;
  }
  return false;
}

size_t StablePart(std::string_view text) {
  const PreparedMarkdown prepared(text);
  LastBlock last(prepared);
  if (!ParseMarkdown(prepared, last) || last.last_end() == 0) return 0;
  const auto source = [&](size_t offset) {
    return offset == Text::kNowhere ? text.size() : prepared.SourceOffset(offset);
  };
  const size_t whole_lines = LineStart(text, text.size());
  const size_t table_limit = prepared.UndecidedHead();
  const size_t last_end = source(last.last_end());
  if (last.first_text() == Text::kNowhere) return std::min(AfterBlankLines(text, last_end), table_limit);
  const size_t start = last.before() == 0 ? 0 : AfterBlankLines(text, source(last.before()));
  bool is_over = false;
  switch (last.kind()) {
    case LastBlock::Kind::kText:
    case LastBlock::Kind::kTable:
      is_over = EndsWithBlankLine(text, last_end);
      break;
    case LastBlock::Kind::kHeading:
      is_over = whole_lines > last_end;
      break;
    case LastBlock::Kind::kCode:
      is_over = last.is_fenced() && !prepared.fence_is_open() && whole_lines > AfterLine(text, last_end);
      break;
  }
  if (is_over) return std::min(whole_lines, table_limit);
  if (last.kind() != LastBlock::Kind::kText) return std::min(start, table_limit);
  size_t limit = std::min(table_limit, source(last.undecided()));
  if (source(last.dollar()) >= whole_lines) limit = std::min(limit, source(last.dollar()));
  size_t stable = std::min(start, table_limit);
  const size_t first_line = LineStart(text, source(last.first_text()));
  const auto span_end = [&](const std::pair<size_t, size_t>& span) {
    if (span.second != Text::kNowhere) return source(span.second);
    // No text after it: it ends on the line of its last text, or on some later one.
    const size_t line_end = AfterLine(text, last_end);
    const bool ends_here = !Trimmed(text.substr(last_end, line_end - last_end)).empty();
    return ends_here ? line_end : text.size() + 1;
  };
  auto span = last.spans().begin();
  for (CutFinder finder(text.substr(start), true); !finder.AtEnd();) {
    const Cut cut = finder.Next();
    const size_t at = start + finder.at();
    if (at > limit) break;
    // What is above the line of its first text, an item without text for one, shows when that comes.
    if (cut < Cut::kSentence || at <= first_line) continue;
    while (span != last.spans().end() && span_end(*span) <= at) ++span;
    if (span != last.spans().end() && source(span->first) < at) continue;
    // A hard line break, and the start of a picture.
    if (cut >= Cut::kLine && text.substr(0, text.find_last_not_of("\r\n", at - 1) + 1).ends_with('\\')) continue;
    if (text[at - 1] == '!' && (at == text.size() || text[at] == '[')) continue;
    stable = at;
  }
  return stable;
}

}  // namespace

size_t StableMarkdown(std::string_view text) {
  // The start of a line may mean anything, * an item, or emphasis in the paragraph above; so the lines before it stand
  // for themselves.
  const size_t line = LineStart(text, text.size());
  const size_t of_lines = StablePart(text.substr(0, line));
  return WholeSentences(text.substr(line)) == 0 ? of_lines : std::max(of_lines, StablePart(text));
}

}  // namespace yingda::text
