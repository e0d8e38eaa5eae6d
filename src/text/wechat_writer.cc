// SPDX-License-Identifier: MIT
#include "text/wechat_writer.h"

#include <algorithm>
#include <charconv>

#include "text/addresses.h"
#include "text/characters.h"
#include "text/formula.h"
#include "text/prepare.h"

namespace yingda::text {
namespace {

constexpr size_t kMaxDepth = 6;  // of what is indented
constexpr size_t kUnset = static_cast<size_t>(-1);
constexpr size_t kMaxOwnLinkBytes = 1500;  // a longer one would not fit a page together with anything else
constexpr size_t kMaxShownAddressBytes = 300;
constexpr size_t kMaxNameBytes = 60;  // of a column, in every row
constexpr size_t kNameBytesPerByte = 4;
constexpr size_t kNameAllowance = 2048;

constexpr std::string_view kIndent = "　　";
constexpr std::string_view kQuoteBar = "｜";

// Nothing of the kind is shown to a follower, not even as text: clients may make links of it.
bool IsHarmfulScheme(std::string_view scheme) {
  return scheme == "javascript" || scheme == "vbscript" || scheme == "data" || scheme == "weixin" || scheme == "file" ||
         scheme == "blob";
}

std::string_view Trimmed(std::string_view cell) {
  while (!cell.empty() && cell.front() == ' ') cell.remove_prefix(1);
  while (!cell.empty() && cell.back() == ' ') cell.remove_suffix(1);
  return cell;
}

// Of a link only its text is left: half a link would take what follows into it.
std::string WithoutOwnLinks(std::string_view cell) {
  std::string text;
  size_t at = 0;
  for (size_t mark; (mark = NextMark(cell, at)) != std::string_view::npos;) {
    text.append(cell.substr(at, mark - at));
    at = std::min(cell.find('>', mark), cell.size() - 1) + 1;
  }
  return text.append(cell.substr(at));
}

std::string ShortName(std::string_view cell) {
  std::string name(Trimmed(cell));
  if (name.size() <= kMaxNameBytes) return name;
  name = std::string(Trimmed(WithoutOwnLinks(name)));
  if (name.size() <= kMaxNameBytes) return name;
  constexpr std::string_view kEllipsis = "…";
  size_t end = kMaxNameBytes - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name.append(kEllipsis);
}

}  // namespace

void WeChatWriter::Enter(const Block& block) {
  block_is_open_ = false;
  switch (block.kind) {
    case BlockKind::kQuote:
      containers_.emplace_back();
      break;
    case BlockKind::kBulletList:
    case BlockKind::kOrderedList:
      containers_.push_back({true, block.kind == BlockKind::kOrderedList, block.number});
      break;
    case BlockKind::kItem:
      if (containers_.empty()) break;
      containers_.back().has_marker = true;
      containers_.back().task = block.task;
      ++markers_;
      break;
    case BlockKind::kRule:
      is_tight_ = true;
      OpenBlock(Text::kNowhere);
      out_.append("———");
      is_tight_ = true;
      break;
    case BlockKind::kHeading:
      in_heading_ = true;
      break;
    case BlockKind::kCode:
      in_code_block_ = true;
      code_lines_ = 0;
      break;
    case BlockKind::kTable:
      table_ = {};
      table_.is_open = true;
      table_.columns = block.number;
      break;
    case BlockKind::kRow:
      table_.row.clear();
      break;
    case BlockKind::kHeadCell:
    case BlockKind::kCell:
      cell_.clear();
      target_ = &cell_;
      break;
    default:
      break;
  }
}

void WeChatWriter::Leave(const Block& block) {
  // They end with their block even where md4c 0.4.8 forgets to say so.
  links_.clear();
  pictures_ = 0;
  switch (block.kind) {
    case BlockKind::kQuote:
    case BlockKind::kBulletList:
    case BlockKind::kOrderedList:
      if (!containers_.empty()) containers_.pop_back();
      break;
    case BlockKind::kItem:
      if (!containers_.empty() && containers_.back().has_marker) OpenBlock(Text::kNowhere);
      break;
    case BlockKind::kHeading:
      CloseHeading();
      break;
    case BlockKind::kCode:
      in_code_block_ = false;
      break;
    case BlockKind::kTable:
      CloseTable();
      break;
    case BlockKind::kRow:
      if (table_.names.empty()) {
        for (const std::string& cell : table_.row) table_.names.push_back(ShortName(cell));
        if (table_.columns <= 2) WriteRow(table_.row);
      } else {
        WriteRow(table_.row);
        table_.has_rows = true;
      }
      break;
    case BlockKind::kHeadCell:
    case BlockKind::kCell: {
      target_ = &out_;
      table_.row.push_back(cell_);
      break;
    }
    default:
      break;
  }
  block_is_open_ = false;
}

void WeChatWriter::Enter(const Span& span) {
  if (span.kind == SpanKind::kLink) links_.push_back({kUnset, std::string(span.address)});
  if (span.kind == SpanKind::kPicture) ++pictures_;
}

void WeChatWriter::Leave(const Span& span) {
  if (span.kind == SpanKind::kLink) CloseLink();
  if (span.kind == SpanKind::kPicture && pictures_ > 0) Prepare(Text::kNowhere);
}

void WeChatWriter::Visit(const Text& text) {
  switch (text.kind) {
    case TextKind::kSoftBreak:
    case TextKind::kHardBreak:
      Break();
      return;
    case TextKind::kCode:
      if (in_code_block_) {
        VisitCode(text);
        return;
      }
      break;
    default:
      break;
  }
  Prepare(text.offset);
  if (text.kind == TextKind::kFormula) {
    std::string formula = PlainFormula(text.text);
    if (in_heading_ || table_.is_open || !links_.empty()) std::replace(formula.begin(), formula.end(), '\n', ' ');
    target_->append(formula);
  } else {
    target_->append(text.text);
  }
}

// Before anything of a block, link or picture is written.
void WeChatWriter::Prepare(size_t offset) {
  if (target_ == &cell_) {
    if (table_.offset == Text::kNowhere) {
      table_.offset = offset;
      table_.is_apart = BlankLineBetween(last_offset_, offset);
    }
  } else if (!block_is_open_) {
    OpenBlock(offset);
  }
  if (offset != Text::kNowhere) last_offset_ = offset;
  for (auto link = links_.rbegin(); link != links_.rend() && link->start == kUnset; ++link) {
    link->start = target_->size();
  }
  for (; pictures_ > 0; --pictures_) target_->append("[图片] ");
}

void WeChatWriter::OpenBlock(size_t offset) {
  const bool is_apart = in_heading_ || (table_.is_open ? table_.is_apart : BlankLineBetween(last_offset_, offset));
  if (!out_.empty()) out_.append(is_apart && !is_tight_ ? "\n\n" : "\n");
  is_tight_ = false;
  block_is_open_ = true;
  if (markers_ > 0) NumberItems(offset);
  StartLine();
  if (in_heading_) {
    heading_start_ = out_.size();
    out_.append("【");
  }
}

// Quote bars, indents, and the markers of items that begin here.
void WeChatWriter::StartLine() {
  bool is_nested = false;
  for (size_t i = 0; i < std::min(containers_.size(), kMaxDepth); ++i) {
    Container& container = containers_[i];
    if (!container.is_list) {
      out_.append(kQuoteBar);
      is_nested = false;
      continue;
    }
    if (is_nested && (i == 0 || !containers_[i - 1].has_marker)) out_.append(kIndent);
    is_nested = true;
    if (container.has_marker) WriteMarker(container);
  }
  if (containers_.size() > kMaxDepth && containers_.back().has_marker) WriteMarker(containers_.back());
  for (auto container = containers_.rbegin(); markers_ > 0 && container != containers_.rend(); ++container) {
    if (container->has_marker) --markers_;
    container->has_marker = false;
  }
}

void WeChatWriter::WriteMarker(Container& list) {
  if (list.is_ordered) {
    out_.append(std::to_string(list.next_number++));
    out_.push_back(list.delimiter);
    out_.push_back(' ');
  } else if (list.task == 0) {
    out_.append("• ");
  }
  if (list.task != 0) out_.append(list.task == ' ' ? "☐ " : "☑ ");
}

// The numbers on the source's line, the last for the innermost item.
void WeChatWriter::NumberItems(size_t offset) {
  if (offset == Text::kNowhere || offset == 0) return;
  const size_t before = prepared_.rfind('\n', offset - 1);
  size_t at = before == std::string_view::npos ? 0 : before + 1;
  std::vector<std::pair<unsigned, char>> numbers;
  while (at < offset) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(prepared_.data() + at, prepared_.data() + offset, number);
    if (error == std::errc() && end != prepared_.data() + offset && (*end == '.' || *end == ')')) {
      numbers.emplace_back(number, *end);
      at = static_cast<size_t>(end - prepared_.data());
    }
    ++at;
  }
  for (auto list = containers_.rbegin(); list != containers_.rend() && !numbers.empty(); ++list) {
    if (!list->has_marker || !list->is_ordered) continue;
    list->next_number = numbers.back().first;
    list->delimiter = numbers.back().second;
    numbers.pop_back();
  }
}

bool WeChatWriter::BlankLineBetween(size_t from, size_t to) const {
  if (from == Text::kNowhere || to == Text::kNowhere) return false;
  for (size_t line_end = prepared_.find('\n', from); line_end < to; line_end = prepared_.find('\n', line_end + 1)) {
    const size_t next = prepared_.find_first_not_of(" \t>", line_end + 1);
    if (next == std::string_view::npos || next >= to) return false;
    if (prepared_[next] == '\n') return true;
  }
  return false;
}

void WeChatWriter::VisitCode(const Text& text) {
  if (text.text == "\n") {
    ++code_lines_;
    return;
  }
  if (block_is_open_) {
    for (; code_lines_ > 0; --code_lines_) {
      out_.push_back('\n');
      StartLine();
    }
  }
  code_lines_ = 0;
  Prepare(text.offset);
  out_.append(text.text);
}

void WeChatWriter::Break() {
  if (target_ == &cell_ || in_heading_ || (!links_.empty() && links_.back().start != kUnset)) {
    target_->push_back(' ');
  } else if (block_is_open_) {
    out_.push_back('\n');
    StartLine();
  }
}

void WeChatWriter::CloseHeading() {
  in_heading_ = false;
  if (!block_is_open_) return;
  is_tight_ = true;
  const std::string_view heading = std::string_view(out_).substr(heading_start_ + std::string_view("【").size());
  if (heading.starts_with("【") && heading.ends_with("】")) {
    out_.erase(heading_start_, std::string_view("【").size());
  } else {
    out_.append("】");
  }
}

void WeChatWriter::CloseLink() {
  if (links_.empty()) return;
  if (links_.back().start == kUnset) Prepare(Text::kNowhere);
  const Link link = std::move(links_.back());
  links_.pop_back();
  const std::string text = target_->substr(link.start);
  const bool is_blank = text.find_first_not_of(' ') == std::string::npos;
  if (IsWebAddress(link.address)) {
    const std::string address = SafeAddress(link.address);
    if (is_blank || IsSameAddress(text, link.address)) {
      target_->replace(link.start, text.size(), address);
    } else if (address.size() + text.size() > kMaxOwnLinkBytes || !links_.empty()) {
      target_->append(" (").append(address).append(")");
    } else {
      target_->resize(link.start);
      AppendMark(*target_, Mark::kOwnLink);
      target_->append("a href=\"").append(address).append("\">").append(text);
      AppendMark(*target_, Mark::kOwnLink);
      target_->append("/a>");
    }
    return;
  }
  const std::string scheme = SchemeOf(link.address);
  std::string_view shown = link.address;
  if (scheme == "mailto" || scheme == "tel") shown.remove_prefix(std::min(shown.find(':') + 1, shown.size()));
  if (shown.empty() || shown == text || shown.starts_with('#') || IsHarmfulScheme(scheme)) return;
  if (shown.size() > kMaxShownAddressBytes) return;
  target_->append(is_blank ? "" : " (").append(SafeAddress(shown)).append(is_blank ? "" : ")");
}

// Paid for by the source up to here, not by all of it: what is written must not depend on what is still to come.
std::string_view WeChatWriter::NameOf(size_t column) {
  if (column >= table_.names.size()) return {};
  const std::string_view name = table_.names[column];
  const size_t source_bytes = last_offset_ == Text::kNowhere ? 0 : last_offset_;
  if (name_bytes_ + name.size() > kNameBytesPerByte * source_bytes + kNameAllowance) return {};
  name_bytes_ += name.size();
  return name;
}

void WeChatWriter::WriteRow(const std::vector<std::string>& row) {
  bool is_first = true;
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string_view cell = Trimmed(row[i]);
    if (cell.empty()) continue;
    if (is_first || table_.columns > 2) {
      OpenBlock(table_.offset);
      table_.is_apart = false;
    }
    if (table_.columns <= 2) {
      out_.append(is_first ? "" : "：").append(cell);
    } else if (i == 0) {
      out_.append("【").append(cell).append("】");
    } else {
      const std::string_view name = NameOf(i);
      out_.append(name).append(name.empty() ? "" : "：").append(cell);
    }
    is_first = false;
  }
}

void WeChatWriter::CloseTable() {
  // A table of a head alone.
  if (!table_.has_rows && table_.columns > 2) {
    table_.names.clear();
    WriteRow(table_.row);
  }
  table_ = {};
}

}  // namespace yingda::text
