// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "text/prepare.h"

// Inside the module: CommonMark as a sequence of events. The only place that knows the library underneath.
namespace yingda::text {

enum class BlockKind : uint8_t {
  kQuote,
  kBulletList,
  kOrderedList,
  kItem,
  kRule,
  kHeading,
  kCode,
  kParagraph,
  kTable,
  kTableHead,
  kTableBody,
  kRow,
  kHeadCell,
  kCell,
};

enum class Alignment : uint8_t { kNone, kLeft, kCenter, kRight };

struct Block {
  BlockKind kind = BlockKind::kParagraph;
  unsigned number = 0;  // a heading's level, an ordered list's first number, a table's columns
  char task = 0;        // of an item: ' ' or 'x' if it is a task
  bool is_fenced = false;
  Alignment alignment = Alignment::kNone;
};

enum class SpanKind : uint8_t { kEmphasis, kStrong, kStrike, kCode, kLink, kPicture };

struct Span {
  SpanKind kind = SpanKind::kEmphasis;
  std::string_view address;  // of a link or picture, entities and escapes resolved, otherwise as it was written
};

enum class TextKind : uint8_t { kText, kCode, kFormula, kSoftBreak, kHardBreak };

struct Text {
  static constexpr size_t kNowhere = static_cast<size_t>(-1);
  TextKind kind = TextKind::kText;
  std::string_view text;     // entities, escapes and marks resolved; a formula without its delimiters
  size_t offset = kNowhere;  // in the prepared text
  bool is_literal = false;   // its characters could not have been markup: escaped, or from an entity or a mark
};

class MarkdownVisitor {
 public:
  virtual ~MarkdownVisitor() = default;
  virtual void Enter(const Block& block) = 0;
  virtual void Leave(const Block& block) = 0;
  virtual void Enter(const Span& span) = 0;
  virtual void Leave(const Span& span) = 0;
  virtual void Visit(const Text& text) = 0;
  /// Asked after each of the above: has it got more than it takes? Then the parsing ends.
  virtual bool IsFull() const { return false; }
};

/// Raw HTML comes as text. Texts that md4c takes apart come apart; offsets never go back. Blocks
/// are well nested; spans are but for a bug of md4c 0.4.8, so a visitor may be told to leave one that it did not enter.
/// Limits: false, with the visitor somewhere in the middle, if the document makes so many events that only an attacker
/// can have written it, or more than the visitor takes, and for a document above kMaxMarkdownBytes.
bool ParseMarkdown(const PreparedMarkdown& markdown, MarkdownVisitor& visitor);

}  // namespace yingda::text
