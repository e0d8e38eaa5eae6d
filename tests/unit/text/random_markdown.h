// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::text {

/// Documents as a model writes them: well-formed, in Chinese with English words, of paragraphs, headings, lists,
/// quotes, code, tables, rules, formulas, links and emphasis, now and then with characters of markup that are not
/// markup.
class RandomMarkdown {
 public:
  explicit RandomMarkdown(unsigned seed) : random_(seed) {}

  std::string Document();
  /// Any of the syntax's pieces in any order: what a model writes only when it is broken.
  std::string Noise(size_t pieces);
  /// Without markup.
  std::string PlainText();
  size_t Below(size_t limit) { return random_() % limit; }

 private:
  std::string_view OneOf(const std::vector<std::string_view>& choices) { return choices[Below(choices.size())]; }
  std::string Words();
  std::string Inline();
  std::string Sentence();
  std::string Paragraph();
  std::string List(size_t depth, const std::string& indent);
  std::string Table();
  std::string Code(const std::string& indent);
  std::string Block();

  std::mt19937 random_;
};

}  // namespace yingda::text
