// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filter/fold.h"
#include "filter/pattern_index.h"
#include "rules/expression.h"
#include "rules/keyword_index.h"
#include "rules/lists.h"

namespace yingda::rules {

/// Finds which of many expressions match a text. Of most expressions RE2 tells words without which they cannot match
/// (of 退款.*运费 both); one pass over the folded text finds all such words, and only expressions whose words are there
/// are asked, one by one when they are few and many at a time otherwise.
/// Thread-safety: immutable; a Scratch belongs to one thread. Cost: one pass over the text; where that leaves many
/// expressions, linear in the text per 1,000 of them, or per fewer if they are large; RE2 never backtracks.
class RegexIndex {
 public:
  struct Entry {
    Rank rank = kNoRank;
    std::shared_ptr<const Expression> expression;
  };
  /// Working memory: with the same one again, what finds no match allocates nothing.
  struct Scratch {
    filter::ScanScratch scan;
    std::vector<filter::PatternHit> hits;
    std::vector<uint32_t> candidates;  // of the entries that need words: those whose words occur
    bool many = false;                 // too many of them to be written down
  };

  RegexIndex();
  explicit RegexIndex(std::vector<Entry> entries);
  RegexIndex(RegexIndex&&) noexcept;
  RegexIndex& operator=(RegexIndex&&) noexcept;
  ~RegexIndex();

  /// The smallest rank that any match can have.
  Rank First() const { return first_; }

  /// False: none matches. True: ask Best or All with the same scratch. `folded`: kLiteral, of a text that begins with
  /// the one to match.
  bool MayMatch(const filter::FoldedText& folded, Scratch& scratch) const;
  /// The first matching rank below `below`, or kNoRank. `text` as RegexText makes it.
  Rank Best(std::string_view text, Rank below, const Scratch& scratch) const;
  /// Every matching rank, in order.
  std::vector<Rank> All(std::string_view text, const Scratch& scratch) const;

  /// The same at once, for a text that nobody has folded.
  Rank Best(std::string_view text, Rank below) const;
  std::vector<Rank> All(std::string_view text) const;

 private:
  struct Chunk;
  class Words;

  void AddChunks(size_t first, size_t last, std::vector<Chunk>& chunks);
  void AddChunk(size_t first, size_t count, std::vector<Chunk>& chunks);
  bool MatchSet(const Chunk& chunk, std::string_view text, std::vector<int>& places) const;
  Rank BestOf(const Chunk& chunk, std::string_view text, Rank below) const;
  void AllOf(const Chunk& chunk, std::string_view text, std::vector<Rank>& all) const;

  // First those that may match without a word, such as ^\d+$, then the others; each part sorted by rank.
  std::vector<Entry> entries_;
  Rank first_ = kNoRank;
  std::vector<Chunk> always_, with_words_;
  filter::PatternIndex words_;
  Lists entries_of_word_;
};

}  // namespace yingda::rules
