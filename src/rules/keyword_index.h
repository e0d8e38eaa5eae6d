// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/fold.h"
#include "filter/pattern_index.h"
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
KeyRange KeyRangeOf(const filter::FoldedText& text);

/// Finds the keywords of all kinds but regex that match a message: exact ones by hash, all others in one pass over the
/// message with one index.
/// Thread-safety: immutable; a Scratch belongs to one thread. Cost: O(message), however many rules there are; an all_of
/// rule is looked at only where its rarest keyword occurs.
class KeywordIndex {
 public:
  struct Entry {
    Rank rank = kNoRank;
    MatchKind kind = MatchKind::kContains;
    std::vector<std::string_view> keywords;  // one, unless all_of
  };
  /// Working memory: with the same one again, matching allocates nothing.
  struct Scratch {
    filter::FoldedText folded;
    filter::ScanScratch scan;
    std::vector<filter::PatternHit> hits;
    std::vector<uint32_t> strings;
  };

  explicit KeywordIndex(const std::vector<Entry>& entries);

  /// The first matching rank, or kNoRank.
  Rank Best(std::string_view text, Scratch& scratch) const;
  /// Appends every matching rank, in no order, possibly twice.
  void All(std::string_view text, Scratch& scratch, std::vector<Rank>& all) const;

 private:
  /// One distinct folded keyword and what hangs on it; ranks are sorted.
  struct String {
    std::vector<Rank> prefix, suffix, contains;
    std::vector<uint32_t> all_of;  // the rules (in all_of_) whose rarest keyword this is
    uint32_t all_of_uses = 0;
  };
  struct AllOf {
    Rank rank;
    std::vector<uint32_t> strings;  // sorted
  };
  struct CodesHash {
    using is_transparent = void;
    size_t operator()(std::u32string_view codes) const { return std::hash<std::u32string_view>()(codes); }
  };
  class Builder;

  template <typename Take>
  void Scan(const KeyRange& range, Scratch& scratch, const Take& take) const;
  template <typename Take>
  void TakeAllOf(Scratch& scratch, const Take& take) const;
  const std::vector<Rank>* FindExact(const filter::FoldedText& text, const KeyRange& range) const;

  std::unordered_map<std::u32string, std::vector<Rank>, CodesHash, std::equal_to<>> exact_;
  filter::PatternIndex index_;  // its pattern ids are indexes into strings_
  std::vector<String> strings_;
  std::vector<AllOf> all_of_;
  Rank first_scanned_ = kNoRank;  // the smallest rank that only a scan finds
};

}  // namespace yingda::rules
