// SPDX-License-Identifier: MIT
#include "text/html_writer.h"

#include <algorithm>

#include "text/addresses.h"
#include "text/characters.h"
#include "text/formula.h"
#include "text/segments.h"

namespace yingda::text {
namespace {

constexpr size_t kMaxBlockDepth = 24;
constexpr size_t kMaxSpanDepth = 8;
constexpr std::string_view kRel = "\" rel=\"noopener nofollow noreferrer\">";

// The page has a title of its own above.
std::string HeadingTag(unsigned level) { return "h" + std::to_string(std::min(level + 1, 6u)); }

std::string_view AlignmentClass(Alignment alignment) {
  switch (alignment) {
    case Alignment::kCenter:
      return " class=\"center\"";
    case Alignment::kRight:
      return " class=\"right\"";
    default:
      return "";
  }
}

std::string_view TagOf(SpanKind kind) {
  switch (kind) {
    case SpanKind::kEmphasis:
      return "em";
    case SpanKind::kStrong:
      return "strong";
    case SpanKind::kStrike:
      return "del";
    case SpanKind::kCode:
      return "code";
    default:
      return "a";
  }
}

void AppendLinkStart(std::string& out, std::string_view address) {
  out.append("<a href=\"");
  AppendEscaped(out, SafeAddress(address));
  out.append(kRel);
}

bool IsLinkable(std::string_view address) {
  return IsWebAddress(address) || (address.starts_with("mailto:") && address.size() > 7);
}

// Text with the web addresses in it as links.
void AppendLinked(std::string& out, std::string_view text) {
  size_t copied = 0;
  for (size_t at = 0; (at = text.find("http", at)) != std::string_view::npos;) {
    const std::string_view rest = text.substr(at);
    const bool starts = (rest.starts_with("http://") || rest.starts_with("https://")) &&
                        (at == 0 || !IsAsciiLetterOrDigit(static_cast<unsigned char>(text[at - 1])));
    // The host first: UrlEnd reads on to the next blank, and every address on the way would have it read that again.
    const size_t end = starts && IsWebAddress(rest) ? UrlEnd(text, at) : at;
    const std::string_view address = text.substr(at, end - at);
    if (!IsWebAddress(address)) {
      at += 4;
      continue;
    }
    AppendEscaped(out, text.substr(copied, at - copied));
    AppendLinkStart(out, address);
    AppendEscaped(out, address);
    out.append("</a>");
    copied = at = end;
  }
  AppendEscaped(out, text.substr(copied));
}

}  // namespace

void AppendEscaped(std::string& out, std::string_view text) {
  size_t copied = 0;
  for (size_t at = 0; (at = text.find_first_of("&<>\"", at)) != std::string_view::npos; copied = ++at) {
    out.append(text.substr(copied, at - copied));
    switch (text[at]) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      default:
        out.append("&quot;");
        break;
    }
  }
  out.append(text.substr(copied));
}

void HtmlWriter::Enter(const Block& block) {
  FlushText();
  if (++depth_ <= kMaxBlockDepth) Open(block);
}

void HtmlWriter::Leave(const Block& block) {
  FlushText();
  while (!spans_.empty()) CloseSpan();
  if (depth_ == 0) return;
  if (depth_ <= kMaxBlockDepth) {
    Close(block);
  } else if (block.kind == BlockKind::kParagraph || block.kind == BlockKind::kItem) {
    out_.append("<br>\n");
  }
  if (block.kind == BlockKind::kCode) in_code_block_ = false;
  if (--depth_ == 0) {
    finished_bytes_ += out_.size();
    blocks_.push_back(std::move(out_));
    out_.clear();
  }
}

void HtmlWriter::Open(const Block& block) {
  switch (block.kind) {
    case BlockKind::kQuote:
      out_.append("<blockquote>\n");
      break;
    case BlockKind::kBulletList:
      out_.append("<ul>\n");
      break;
    case BlockKind::kOrderedList:
      out_.append("<ol");
      if (block.number != 1) out_.append(" start=\"").append(std::to_string(block.number)).append("\"");
      out_.append(">\n");
      break;
    case BlockKind::kItem:
      out_.append(block.task == 0 ? "<li>" : "<li class=\"task\">");
      if (block.task != 0) out_.append(block.task == ' ' ? "☐ " : "☑ ");
      break;
    case BlockKind::kRule:
      out_.append("<hr>\n");
      break;
    case BlockKind::kHeading:
      out_.append("<").append(HeadingTag(block.number)).append(">");
      break;
    case BlockKind::kCode:
      out_.append("<pre><code>");
      in_code_block_ = true;
      break;
    case BlockKind::kParagraph:
      out_.append("<p>");
      break;
    case BlockKind::kTable:
      out_.append("<table>\n");
      break;
    case BlockKind::kTableHead:
      out_.append("<thead>\n");
      break;
    case BlockKind::kTableBody:
      out_.append("<tbody>\n");
      break;
    case BlockKind::kRow:
      out_.append("<tr>\n");
      break;
    case BlockKind::kHeadCell:
      out_.append("<th").append(AlignmentClass(block.alignment)).append(">");
      break;
    case BlockKind::kCell:
      out_.append("<td").append(AlignmentClass(block.alignment)).append(">");
      break;
  }
}

void HtmlWriter::Close(const Block& block) {
  switch (block.kind) {
    case BlockKind::kQuote:
      out_.append("</blockquote>\n");
      break;
    case BlockKind::kBulletList:
      out_.append("</ul>\n");
      break;
    case BlockKind::kOrderedList:
      out_.append("</ol>\n");
      break;
    case BlockKind::kItem:
      out_.append("</li>\n");
      break;
    case BlockKind::kRule:
      break;
    case BlockKind::kHeading:
      out_.append("</").append(HeadingTag(block.number)).append(">\n");
      break;
    case BlockKind::kCode:
      out_.append("</code></pre>\n");
      break;
    case BlockKind::kParagraph:
      out_.append("</p>\n");
      break;
    case BlockKind::kTable:
      out_.append("</table>\n");
      break;
    case BlockKind::kTableHead:
      out_.append("</thead>\n");
      break;
    case BlockKind::kTableBody:
      out_.append("</tbody>\n");
      break;
    case BlockKind::kRow:
      out_.append("</tr>\n");
      break;
    case BlockKind::kHeadCell:
      out_.append("</th>\n");
      break;
    case BlockKind::kCell:
      out_.append("</td>\n");
      break;
  }
}

void HtmlWriter::Enter(const Span& span) {
  FlushText();
  OpenSpan open{span.kind};
  if (span.kind == SpanKind::kLink || span.kind == SpanKind::kPicture) {
    // HTML has no links inside links.
    open.has_tag = open_links_ == 0 && IsLinkable(span.address);
    if (open.has_tag) {
      ++open_links_;
      AppendLinkStart(out_, span.address);
    }
    if (span.kind == SpanKind::kPicture) out_.append("[图片] ");
  } else {
    if (span.kind == SpanKind::kCode) ++code_spans_;
    open.has_tag = spans_.size() < kMaxSpanDepth;
    if (open.has_tag) out_.append("<").append(TagOf(span.kind)).append(">");
  }
  spans_.push_back(open);
}

// md4c 0.4.8 sometimes leaves a span that it did not enter, or the outer one first.
void HtmlWriter::Leave(const Span& span) {
  FlushText();
  const auto is_it = [&](const OpenSpan& open) { return open.kind == span.kind; };
  if (std::none_of(spans_.rbegin(), spans_.rend(), is_it)) return;
  while (!is_it(spans_.back())) CloseSpan();
  CloseSpan();
}

void HtmlWriter::CloseSpan() {
  const OpenSpan span = spans_.back();
  spans_.pop_back();
  if (span.kind == SpanKind::kCode) --code_spans_;
  if (!span.has_tag) return;
  if (span.kind == SpanKind::kLink || span.kind == SpanKind::kPicture) --open_links_;
  out_.append("</").append(TagOf(span.kind)).append(">");
}

void HtmlWriter::Visit(const Text& text) {
  switch (text.kind) {
    case TextKind::kText:
    case TextKind::kCode:
      text_.append(text.text);
      break;
    case TextKind::kFormula:
      FlushText();
      out_.append("<span class=\"formula\">");
      AppendEscaped(out_, PlainFormula(text.text));
      out_.append("</span>");
      break;
    case TextKind::kSoftBreak:
    case TextKind::kHardBreak:
      // A model's line ends are meant: its Chinese is not wrapped.
      FlushText();
      out_.append("<br>\n");
      break;
  }
}

void HtmlWriter::FlushText() {
  if (text_.empty()) return;
  if (in_code_block_ || code_spans_ > 0 || open_links_ > 0) {
    AppendEscaped(out_, text_);
  } else {
    AppendLinked(out_, text_);
  }
  text_.clear();
}

}  // namespace yingda::text
