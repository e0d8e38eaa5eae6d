// SPDX-License-Identifier: MIT
#include "text/preparer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "text/characters.h"
#include "text/table_line.h"

namespace yingda::text {
namespace {

constexpr size_t kMaxFormulaBytes = 2000;
constexpr size_t kMaxPieces = 0x10000;
constexpr size_t kMaxIdentifierBytes = 64;

bool HasBlankLine(std::string_view text) {
  size_t line_end = text.find('\n');
  while (line_end != std::string_view::npos) {
    const size_t next = text.find_first_not_of(" \t>", line_end + 1);
    if (next == std::string_view::npos) return false;
    if (text[next] == '\n') return true;
    line_end = text.find('\n', next);
  }
  return false;
}

bool HasHan(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xE3; });
}

}  // namespace

size_t Preparer::Search::From(std::string_view text, size_t at) {
  if (found < at) found = text.find(what, at);
  return found;
}

std::string_view Preparer::LineAt(size_t start) const {
  if (start >= clean_.size()) return {};
  return clean_.substr(start, clean_.find('\n', start) - start);
}

void Preparer::Run() {
  out_.text_.reserve(clean_.size() + clean_.size() / 8);
  while (at_ < clean_.size()) Line();
  CopyUntil(clean_.size());
  out_.fence_is_open_ = fence_ != 0;
}

void Preparer::Line() {
  const std::string_view line = LineAt(at_);
  const LinePrefix prefix = PrefixOf(line);
  const std::string_view content = TrimmedRight(line.substr(prefix.end));
  const bool row_is_text = std::exchange(row_is_text_, false);
  if (prefix.is_cut) {
    CopyUntil(at_ + prefix.end);
    AppendMark(out_.text_, Mark::kJoin);
    out_.text_from_.emplace_back(out_.text_.size(), at_ + prefix.end);
  }
  if (Fence(line, prefix)) {
    in_table_ = false;
    previous_is_blank_ = false;
    at_ += line.size() + 1;
    return;
  }
  if (content.empty()) {
    // An item without text yet: below text, the parser takes its dash alone for an underline.
    if (!previous_is_blank_ && prefix.is_item && !prefix.is_cut && TrimmedRight(line).ends_with('-')) {
      CopyUntil(at_ + prefix.end);
      AppendMark(out_.text_, Mark::kJoin);
      out_.text_from_.emplace_back(out_.text_.size(), at_ + prefix.end);
    }
    in_table_ = false;
    previous_is_blank_ = !prefix.is_item;
    at_ += line.size() + 1;
    return;
  }
  const size_t content_start = at_ + prefix.end;
  const size_t next_line = at_ + line.size() + 1;
  bool is_head = false;
  if (!in_table_ && !prefix.is_cut && line.size() < clean_.size() - at_) {
    const std::string_view next = LineAt(next_line);
    if (IsDelimiterRow(TrimmedRight(next.substr(LineContent(next))))) {
      is_head = MayBeTableHead(line);
      row_is_text_ = !is_head;
    }
  }
  if (!in_table_ && MayGetDelimiterRow(next_line) && MayBeTableHead(line)) {
    out_.undecided_head_ = std::min(out_.undecided_head_, at_);
  }
  if (is_head && !previous_is_blank_ && !prefix.is_item) {
    CopyUntil(at_);
    out_.text_.push_back('\n');
    out_.text_from_.emplace_back(out_.text_.size(), at_);
  }
  if (row_is_text) {
    SkipTo(at_ + prefix.end);
    Insert(Mark::kJoin);
  } else if (!in_table_) {
    StartOfLine(content, prefix);
  }
  SkipTo(std::max(at_, content_start));
  Inline();
  previous_is_blank_ = false;
  if (at_ < clean_.size()) ++at_;
  if (is_head && at_ == next_line) DelimiterRow(content);
}

// Whether the text ends before it is known if the next line is one.
bool Preparer::MayGetDelimiterRow(size_t next_line) const {
  return next_line + LineAt(next_line).size() >= clean_.size() &&
         LineAt(next_line).find_first_not_of("|:- \t>") == std::string_view::npos;
}

// Whether the line belongs to a code block, its fences included.
bool Preparer::Fence(std::string_view line, const LinePrefix& prefix) {
  if (fence_ != 0) {
    const size_t start = std::min(line.find_first_not_of(" \t>"), line.size());
    const std::string_view content = TrimmedRight(line.substr(start));
    if (fence_quotes_ > 0 && prefix.quotes < fence_quotes_) {
      fence_ = 0;  // the quote that it stood in is over
    } else {
      if (content.size() >= fence_length_ && ConsistsOf(content, fence_)) fence_ = 0;
      return true;
    }
  }
  const std::string_view content = line.substr(prefix.end);
  if (content.empty() || (content[0] != '`' && content[0] != '~')) return false;
  const size_t length = std::min(content.find_first_not_of(content[0]), content.size());
  if (length < 3) return false;
  if (content[0] == '`' && content.find('`', length) != std::string_view::npos) return false;
  fence_ = content[0];
  fence_length_ = length;
  fence_quotes_ = prefix.quotes;
  return true;
}

// What the parser would take for a heading's underline or a link reference definition.
void Preparer::StartOfLine(std::string_view content, const LinePrefix& prefix) {
  const size_t start = at_ + prefix.end;
  if (content[0] == '[') {
    const bool is_task = prefix.is_item && content.size() >= 3 && content[2] == ']' &&
                         (content.size() == 3 || IsBlank(static_cast<unsigned char>(content[3]))) &&
                         (content[1] == ' ' || content[1] == 'x' || content[1] == 'X');
    SkipTo(is_task ? start + 3 : start);
    if (is_task) return;
    Insert(Mark::kJoin);
  } else if (!previous_is_blank_ && !prefix.is_item && ConsistsOf(content, '-') && content.size() >= 3) {
    CopyUntil(start);
    out_.rewritten_rules_.push_back(out_.text_.size());
    out_.text_.append(content.size(), '*');
    copied_ = at_ = start + content.size();
  } else if (!previous_is_blank_ && !prefix.is_item && (ConsistsOf(content, '=') || ConsistsOf(content, '-'))) {
    SkipTo(start);
    Insert(Mark::kJoin);
  }
}

// As many columns as the head has, and dashes enough for the parser.
void Preparer::DelimiterRow(std::string_view head) {
  const std::string_view line = LineAt(at_);
  const size_t content = LineContent(line);
  CopyUntil(at_ + content);
  const std::vector<std::string_view> delimiters = Cells(line.substr(content));
  const size_t columns = std::min(std::max(Cells(head).size(), delimiters.size()), kMaxColumns);
  for (size_t i = 0; i < columns; ++i) {
    const std::string_view cell = i < delimiters.size() ? Trimmed(delimiters[i]) : std::string_view();
    out_.text_.append("|").append(cell.starts_with(':') ? ":" : "").append("---");
    out_.text_.append(cell.ends_with(':') ? ":" : "");
  }
  out_.text_.push_back('|');
  copied_ = at_ + line.size();
  out_.text_from_.emplace_back(out_.text_.size(), copied_);
  at_ = std::min(copied_ + 1, clean_.size());
  in_table_ = true;
}

void Preparer::Inline() {
  asterisks_open_ = {};
  tildes_open_ = false;
  absent_ticks_ = 0;
  while (at_ < clean_.size()) {
    at_ = std::min(clean_.find_first_of("\n\\`*~_$<", at_), clean_.size());
    if (at_ == clean_.size()) return;
    switch (clean_[at_]) {
      case '\n':
        return;
      case '\\':
        Backslash();
        break;
      case '`':
        Ticks();
        break;
      case '*':
        Asterisks();
        break;
      case '~':
        Tildes();
        break;
      case '_':
        Underscores();
        break;
      case '$':
        Dollars();
        break;
      default:
        AngleBracket();
        break;
    }
  }
}

size_t Preparer::RunEnd() const { return std::min(clean_.find_first_not_of(clean_[at_], at_), clean_.size()); }

void Preparer::Backslash() {
  const char32_t next = at_ + 1 < clean_.size() ? static_cast<unsigned char>(clean_[at_ + 1]) : 0;
  if (next == '(' && MultiLineFormula(parenthesis_, true)) return;
  if (next == '[' && MultiLineFormula(bracket_, false)) return;
  at_ += next < 0x80 && IsPunctuation(next) ? 2 : 1;
}

// Code on one line is skipped, so that nothing in it is taken for anything else.
void Preparer::Ticks() {
  const size_t length = RunEnd() - at_;
  size_t from = RunEnd();
  at_ = from;
  if (length >= 64 || (absent_ticks_ >> length & 1) != 0) return;
  while ((from = clean_.find_first_of("`\n", from)) != std::string_view::npos && clean_[from] == '`') {
    const size_t end = std::min(clean_.find_first_not_of('`', from), clean_.size());
    if (end - from == length) {
      at_ = end;
      return;
    }
    from = end;
  }
  absent_ticks_ |= uint64_t{1} << length;
}

void Preparer::Asterisks() {
  const size_t end = RunEnd();
  const size_t length = end - at_;
  if (length > 3) {
    at_ = end;
    return;
  }
  bool& is_open = asterisks_open_[length];
  // 2*3*4 and x**2
  if (length < 3 && !is_open && IsAsciiLetterOrDigit(CharacterBefore(clean_, at_)) &&
      IsAsciiLetterOrDigit(CharacterAt(clean_, end))) {
    ReplaceRun(end, Mark::kAsterisk);
    return;
  }
  JoinCjkRun(end, is_open);
}

void Preparer::Tildes() {
  const size_t end = RunEnd();
  if (end - at_ == 2) {
    JoinCjkRun(end, tildes_open_);
  } else {
    ReplaceRun(end, Mark::kTilde);
  }
}

// CommonMark looks for spaces around emphasis, which Chinese does not have: in 请**“注意”**这 neither run would count.
void Preparer::JoinCjkRun(size_t end, bool& is_open) {
  const char32_t before = CharacterBefore(clean_, at_);
  const char32_t after = CharacterAt(clean_, end);
  const bool is_cjk = before >= 0x80 || after >= 0x80;
  const auto is_letter = [](char32_t c) { return !IsSpace(c) && !IsPunctuation(c); };
  if (is_open && !IsSpace(before)) {
    is_open = false;
    if (is_cjk && IsPunctuation(before) && is_letter(after)) Insert(Mark::kJoin);
    at_ = end;
  } else {
    at_ = end;
    if (IsSpace(after)) return;
    is_open = true;
    if (is_cjk && IsPunctuation(after) && is_letter(before)) Insert(Mark::kJoin);
  }
}

// __init__ is a name.
void Preparer::Underscores() {
  const size_t run_end = RunEnd();
  if (run_end - at_ != 2 || IsAsciiLetterOrDigit(CharacterBefore(clean_, at_))) {
    at_ = run_end;
    return;
  }
  size_t end = run_end;
  while (end < clean_.size() && end < run_end + kMaxIdentifierBytes &&
         ((clean_[end] >= 'a' && clean_[end] <= 'z') || clean_[end] == '_' ||
          IsDigit(static_cast<unsigned char>(clean_[end])))) {
    ++end;
  }
  const std::string_view word = clean_.substr(run_end, end - run_end);
  if (word.size() < 3 || !word.ends_with("__") || word[word.size() - 3] == '_' ||
      IsAsciiLetterOrDigit(CharacterAt(clean_, end))) {
    at_ = run_end;
    return;
  }
  ReplaceRun(run_end, Mark::kUnderscore);
  SkipTo(end - 2);
  ReplaceRun(end, Mark::kUnderscore);
}

void Preparer::Dollars() {
  const size_t end = RunEnd();
  if (end - at_ == 2 && MultiLineFormula(dollars_, false)) return;
  if (end - at_ == 1 && DollarFormula()) return;
  at_ = end;
}

bool Preparer::MultiLineFormula(Search& closer, bool one_line) {
  const size_t start = at_ + 2;
  const size_t end = closer.From(clean_, start);
  if (end == std::string_view::npos || end - start > kMaxFormulaBytes) return false;
  const std::string_view formula = Trimmed(clean_.substr(start, end - start));
  if (formula.empty() || formula.find('`') != std::string_view::npos) return false;
  const std::string_view inside = clean_.substr(start, end - start);
  if (one_line ? inside.find('\n') != std::string_view::npos : HasBlankLine(inside)) return false;
  AddPiece(Piece::Kind::kFormula, end + 2, formula);
  return true;
}

// Stricter than the others, for $ is a currency more often than not.
bool Preparer::DollarFormula() {
  const size_t start = at_ + 1;
  const size_t end = clean_.find_first_of("$\n`", start);
  if (end == std::string_view::npos || clean_[end] != '$' || end == start || end - start > kMaxFormulaBytes) {
    return false;
  }
  if (IsSpace(CharacterAt(clean_, start)) || IsSpace(CharacterBefore(clean_, end))) return false;
  if (IsAsciiLetterOrDigit(CharacterBefore(clean_, at_)) || IsAsciiLetterOrDigit(CharacterAt(clean_, end + 1))) {
    return false;
  }
  const std::string_view formula = clean_.substr(start, end - start);
  if (HasHan(formula) && formula.find_first_of("\\^_={}") == std::string_view::npos) return false;
  AddPiece(Piece::Kind::kFormula, end + 1, formula);
  return true;
}

void Preparer::AngleBracket() {
  const std::string_view rest = clean_.substr(at_, 16);
  size_t end = 3;
  if (StartsWithIgnoringCase(rest, "<br")) {
    while (end < rest.size() && rest[end] == ' ') ++end;
    if (end < rest.size() && rest[end] == '/') ++end;
    if (end < rest.size() && rest[end] == '>') {
      AddPiece(Piece::Kind::kLineBreak, at_ + end + 1, {});
      return;
    }
  }
  ++at_;
}

void Preparer::AddPiece(Piece::Kind kind, size_t end, std::string_view formula) {
  if (out_.pieces_.size() >= kMaxPieces) {
    at_ = end;
    return;
  }
  CopyUntil(at_);
  AppendPieceMark(out_.text_, out_.pieces_.size());
  out_.pieces_.push_back({kind, clean_.substr(at_, end - at_), formula});
  copied_ = at_ = end;
  out_.text_from_.emplace_back(out_.text_.size(), at_);
}

void Preparer::CopyUntil(size_t at) {
  out_.text_.append(clean_.substr(copied_, at - copied_));
  copied_ = at;
}

void Preparer::SkipTo(size_t at) { at_ = at; }

void Preparer::Insert(Mark mark) {
  CopyUntil(at_);
  AppendMark(out_.text_, mark);
  out_.text_from_.emplace_back(out_.text_.size(), at_);
}

void Preparer::ReplaceRun(size_t end, Mark mark) {
  CopyUntil(at_);
  for (; at_ < end; ++at_) AppendMark(out_.text_, mark);
  copied_ = end;
  out_.text_from_.emplace_back(out_.text_.size(), at_);
}

}  // namespace yingda::text
