// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "filter/word_filter.h"

namespace yingda::filter {

/// Gives every listed word its record and its place in one of the two indexes of a filter.
class WordFilter::Builder {
 public:
  explicit Builder(WordFilter& filter) : filter_(filter) {}

  void Add(const WordList& list);
  /// Once, behind the last list.
  void Finish();

 private:
  struct PendingPattern {
    std::string text;
    bool literal = false;
  };

  void Add(const ListedWord& listed, bool allow);
  void AddParts(const ListedWord& listed, const Word& word);
  Part MakePart(const WordPart& pieces, const Word& word);
  Shape MeasureShape(const Word& word, const std::vector<bool>& wildcards) const;
  uint16_t TagsNumber(const std::string& tags);

  WordFilter& filter_;
  FoldedText folded_;
  enum class Index : uint8_t { kLetters, kLiteral, kByParts };
  std::vector<Index> index_of_;                // by word
  std::vector<PendingPattern> part_patterns_;  // by part
  std::unordered_map<std::string, uint16_t> tag_numbers_;
};

}  // namespace yingda::filter
