// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "filter/fold.h"
#include "filter/pattern_index.h"
#include "rules/code_strings.h"
#include "rules/lists.h"
#include "rules/rule.h"

namespace yingda::rules {

/// The place of a keyword in the order of precedence: 0 goes first. The keywords of an all_of rule share one.
using Rank = uint32_t;
constexpr Rank kNoRank = 0xFFFFFFFF;

/// The part of a folded text that counts: [begin, end) is without blanks at both ends, [begin, marks_end) also without
/// the sentence marks at its end. [begin, marks_end) is what filter::FoldedKey makes of the text.
struct KeyRange {
  size_t begin, end, marks_end;
};
KeyRange KeyRangeOf(std::u32string_view text);

/// Finds the keywords of all kinds but regex that match a message: exact ones by hash, all others in one pass over the
/// message with one index.
/// Thread-safety: immutable; a Scratch belongs to one thread. Cost: O(message), however many rules there are; an all_of
/// rule is looked at only where its rarest keyword occurs. Building takes about a microsecond per keyword.
class KeywordIndex {
 public:
  struct Entry {
    Rank rank = kNoRank;
    MatchKind kind = MatchKind::kContains;
    std::vector<std::string_view> keywords;  // one, unless all_of
  };
  /// Working memory: with the same one again, matching allocates nothing.
  struct Scratch {
    filter::FoldedText folded;  // the message, kLiteral: the caller folds it
    filter::ScanScratch scan;
    std::vector<filter::PatternHit> hits;
    std::vector<uint32_t> strings;
  };
  class Builder;

  KeywordIndex() = default;
  explicit KeywordIndex(const std::vector<Entry>& entries);

  /// The first matching rank, or kNoRank.
  Rank Best(Scratch& scratch) const;
  /// Appends every matching rank, in no order, possibly twice.
  void All(Scratch& scratch, std::vector<Rank>& all) const;

  /// Calls take(ranks) for each two and more that match the same messages, being the same keyword of the same kind
  /// (but all_of); the ranks are sorted.
  template <typename Take>
  void ForEachRepeated(const Take& take) const {
    for (size_t string = 0; string < exact_ranks_.size(); ++string) {
      if (const std::span<const Rank> ranks = exact_ranks_[string]; ranks.size() > 1) take(ranks);
    }
    for (size_t list = 0; list < ranks_.size(); ++list) {
      if (list % kKinds == kAllOf) continue;
      if (const std::span<const Rank> ranks = ranks_[list]; ranks.size() > 1) take(ranks);
    }
  }

 private:
  // What hangs on a string: the ranks of each kind, sorted, and the all_of rules whose rarest keyword it is.
  enum Kind : uint32_t { kContains, kPrefix, kSuffix, kAllOf, kKinds };
  struct AllOf {
    Rank rank;
    std::vector<uint32_t> strings;  // sorted
  };

  std::span<const uint32_t> Of(uint32_t string, Kind kind) const { return ranks_[size_t{string} * kKinds + kind]; }
  std::span<const Rank> FindExact(const filter::FoldedText& text, const KeyRange& range) const;
  template <typename Take>
  void Scan(const KeyRange& range, Scratch& scratch, const Take& take) const;
  template <typename Take>
  void TakeAllOf(Scratch& scratch, const Take& take) const;

  CodeStrings exact_;
  Lists exact_ranks_;           // by string of exact_
  filter::PatternIndex index_;  // of all other strings; its pattern ids number them
  Lists ranks_;                 // by string and kind
  std::vector<AllOf> all_of_;
  std::vector<uint32_t> all_of_uses_;  // by string; empty if there is no such rule
  Rank first_scanned_ = kNoRank;       // the smallest rank that only a scan finds
};

/// Takes keywords in the order of their ranks; `codes` are their texts, folded kLiteral.
class KeywordIndex::Builder {
 public:
  /// Any kind but all_of.
  void Add(Rank rank, MatchKind kind, std::u32string_view codes);
  void AddAllOf(Rank rank, const std::vector<std::u32string_view>& keywords);
  KeywordIndex Build() &&;

 private:
  uint32_t StringOf(std::u32string_view codes);

  KeywordIndex index_;
  CodeStrings strings_;
  std::vector<Lists::Item> exact_ranks_, ranks_;
};

}  // namespace yingda::rules
