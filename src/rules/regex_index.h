// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "rules/keyword_index.h"

namespace re2 {
class RE2;
}

namespace yingda::rules {

/// Finds which of many expressions match a text, many at a time.
/// Thread-safety: immutable. Cost: linear in the text per 1,000 expressions, or per fewer if they are large; RE2 never
/// backtracks.
class RegexIndex {
 public:
  struct Entry {
    Rank rank = kNoRank;
    std::shared_ptr<const re2::RE2> regex;
  };

  explicit RegexIndex(std::vector<Entry> entries);
  ~RegexIndex();

  /// The smallest rank that any match can have.
  Rank First() const { return entries_.empty() ? kNoRank : entries_.front().rank; }
  /// The first matching rank below `below`, or kNoRank. `text` as RegexText makes it.
  Rank Best(std::string_view text, Rank below) const;
  /// Every matching rank, in order.
  std::vector<Rank> All(std::string_view text) const;

 private:
  struct Chunk;

  void AddChunk(size_t first, size_t count);
  std::vector<Rank> MatchChunk(const Chunk& chunk, std::string_view text) const;

  std::vector<Entry> entries_;  // sorted by rank
  std::vector<Chunk> chunks_;
};

}  // namespace yingda::rules
