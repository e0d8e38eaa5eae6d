// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/parser.h"

// Inside the module: Markdown as HTML.
namespace yingda::text {

/// Writes one string for each top-level block. Every < and attribute in it is of this class's making: what the document
/// holds comes out escaped, or as the percent-encoded address of a link. Limits: blocks and spans nested deeper than a
/// reader could follow lose their tags, so that the page's depth stays bounded; full beyond `max_bytes`.
class HtmlWriter : public MarkdownVisitor {
 public:
  explicit HtmlWriter(size_t max_bytes) : max_bytes_(max_bytes) {}

  void Enter(const Block& block) override;
  void Leave(const Block& block) override;
  void Enter(const Span& span) override;
  void Leave(const Span& span) override;
  void Visit(const Text& text) override;
  bool IsFull() const override { return finished_bytes_ + out_.size() > max_bytes_; }

  std::vector<std::string> Take() { return std::move(blocks_); }

 private:
  struct OpenSpan {
    SpanKind kind = SpanKind::kEmphasis;
    bool has_tag = false;
  };

  void CloseSpan();
  void Open(const Block& block);
  void Close(const Block& block);
  void FlushText();

  size_t max_bytes_;
  size_t finished_bytes_ = 0;  // of blocks_
  std::vector<std::string> blocks_;
  std::string out_;   // the block being written
  std::string text_;  // collected until something else comes: an address may come in parts
  size_t depth_ = 0;
  std::vector<OpenSpan> spans_;
  size_t open_links_ = 0;
  size_t code_spans_ = 0;
  bool in_code_block_ = false;
};

/// Appends `text` with &, <, > and " escaped.
void AppendEscaped(std::string& out, std::string_view text);

}  // namespace yingda::text
