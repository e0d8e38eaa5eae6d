// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "filter/fold.h"

namespace yingda::filter {

/// One pattern to look for. Several patterns may fold to the same codes; each is reported.
struct Pattern {
  std::string_view text;  // UTF-8, folded by Build
  uint32_t id = 0;        // what hits report; need not be unique
};

/// The same, folded already.
struct FoldedPattern {
  std::u32string_view codes;
  uint32_t id = 0;
};

struct PatternHit {
  uint32_t pattern = 0;  // Pattern::id
  uint32_t first =
      0;  // folded characters [first, last) of the text; first == 0 and last == text.size() are the anchors
  uint32_t last = 0;
};

/// Working memory of a scan. Reuse it: after warm-up a scan allocates nothing.
struct ScanScratch {
  std::vector<uint32_t> candidates;
};

/// Finds all occurrences of up to a million patterns in one pass over a folded text. It knows no wildcards and no "a &&
/// b": of 迷?药 WordFilter puts the first piece here (迷) and compares the rest itself; of "a && b" each part is a
/// pattern. So what an unfinished text could still become WordFilter::CheckFrom knows, not OpenFrom alone.
/// Thread-safety: immutable; Scan needs a scratch and a text per thread.
/// Cost: building about 0.5 µs per pattern; scanning about 1 µs per 140 folded characters with 60,000 patterns, and at
/// worst (patterns made to match everywhere) 64 steps per character. Memory: about 75 bytes per pattern of five
/// characters. Limits: patterns of 1 to kMaxCodes folded characters; others match nothing, so check CanMatch to tell a
/// person.
class PatternIndex {
 public:
  static constexpr size_t kMaxCodes = 64;
  static constexpr size_t kMaxPatterns = 1'000'000;

  PatternIndex() = default;

  /// Patterns beyond kMaxPatterns are left out. `mode` must be the mode of the texts to scan.
  static PatternIndex Build(std::span<const Pattern> patterns, FoldMode mode);
  static PatternIndex Build(std::span<const FoldedPattern> patterns, FoldMode mode);

  static bool CanMatch(std::string_view pattern, FoldMode mode);

  FoldMode Mode() const { return mode_; }
  bool Empty() const { return pattern_ids_.empty(); }
  size_t MemoryBytes() const;

  /// Appends every occurrence of every pattern, overlapping ones too, ordered by first, then by last.
  void Scan(const FoldedText& text, ScanScratch& scratch, std::vector<PatternHit>& hits) const;

  /// Appends the occurrences that Scan misses because a character was repeated: 网网网络 for 网络, "fuuuck". Three or
  /// more equal characters (but digits) stand for any smaller number; two are left alone, for too many words differ in
  /// just that (他妈的 and 他妈妈的, god and good). A stretched occurrence begins and ends with the whole run. Calling
  /// it is cheap when the text has no such run.
  void ScanStretched(const FoldedText& text, std::vector<PatternHit>& hits) const;

  /// For a text that goes on: the first folded character, `from` or behind it, from where a pattern has begun that may
  /// still be completed, or that may still be stretched over more of its last character; text.size() if there is none.
  /// A gap of more than `widest_gap` visible characters or with a line end in it ends everything that began before.
  /// Cost: of the last kMaxCodes runs of equal characters.
  size_t OpenFrom(const FoldedText& text, size_t from, uint32_t widest_gap) const;

 private:
  // The trie's edges lie in one open-addressing hash table; a node is the slot of the edge that leads to it. Against a
  // double array this takes a quarter of the memory for an alphabet of thousands, is built without searching for gaps,
  // and needs no code-to-column map. Nodes of depth one need no slot: their number is kDepthOne + code.
  struct Edge {
    uint32_t from = 0;            // the node above
    uint32_t code_and_flags = 0;  // 0: the slot is free
  };
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  static constexpr uint32_t kRoot = 0x7FFFFFFF;  // above the ends of one-code patterns
  static constexpr uint32_t kDepthOne = 0x80000000;
  static constexpr uint32_t kEndsHere = 0x80000000;  // a pattern ends at this node
  static constexpr uint32_t kGoesOn = 0x40000000;    // there are nodes below
  static constexpr uint32_t kCodeMask = 0x001FFFFF;

  // A set of hashes with false positives: says at once that nothing begins at most positions. The bit within a word is
  // chosen by the caller, so that two sets can be asked with one shift.
  struct Prefilter {
    std::vector<uint64_t> words = std::vector<uint64_t>(1);
    uint64_t mask = 0;

    explicit Prefilter(size_t entries = 0);
    void Add(uint64_t hash, uint64_t bit) { words[hash >> 32 & mask] |= uint64_t{1} << bit; }
  };
  class Builder;
  class StretchedWalk;
  class OpenWalk;
  static constexpr size_t kShortestStretch = 3;  // equal characters that count as a stretched one

  uint32_t Child(uint32_t node, char32_t code) const;
  uint32_t ChildOf(uint32_t node, char32_t code) const;  // the same for other files, where it is not inlined
  uint32_t FirstSlot(uint32_t from, char32_t code) const;
  uint32_t SlotFor(uint32_t from, char32_t code) const;
  void Report(uint32_t node, size_t first, size_t last, std::vector<PatternHit>& hits) const;
  size_t FindCandidates(const FoldedText& text, ScanScratch& scratch) const;
  void NoteFirstCodes();
  uint32_t First(char32_t code) const;

  FoldMode mode_ = FoldMode::kLetters;
  std::vector<Edge> edges_;
  Prefilter ones_;     // patterns of one code
  Prefilter pairs_;    // patterns of two codes
  Prefilter triples_;  // the first three codes of all longer ones
  bool has_ones_ = false;
  // Which patterns end at a node: the how-manieth end it is (a rank over end_bits_) picks the list.
  std::vector<uint64_t> end_bits_;
  std::vector<uint32_t> end_ranks_;    // set bits before each word of end_bits_
  std::vector<uint32_t> list_starts_;  // one more than there are lists
  std::vector<uint32_t> pattern_ids_;
  std::vector<char32_t> first_codes_;  // of patterns of two codes and more, sorted
};

}  // namespace yingda::filter
