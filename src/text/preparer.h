// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "text/prepare.h"

// Inside the module: how PreparedMarkdown is made.
namespace yingda::text {

/// How many quotes and items may begin on one line: md4c takes quadratic time for them.
inline constexpr size_t kMaxMarkersOnLine = 64;

/// The block quote marks, bullets, item numbers and blanks that a line begins with.
struct LinePrefix {
  size_t end = 0;
  size_t quotes = 0;
  bool is_item = false;
  bool is_cut = false;  // more of them follow
};
LinePrefix PrefixOf(std::string_view line);

void AppendPieceMark(std::string& out, size_t number);

/// Goes through the cleaned text once, line by line, and copies it with marks put in. What it takes for code is copied
/// as it is; where it is wrong about that, the reader of the marks restores what was written.
class Preparer {
 public:
  explicit Preparer(PreparedMarkdown& out) : out_(out), clean_(out.clean_) {}
  void Run();

 private:
  // Searches from the left to the right, and never the same text twice.
  struct Search {
    std::string_view what;
    size_t found = 0;
    size_t From(std::string_view text, size_t at);
  };

  std::string_view LineAt(size_t start) const;
  void Line();
  bool Fence(std::string_view line, const LinePrefix& prefix);
  void StartOfLine(std::string_view content, const LinePrefix& prefix);
  bool MayGetDelimiterRow(size_t next_line) const;
  void DelimiterRow(std::string_view head);
  void Inline();

  void Backslash();
  void Ticks();
  void Asterisks();
  void Tildes();
  void Underscores();
  void Dollars();
  void AngleBracket();

  size_t RunEnd() const;
  void JoinCjkRun(size_t end, bool& is_open);
  bool MultiLineFormula(Search& closer, bool one_line);
  bool DollarFormula();
  void AddPiece(Piece::Kind kind, size_t end, std::string_view formula);
  void CopyUntil(size_t at);
  void Insert(Mark mark);
  void ReplaceRun(size_t end, Mark mark);
  void SkipTo(size_t at);

  PreparedMarkdown& out_;
  std::string_view clean_;
  size_t at_ = 0;
  size_t copied_ = 0;

  bool previous_is_blank_ = true;
  bool in_table_ = false;
  bool row_is_text_ = false;  // the line looks like a table's delimiter row and must not be one
  char fence_ = 0;
  size_t fence_length_ = 0;
  size_t fence_quotes_ = 0;

  // Of the line: emphasis of one, two, three asterisks that was opened, and of tildes.
  std::array<bool, 4> asterisks_open_{};
  bool tildes_open_ = false;
  uint64_t absent_ticks_ = 0;  // runs of that many backticks do not come any more

  Search parenthesis_{"\\)"};
  Search bracket_{"\\]"};
  Search dollars_{"$$"};
};

}  // namespace yingda::text
