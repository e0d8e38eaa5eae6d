// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <tuple>
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
  /// A word with wildcards or a part of an "a && b" word, before it is known which others are like it.
  struct PendingPart {
    std::string text;     // the first piece
    std::u32string head;  // its codes
    std::u32string tail;
    bool literal = false;
    bool alone = true;
    uint32_t word = 0;
    uint32_t group = 0;
    Boundary boundary = Boundary::kAuto;
    Shape shape;

    auto HeadKey() const { return std::tie(literal, head); }
    auto Key() const {
      return std::tuple(literal, std::u32string_view(head), std::u32string_view(tail), alone, boundary,
                        shape.longest_gap, shape.ascii, shape.blanks);
    }
  };

  void Add(const ListedWord& listed, bool allow);
  void AddParts(const ListedWord& listed, const Word& word);
  PendingPart MakePart(const WordPart& pieces, const Word& word);
  void AddImplied(uint32_t number);
  void PlaceParts();
  void SortGroups();
  Shape MeasureShape(const Word& word, const std::vector<bool>& wildcards) const;
  uint16_t TagsNumber(const std::string& tags);

  WordFilter& filter_;
  FoldedText folded_;
  enum class Index : uint8_t { kLetters, kLiteral, kByParts };
  std::vector<Index> index_of_;    // by word
  std::vector<uint32_t> implied_;  // words whose replacement may have them in it
  std::vector<PendingPart> pending_;
  std::vector<const PendingPart*> head_patterns_;
  std::unordered_map<std::string, uint16_t> tag_numbers_;
};

}  // namespace yingda::filter
