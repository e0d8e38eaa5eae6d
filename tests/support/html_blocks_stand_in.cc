// SPDX-License-Identifier: MIT
// Stands for text/markdown.cc until that is part of this branch: paragraphs only.
#include "text/markdown.h"

namespace yingda::text {

std::vector<std::string> HtmlBlocks(std::string_view markdown) {
  std::vector<std::string> blocks;
  while (!markdown.empty()) {
    const size_t end = markdown.find("\n\n");
    blocks.push_back("<p>" + std::string(markdown.substr(0, end)) + "</p>");
    markdown = end == std::string_view::npos ? std::string_view() : markdown.substr(end + 2);
  }
  return blocks;
}

}  // namespace yingda::text
