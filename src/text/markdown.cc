// SPDX-License-Identifier: MIT
#include "text/markdown.h"

#include "text/characters.h"
#include "text/html_writer.h"
#include "text/parser.h"
#include "text/prepare.h"
#include "text/wechat_writer.h"

namespace yingda::text {
namespace {

// What no honest text needs: a larger result is given up for the plain text.
constexpr size_t kTextBytesPerByte = 8;
constexpr size_t kHtmlBytesPerByte = 16;
constexpr size_t kOutputAllowance = 4096;

// Whether a client could take the < at `at` for the start or end of a link.
bool LooksLikeLink(std::string_view text, size_t at) {
  ++at;
  const auto skip_blanks = [&] {
    while (at < text.size() && IsBlank(static_cast<unsigned char>(text[at]))) ++at;
  };
  skip_blanks();
  if (at < text.size() && text[at] == '/') ++at;
  skip_blanks();
  if (at >= text.size() || ToLower(text[at]) != 'a') return false;
  return !IsAsciiLetterOrDigit(CharacterAt(text, at + 1));
}

// The last step: our links get their <, others lose theirs; no blanks at line ends, no more than one blank line.
std::string Finished(std::string_view written) {
  std::string out;
  out.reserve(written.size());
  size_t line_ends = 0;
  size_t blanks = 0;
  for (size_t at = 0; at < written.size();) {
    const char c = written[at];
    if (c == '\n') {
      ++line_ends;
      blanks = 0;
      ++at;
      continue;
    }
    if (IsBlank(static_cast<unsigned char>(c))) {
      ++blanks;
      ++at;
      continue;
    }
    if (!out.empty()) out.append(std::min<size_t>(line_ends, 2), '\n');
    if (blanks > 0) out.append(written.substr(at - blanks, blanks));
    line_ends = blanks = 0;
    if (c == '<') {
      out.append(LooksLikeLink(written, at) ? "＜" : "<");
      ++at;
    } else if (c == '\xEF' && NextMark(written.substr(at, kMarkBytes), 0) == 0) {
      if (MarkAt(written, at) == Mark::kOwnLink) out.push_back('<');
      at += kMarkBytes;
    } else {
      out.push_back(c);
      ++at;
    }
  }
  return out;
}

class PageSeeker : public MarkdownVisitor {
 public:
  void Enter(const Block& block) override {
    found_ = found_ || block.kind == BlockKind::kTable || block.kind == BlockKind::kCode;
  }
  void Leave(const Block& /*block*/) override {}
  void Enter(const Span& /*span*/) override {}
  void Leave(const Span& /*span*/) override {}
  void Visit(const Text& text) override { found_ = found_ || text.kind == TextKind::kFormula; }
  bool found() const { return found_; }

 private:
  bool found_ = false;
};

}  // namespace

std::string WeChatText(std::string_view markdown) {
  const PreparedMarkdown prepared(markdown);
  const size_t max_bytes = kTextBytesPerByte * markdown.size() + kOutputAllowance;
  WeChatWriter writer(prepared.text(), max_bytes);
  if (!ParseMarkdown(prepared, writer)) return Finished(prepared.clean());
  std::string text = Finished(writer.written());
  return text.size() <= max_bytes ? text : Finished(prepared.clean());
}

std::vector<std::string> HtmlBlocks(std::string_view markdown) {
  const PreparedMarkdown prepared(markdown);
  HtmlWriter writer(kHtmlBytesPerByte * markdown.size() + kOutputAllowance);
  if (ParseMarkdown(prepared, writer)) return writer.Take();
  std::string plain = "<pre>";
  AppendEscaped(plain, prepared.clean());
  plain.append("</pre>\n");
  return {std::move(plain)};
}

bool ReadsBetterOnAPage(std::string_view markdown) {
  const PreparedMarkdown prepared(markdown);
  PageSeeker seeker;
  return ParseMarkdown(prepared, seeker) && seeker.found();
}

}  // namespace yingda::text
