// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Inside the module: what is done to Markdown before the CommonMark parser sees it.
namespace yingda::text {

/// Beyond it a text is taken as plain.
inline constexpr size_t kMaxMarkdownBytes = size_t{1} << 20;

/// A part of the source that stands in the prepared text as a mark, because the parser would take its characters for
/// markup.
struct Piece {
  enum class Kind : uint8_t { kLineBreak, kFormula };
  Kind kind = Kind::kLineBreak;
  std::string_view source;   // as it was written, delimiters and all
  std::string_view formula;  // without its delimiters
};

/// Markdown as models write it, made into CommonMark that says the same. Where the two differ: `3~5` and `2*3*4` are
/// not markup, `**重点：**后` is bold, formulas ($…$, $$…$$, \(…\), \[…\]) and <br> are units, a table may follow a
/// line of text and have short dashes, a line of dashes is never a heading's underline, and a later line never changes
/// what `[1]` above meant (no link reference definitions). The last two let an answer be shown while it is written.
/// Also dropped: control characters, \r, invisible characters but the zero-width joiner. Invalid bytes become U+FFFD.
/// Marks are Unicode noncharacters, which the text itself cannot hold: they are dropped from it. Cost: linear.
/// Lifetime: refers to the text it was made from.
class PreparedMarkdown {
 public:
  explicit PreparedMarkdown(std::string_view markdown);
  PreparedMarkdown(const PreparedMarkdown&) = delete;  // holds views into itself
  PreparedMarkdown& operator=(const PreparedMarkdown&) = delete;

  std::string_view text() const { return text_; }
  /// The source without what is dropped from it: valid, and plain where nothing was.
  std::string_view clean() const { return clean_; }
  const std::vector<Piece>& pieces() const { return pieces_; }
  /// Where in the source a byte of text() came from.
  size_t SourceOffset(size_t offset) const;
  /// Is this the start of a line of dashes that was rewritten with asterisks?
  bool IsRewrittenRule(size_t offset) const;
  /// Where in the source the line begins that a next line may yet make a table's head; the source's size if there is
  /// none.
  size_t UndecidedHead() const;
  /// Is the last code fence still open?
  bool fence_is_open() const { return fence_is_open_; }

 private:
  friend class Preparer;
  using Offsets = std::vector<std::pair<size_t, size_t>>;  // from an offset of the result on: the offset it came from
  static size_t Translate(const Offsets& offsets, size_t offset);
  void Clean(std::string_view markdown);

  std::string cleaned_;
  std::string_view clean_;
  std::string text_;
  std::vector<Piece> pieces_;
  std::vector<size_t> rewritten_rules_;
  Offsets cleaned_from_;
  Offsets text_from_;
  bool fence_is_open_ = false;
  size_t undecided_head_ = static_cast<size_t>(-1);
  size_t source_size_ = 0;
};

/// The marks, and what they stand for outside of code; inside it is the same but for kPiece.
enum class Mark : uint8_t {
  kNone = 0,
  kPiece,       // four digit marks with the number of a Piece follow
  kJoin,        // nothing; the parser takes it for a letter
  kTilde,       // ~
  kAsterisk,    // *
  kUnderscore,  // _
  kOwnLink,     // the < of a link that we made
};
inline constexpr size_t kMarkBytes = 3;
inline constexpr size_t kPieceMarkBytes = 5 * kMarkBytes;

/// Where the next mark of `text` at or after `at` begins, npos if there is none.
size_t NextMark(std::string_view text, size_t at);
/// The mark that begins at `at`, which NextMark gave.
Mark MarkAt(std::string_view text, size_t at);
/// The number in the piece mark at `at`; npos if it is not whole.
size_t PieceNumberAt(std::string_view text, size_t at);
void AppendMark(std::string& out, Mark mark);

/// Characters that a reader cannot see and that are dropped: controls, zero-width and bidirectional ones,
/// noncharacters.
bool IsInvisible(char32_t c);

/// Offset in `line` after its block quote marks, bullets, item numbers and blanks.
size_t LineContent(std::string_view line);

}  // namespace yingda::text
