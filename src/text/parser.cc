// SPDX-License-Identifier: MIT
#include "text/parser.h"

#include <md4c.h>

#include <algorithm>
#include <functional>
#include <string>

#include "text/entities.h"

namespace yingda::text {
namespace {

constexpr unsigned kDialect = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML;

// What an honest document stays far below: events, and bytes of addresses (a reference repeats its address).
constexpr size_t kEventsPerByte = 3;
constexpr size_t kAddressBytesPerByte = 2;
constexpr size_t kAllowance = 4096;

// What a callback must give to end the parsing: md4c 0.4.8 forgets positive values on the way out.
constexpr int kStop = -1;

class Parser {
 public:
  Parser(const PreparedMarkdown& markdown, MarkdownVisitor& visitor)
      : markdown_(markdown),
        text_(markdown.text()),
        visitor_(visitor),
        events_left_(text_.size() * kEventsPerByte + kAllowance),
        address_bytes_left_(text_.size() * kAddressBytesPerByte + kAllowance) {}

  bool Run() {
    MD_PARSER callbacks{};
    callbacks.flags = kDialect;
    callbacks.enter_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
      return static_cast<Parser*>(self)->OnBlock(type, detail, true);
    };
    callbacks.leave_block = [](MD_BLOCKTYPE type, void* detail, void* self) {
      return static_cast<Parser*>(self)->OnBlock(type, detail, false);
    };
    callbacks.enter_span = [](MD_SPANTYPE type, void* detail, void* self) {
      return static_cast<Parser*>(self)->OnSpan(type, detail, true);
    };
    callbacks.leave_span = [](MD_SPANTYPE type, void* detail, void* self) {
      return static_cast<Parser*>(self)->OnSpan(type, detail, false);
    };
    callbacks.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* self) {
      return static_cast<Parser*>(self)->OnText(type, {text, size});
    };
    return md_parse(text_.data(), static_cast<MD_SIZE>(text_.size()), &callbacks, this) == 0;
  }

 private:
  int OnBlock(MD_BLOCKTYPE type, void* detail, bool enter) {
    Block block;
    switch (type) {
      case MD_BLOCK_DOC:
      case MD_BLOCK_HTML:
        return Spend();
      case MD_BLOCK_QUOTE:
        block.kind = BlockKind::kQuote;
        break;
      case MD_BLOCK_UL:
        block.kind = BlockKind::kBulletList;
        break;
      case MD_BLOCK_OL:
        block.kind = BlockKind::kOrderedList;
        block.number = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
        break;
      case MD_BLOCK_LI:
        block.kind = BlockKind::kItem;
        block.task = TaskOf(*static_cast<MD_BLOCK_LI_DETAIL*>(detail));
        break;
      case MD_BLOCK_HR:
        block.kind = BlockKind::kRule;
        break;
      case MD_BLOCK_H:
        block.kind = BlockKind::kHeading;
        block.number = static_cast<MD_BLOCK_H_DETAIL*>(detail)->level;
        break;
      case MD_BLOCK_CODE:
        block.kind = BlockKind::kCode;
        block.is_fenced = static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->fence_char != 0;
        break;
      case MD_BLOCK_P:
        break;
      case MD_BLOCK_TABLE:
        block.kind = BlockKind::kTable;
        block.number = static_cast<MD_BLOCK_TABLE_DETAIL*>(detail)->col_count;
        break;
      case MD_BLOCK_THEAD:
        block.kind = BlockKind::kTableHead;
        break;
      case MD_BLOCK_TBODY:
        block.kind = BlockKind::kTableBody;
        break;
      case MD_BLOCK_TR:
        block.kind = BlockKind::kRow;
        break;
      case MD_BLOCK_TH:
      case MD_BLOCK_TD:
        block.kind = type == MD_BLOCK_TH ? BlockKind::kHeadCell : BlockKind::kCell;
        block.alignment = AlignmentOf(static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align);
        in_cell_ = enter;
        break;
    }
    if (enter) {
      visitor_.Enter(block);
    } else {
      visitor_.Leave(block);
    }
    return Spend();
  }

  static char TaskOf(const MD_BLOCK_LI_DETAIL& item) {
    if (item.is_task == 0) return 0;
    return item.task_mark == ' ' ? ' ' : 'x';
  }

  static Alignment AlignmentOf(MD_ALIGN align) {
    switch (align) {
      case MD_ALIGN_LEFT:
        return Alignment::kLeft;
      case MD_ALIGN_CENTER:
        return Alignment::kCenter;
      case MD_ALIGN_RIGHT:
        return Alignment::kRight;
      default:
        return Alignment::kNone;
    }
  }

  int OnSpan(MD_SPANTYPE type, void* detail, bool enter) {
    Span span;
    switch (type) {
      case MD_SPAN_EM:
        break;
      case MD_SPAN_STRONG:
        span.kind = SpanKind::kStrong;
        break;
      case MD_SPAN_DEL:
        span.kind = SpanKind::kStrike;
        break;
      case MD_SPAN_CODE:
        span.kind = SpanKind::kCode;
        break;
      case MD_SPAN_A:
        span.kind = SpanKind::kLink;
        if (!ReadAddress(static_cast<MD_SPAN_A_DETAIL*>(detail)->href)) return kStop;
        break;
      case MD_SPAN_IMG:
        span.kind = SpanKind::kPicture;
        if (!ReadAddress(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src)) return kStop;
        break;
      default:
        return Spend();
    }
    if (span.kind == SpanKind::kLink || span.kind == SpanKind::kPicture) span.address = address_;
    if (enter) {
      visitor_.Enter(span);
    } else {
      visitor_.Leave(span);
    }
    return Spend();
  }

  bool ReadAddress(const MD_ATTRIBUTE& address) {
    address_.clear();
    if (address.size > address_bytes_left_) return false;
    address_bytes_left_ -= address.size;
    for (size_t i = 0; address.size > 0 && address.substr_offsets[i] < address.size; ++i) {
      const std::string_view part(address.text + address.substr_offsets[i],
                                  address.substr_offsets[i + 1] - address.substr_offsets[i]);
      if (address.substr_types[i] == MD_TEXT_ENTITY) {
        AppendEntity(address_, part);
      } else {
        AppendVerbatim(address_, part);
      }
    }
    return true;
  }

  // As it was written: in code and addresses the marks mean what they replaced.
  void AppendVerbatim(std::string& out, std::string_view text) const {
    size_t at = 0;
    for (size_t mark_at; (mark_at = NextMark(text, at)) != std::string_view::npos;) {
      out.append(text.substr(at, mark_at - at));
      const Mark mark = MarkAt(text, mark_at);
      at = mark_at + kMarkBytes;
      if (mark != Mark::kPiece) {
        out.append(MeaningOf(mark));
      } else if (const size_t number = PieceNumberAt(text, mark_at); number < markdown_.pieces().size()) {
        out.append(markdown_.pieces()[number].source);
        at = mark_at + kPieceMarkBytes;
      }
    }
    out.append(text.substr(at));
  }

  static std::string_view MeaningOf(Mark mark) {
    switch (mark) {
      case Mark::kTilde:
        return "~";
      case Mark::kAsterisk:
        return "*";
      case Mark::kUnderscore:
        return "_";
      default:
        return "";
    }
  }

  int OnText(MD_TEXTTYPE type, std::string_view text) {
    const size_t offset = OffsetOf(text.data());
    switch (type) {
      case MD_TEXT_BR:
        visitor_.Visit({TextKind::kHardBreak, "\n"});
        break;
      case MD_TEXT_SOFTBR:
        visitor_.Visit({TextKind::kSoftBreak, "\n"});
        break;
      case MD_TEXT_ENTITY:
        scratch_.clear();
        AppendEntity(scratch_, text);
        visitor_.Visit({TextKind::kText, scratch_, offset, true});
        break;
      case MD_TEXT_CODE:
        return OnCode(text, offset);
      default:
        return OnProse(text, offset);
    }
    return Spend();
  }

  int OnCode(std::string_view text, size_t offset) {
    scratch_.clear();
    if (offset != Text::kNowhere && markdown_.IsRewrittenRule(offset)) {
      const size_t length = std::min(text.find_first_not_of('*'), text.size());
      scratch_.append(length, '-');
      text.remove_prefix(length);
    }
    AppendVerbatim(scratch_, text);
    if (in_cell_) {
      // A bar in a cell's code had to be escaped.
      for (size_t at = 0; (at = scratch_.find("\\|", at)) != std::string::npos; ++at) scratch_.erase(at, 1);
    }
    visitor_.Visit({TextKind::kCode, scratch_, offset});
    return Spend();
  }

  int OnProse(std::string_view text, size_t offset) {
    const bool is_escaped = offset != Text::kNowhere && offset > 0 && text_[offset - 1] == '\\';
    size_t at = 0;
    const auto visit = [&](TextKind kind, std::string_view part, bool is_literal) {
      if (!part.empty()) visitor_.Visit({kind, part, offset == Text::kNowhere ? offset : offset + at, is_literal});
    };
    for (size_t mark_at; (mark_at = NextMark(text, at)) != std::string_view::npos;) {
      visit(TextKind::kText, text.substr(at, mark_at - at), is_escaped && at == 0);
      at = mark_at;
      const Mark mark = MarkAt(text, at);
      size_t length = kMarkBytes;
      if (mark != Mark::kPiece) {
        visit(TextKind::kText, MeaningOf(mark), true);
      } else if (const size_t number = PieceNumberAt(text, at); number < markdown_.pieces().size()) {
        const Piece& piece = markdown_.pieces()[number];
        if (piece.kind == Piece::Kind::kLineBreak) {
          visit(TextKind::kHardBreak, "\n", true);
        } else {
          visit(TextKind::kFormula, piece.formula, true);
        }
        length = kPieceMarkBytes;
      }
      at += length;
      if (Spend() != 0) return kStop;
    }
    visit(TextKind::kText, text.substr(at), is_escaped && at == 0);
    return Spend();
  }

  size_t OffsetOf(const char* at) const {
    const std::less<const char*> before;
    if (before(at, text_.data()) || !before(at, text_.data() + text_.size())) return Text::kNowhere;
    return static_cast<size_t>(at - text_.data());
  }

  int Spend() { return events_left_-- > 0 && !visitor_.IsFull() ? 0 : kStop; }

  const PreparedMarkdown& markdown_;
  std::string_view text_;
  MarkdownVisitor& visitor_;
  size_t events_left_;
  size_t address_bytes_left_;
  bool in_cell_ = false;
  std::string address_;
  std::string scratch_;
};

}  // namespace

bool ParseMarkdown(const PreparedMarkdown& markdown, MarkdownVisitor& visitor) {
  if (markdown.text().size() > kMaxMarkdownBytes) return false;
  return Parser(markdown, visitor).Run();
}

}  // namespace yingda::text
