// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/parser.h"

// Inside the module: Markdown as lines of a chat bubble.
namespace yingda::text {

/// Writes what the parser says. Blank lines between blocks are where the source has them and items keep the numbers of
/// the source, so that no line's form depends on a later one (the parser calls a whole list loose for one blank line in
/// it) and no paragraph of a law is renumbered. Limits: full beyond `max_bytes`; a long column name is cut where rows
/// repeat it, and left out once the names are most of the text.
class WeChatWriter : public MarkdownVisitor {
 public:
  WeChatWriter(std::string_view prepared, size_t max_bytes) : prepared_(prepared), max_bytes_(max_bytes) {}

  void Enter(const Block& block) override;
  void Leave(const Block& block) override;
  void Enter(const Span& span) override;
  void Leave(const Span& span) override;
  void Visit(const Text& text) override;
  bool IsFull() const override { return out_.size() > max_bytes_; }

  /// What was written; the < of links of ours are Mark::kOwnLink.
  const std::string& written() const { return out_; }

 private:
  struct Container {
    bool is_list = false;  // or a quote
    bool is_ordered = false;
    unsigned next_number = 1;
    bool has_marker = false;  // an item began of which nothing was written yet
    char task = 0;
    char delimiter = '.';
  };
  struct Link {
    size_t start = 0;
    std::string address;
  };
  struct Table {
    bool is_open = false;
    size_t columns = 0;
    size_t offset = Text::kNowhere;  // of its first text
    bool is_apart = false;           // a blank line stands before it
    bool has_rows = false;
    std::vector<std::string> names;  // as rows repeat them
    std::vector<std::string> row;
  };

  void Prepare(size_t offset);
  void OpenBlock(size_t offset);
  void StartLine();
  void WriteMarker(Container& list);
  void NumberItems(size_t offset);
  bool BlankLineBetween(size_t from, size_t to) const;
  void VisitCode(const Text& text);
  void Break();
  void CloseHeading();
  void CloseLink();
  std::string_view NameOf(size_t column);
  void WriteRow(const std::vector<std::string>& row);
  void CloseTable();

  std::string_view prepared_;
  size_t max_bytes_;
  size_t name_bytes_ = 0;  // of column names, in all tables so far
  std::string out_;
  std::string cell_;
  std::string* target_ = &out_;  // or the cell that is being read
  std::vector<Container> containers_;
  size_t markers_ = 0;  // containers with a marker to write
  std::vector<Link> links_;
  size_t pictures_ = 0;  // whose label is to be written
  Table table_;
  bool block_is_open_ = false;  // something of the current leaf was written
  bool in_heading_ = false;
  bool in_code_block_ = false;
  bool is_tight_ = false;  // no blank line before the next block: it belongs to the heading above
  size_t code_lines_ = 0;  // line ends in a code block that show only if more follows
  size_t heading_start_ = 0;
  size_t last_offset_ = Text::kNowhere;  // of the last text written
};

}  // namespace yingda::text
