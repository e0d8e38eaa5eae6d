// SPDX-License-Identifier: MIT
#include "filter/pattern_index.h"

#include <algorithm>
#include <bit>
#include <string>

namespace yingda::filter {
namespace {

// Odd constants with well-mixed high bits (the fractions of the golden ratio and of two square roots).
constexpr uint64_t kMixFirst = 0x9E3779B97F4A7C15;
constexpr uint64_t kMixSecond = 0xC2B2AE3D27D4EB4F;
constexpr uint64_t kMixThird = 0x165667B19E3779F9;

constexpr uint64_t HashOne(char32_t a) { return a * kMixFirst; }
constexpr uint64_t HashPair(char32_t a, char32_t b) { return a * kMixFirst + b * kMixSecond; }
constexpr uint64_t HashTriple(uint64_t pair, char32_t c) { return pair + c * kMixThird; }
constexpr uint64_t Bit(uint64_t hash) { return hash >> 58; }

constexpr size_t kLookAhead = 4;

}  // namespace

PatternIndex::Prefilter::Prefilter(size_t entries) {
  if (entries == 0) return;
  // Thirty-two bits per entry let one position in thirty through by chance; many more would fall out of the cache.
  const auto log = std::clamp<uint32_t>(std::bit_width(entries * 32 - 1), 15, 25);
  words.resize(size_t{1} << (log - 6));
  mask = words.size() - 1;
}

// Where the search for an edge begins.
inline uint32_t PatternIndex::FirstSlot(uint32_t from, char32_t code) const {
  const uint64_t hash = (from + uint64_t{code} * kMixSecond) * kMixFirst;
  return static_cast<uint32_t>((hash >> 32) * edges_.size() >> 32);
}

// The slot that holds the edge, or the free one where it belongs. The table is never full.
inline uint32_t PatternIndex::SlotFor(uint32_t from, char32_t code) const {
  const Edge* edges = edges_.data();
  const auto count = static_cast<uint32_t>(edges_.size());
  uint32_t slot = FirstSlot(from, code);
  while (edges[slot].code_and_flags != 0 &&
         (edges[slot].from != from || (edges[slot].code_and_flags & kCodeMask) != code)) {
    if (++slot == count) slot = 0;
  }
  return slot;
}

inline uint32_t PatternIndex::Child(uint32_t node, char32_t code) const {
  const uint32_t slot = SlotFor(node, code);
  return edges_.data()[slot].code_and_flags != 0 ? slot : kNone;
}

uint32_t PatternIndex::ChildOf(uint32_t node, char32_t code) const { return Child(node, code); }

// Puts sorted patterns into the table; what it shares with the pattern before is on the path already.
class PatternIndex::Builder {
 public:
  explicit Builder(PatternIndex& index) : index_(index) {}

  void Build(std::span<const FoldedPattern> patterns) {
    for (const FoldedPattern& pattern : patterns.first(std::min(patterns.size(), kMaxPatterns))) {
      if (pattern.codes.empty() || pattern.codes.size() > kMaxCodes) continue;
      items_.push_back({HeadOf(pattern.codes), pattern.codes, pattern.id});
    }
    std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      if (a.head != b.head) return a.head < b.head;
      const int order = a.codes.compare(b.codes);
      return order != 0 ? order < 0 : a.id < b.id;
    });
    SizeTables();
    ends_.reserve(items_.size());
    for (const Item& item : items_) Insert(item.codes);
    RankEnds();
  }

 private:
  struct Item {
    uint64_t head;
    std::u32string_view codes;
    uint32_t id;
  };

  // The first three codes as one number of the same order: it spares sorting most looks at the codes themselves.
  static uint64_t HeadOf(std::u32string_view codes) {
    uint64_t head = 0;
    for (size_t at = 0; at < 3; ++at) head = head << 21 | (at < codes.size() ? codes[at] : 0);
    return head;
  }

  void SizeTables() {
    size_t nodes = 0;
    size_t lengths[4] = {};
    std::u32string_view before;
    for (const Item& item : items_) {
      const std::u32string_view codes = item.codes;
      const auto common = std::mismatch(codes.begin(), codes.end(), before.begin(), before.end()).first - codes.begin();
      nodes += codes.size() - static_cast<size_t>(common);
      if (codes != before) ++lengths[std::min<size_t>(codes.size(), 3)];
      before = codes;
    }
    // Six slots in ten taken: a look-up that finds nothing then reads less than one cache line on average.
    index_.edges_.resize(nodes * 10 / 6 + 16);
    index_.end_bits_.resize(index_.edges_.size() / 64 + 1);
    index_.has_ones_ = lengths[1] > 0;
    index_.ones_ = Prefilter(lengths[1]);
    index_.pairs_ = Prefilter(lengths[2]);
    index_.triples_ = Prefilter(lengths[3]);
  }

  void Insert(std::u32string_view codes) {
    if (codes.size() == 1) {
      index_.ones_.Add(HashOne(codes[0]), Bit(HashOne(codes[0])));
      EndAt(TakeSlot(kRoot, codes[0]));
      return;
    }
    const uint64_t pair = HashPair(codes[0], codes[1]);
    if (codes.size() == 2) index_.pairs_.Add(pair, Bit(pair));
    if (codes.size() > 2) index_.triples_.Add(HashTriple(pair, codes[2]), Bit(pair));
    uint32_t node = kDepthOne + codes[0];
    for (size_t depth = 1; depth < codes.size(); ++depth) {
      if (node < kDepthOne) index_.edges_[node].code_and_flags |= kGoesOn;
      node = TakeSlot(node, codes[depth]);
    }
    EndAt(node);
  }

  uint32_t TakeSlot(uint32_t from, char32_t code) {
    const uint32_t slot = index_.SlotFor(from, code);
    Edge& edge = index_.edges_[slot];
    if (edge.code_and_flags == 0) edge = {from, code};
    return slot;
  }

  void EndAt(uint32_t node) {
    index_.edges_[node].code_and_flags |= kEndsHere;
    index_.end_bits_[node / 64] |= uint64_t{1} << node % 64;
    ends_.push_back(node);
  }

  // Lists in the order of their nodes' slots, so that counting set bits finds them.
  void RankEnds() {
    uint32_t ends_before = 0;
    for (const uint64_t word : index_.end_bits_) {
      index_.end_ranks_.push_back(ends_before);
      ends_before += static_cast<uint32_t>(std::popcount(word));
    }
    std::vector<std::pair<uint32_t, uint32_t>> by_node(items_.size());
    for (size_t at = 0; at < items_.size(); ++at) by_node[at] = {ends_[at], items_[at].id};
    std::sort(by_node.begin(), by_node.end());
    uint32_t last_node = kNone;
    index_.list_starts_.reserve(ends_before + 1);
    index_.pattern_ids_.reserve(by_node.size());
    for (const auto& [node, id] : by_node) {
      if (node != last_node) index_.list_starts_.push_back(static_cast<uint32_t>(index_.pattern_ids_.size()));
      last_node = node;
      index_.pattern_ids_.push_back(id);
    }
    index_.list_starts_.push_back(static_cast<uint32_t>(index_.pattern_ids_.size()));
  }

  PatternIndex& index_;
  std::vector<Item> items_;
  std::vector<uint32_t> ends_;  // by item
};

PatternIndex PatternIndex::Build(std::span<const Pattern> patterns, FoldMode mode) {
  FoldedText text;
  std::u32string codes;
  std::vector<size_t> ends;
  for (const Pattern& pattern : patterns) {
    text.Fold(pattern.text, mode);
    codes.append(text.Codes(), text.size());
    ends.push_back(codes.size());
  }
  std::vector<FoldedPattern> folded(patterns.size());
  for (size_t at = 0; at < patterns.size(); ++at) {
    const size_t begin = at == 0 ? 0 : ends[at - 1];
    folded[at] = {std::u32string_view(codes).substr(begin, ends[at] - begin), patterns[at].id};
  }
  return Build(folded, mode);
}

PatternIndex PatternIndex::Build(std::span<const FoldedPattern> patterns, FoldMode mode) {
  PatternIndex index;
  index.mode_ = mode;
  Builder(index).Build(patterns);
  index.NoteFirstCodes();
  return index;
}

bool PatternIndex::CanMatch(std::string_view pattern, FoldMode mode) {
  FoldedText text;
  text.Fold(pattern, mode);
  return text.size() > 0 && text.size() <= kMaxCodes;
}

size_t PatternIndex::MemoryBytes() const {
  const auto bytes = [](const auto& vector) { return vector.capacity() * sizeof(vector[0]); };
  return bytes(edges_) + bytes(ones_.words) + bytes(pairs_.words) + bytes(triples_.words) + bytes(end_bits_) +
         bytes(end_ranks_) + bytes(list_starts_) + bytes(pattern_ids_) + bytes(first_codes_);
}

void PatternIndex::Report(uint32_t node, size_t first, size_t last, std::vector<PatternHit>& hits) const {
  const uint64_t below = end_bits_[node / 64] & ((uint64_t{1} << node % 64) - 1);
  const uint32_t list = end_ranks_[node / 64] + static_cast<uint32_t>(std::popcount(below));
  for (uint32_t at = list_starts_[list]; at < list_starts_[list + 1]; ++at) {
    hits.push_back({pattern_ids_[at], static_cast<uint32_t>(first), static_cast<uint32_t>(last)});
  }
}

// Branch-free: nearly every position fails, but which ones pass nobody can predict.
size_t PatternIndex::FindCandidates(const FoldedText& text, ScanScratch& scratch) const {
  if (scratch.candidates.size() < text.size()) scratch.candidates.resize(text.size());
  const uint64_t* const ones = ones_.words.data();
  const uint64_t* const pairs = pairs_.words.data();
  const uint64_t* const triples = triples_.words.data();
  const uint64_t ones_mask = ones_.mask;
  const uint64_t pairs_mask = pairs_.mask;
  const uint64_t triples_mask = triples_.mask;
  const bool with_ones = has_ones_;
  const char32_t* const codes = text.Codes();
  uint32_t* const candidates = scratch.candidates.data();
  const size_t size = text.size();
  size_t count = 0;
  for (size_t at = 0; at < size; ++at) {
    const uint64_t pair = HashPair(codes[at], codes[at + 1]);
    const uint64_t triple = HashTriple(pair, codes[at + 2]);
    uint64_t pass = (pairs[pair >> 32 & pairs_mask] | triples[triple >> 32 & triples_mask]) >> Bit(pair);
    if (with_ones) {
      const uint64_t one = HashOne(codes[at]);
      pass |= ones[one >> 32 & ones_mask] >> Bit(one);
    }
    candidates[count] = static_cast<uint32_t>(at);
    count += pass & 1;
  }
  return count;
}

void PatternIndex::Scan(const FoldedText& text, ScanScratch& scratch, std::vector<PatternHit>& hits) const {
  if (Empty()) return;
  const size_t count = FindCandidates(text, scratch);
  const char32_t* const codes = text.Codes();
  const Edge* const edges = edges_.data();
  const uint32_t* const candidates = scratch.candidates.data();
  for (size_t at = 0; at < count; ++at) {
    const size_t first = candidates[at];
    // Where a walk begins in the table is known in advance; where it goes on is not.
    const size_t soon = candidates[std::min(at + kLookAhead, count - 1)];
    __builtin_prefetch(edges + FirstSlot(kDepthOne + codes[soon], codes[soon + 1]));
    if (has_ones_) {
      const uint32_t end = Child(kRoot, codes[first]);
      if (end != kNone) Report(end, first, first + 1, hits);
    }
    uint32_t node = kDepthOne + codes[first];
    for (size_t last = first + 1; last < text.size(); ++last) {
      node = Child(node, codes[last]);
      if (node == kNone) break;
      const uint32_t flags = edges[node].code_and_flags;
      if ((flags & kEndsHere) != 0) Report(node, first, last + 1, hits);
      if ((flags & kGoesOn) == 0) break;
    }
  }
}

// Follows one start through the text run by run. A node's path fixes how many of each run's characters it used, so no
// node is visited twice and the work is bounded by the patterns that the text resembles.
class PatternIndex::StretchedWalk {
 public:
  StretchedWalk(const PatternIndex& index, const FoldedText& text, std::vector<PatternHit>& hits)
      : index_(index), codes_(text.Codes()), size_(text.size()), hits_(hits) {}

  void From(size_t first) {
    first_ = first;
    const bool at_run_start = first == 0 || codes_[first - 1] != codes_[first];
    if (!at_run_start && first + kMaxCodes < size_ && codes_[first + kMaxCodes] == codes_[first]) {
      const auto* const begin = codes_ + first;
      if (std::all_of(begin, begin + kMaxCodes, [&](char32_t code) { return code == *begin; }))
        return;  // fits no pattern
    }
    Run(kRoot, first, at_run_start, false);
  }

 private:
  // `node` has consumed everything before `begin`, which begins a run (or lies in the first one).
  void Run(uint32_t node, size_t begin, bool may_stretch, bool stretched) {
    const char32_t code = codes_[begin];
    const size_t limit = may_stretch ? size_ : std::min(size_, begin + kMaxCodes + 1);  // more fits no pattern
    size_t end = begin + 1;
    while (end < limit && codes_[end] == code) ++end;
    may_stretch = may_stretch && end - begin >= kShortestStretch && !IsAsciiDigit(code);
    for (size_t used = 1; used <= std::min(end - begin, kMaxCodes); ++used) {
      const bool one_code = node == kRoot;
      if (one_code) {
        ReportOneCode(code, end, may_stretch);
        node = kDepthOne + code;
      } else {
        node = index_.Child(node, code);
        if (node == kNone) return;
        ReportEnd(node, may_stretch ? end : begin + used, stretched || (may_stretch && begin + used < end));
      }
      const bool whole = begin + used == end;
      if ((whole || may_stretch) && end < size_ && GoesOn(node)) Run(node, end, true, stretched || !whole);
    }
  }

  bool GoesOn(uint32_t node) const { return node >= kDepthOne || (index_.edges_[node].code_and_flags & kGoesOn) != 0; }
  void ReportEnd(uint32_t node, size_t last, bool stretched) {
    if (stretched && (index_.edges_[node].code_and_flags & kEndsHere) != 0) index_.Report(node, first_, last, hits_);
  }
  void ReportOneCode(char32_t code, size_t last, bool stretched) {
    const uint32_t node = index_.has_ones_ && stretched ? index_.Child(kRoot, code) : kNone;
    if (node != kNone) index_.Report(node, first_, last, hits_);
  }

  const PatternIndex& index_;
  const char32_t* codes_;
  const size_t size_;
  std::vector<PatternHit>& hits_;
  size_t first_ = 0;
};

void PatternIndex::ScanStretched(const FoldedText& text, std::vector<PatternHit>& hits) const {
  const char32_t* const codes = text.Codes();
  const size_t size = text.size();
  StretchedWalk walk(*this, text, hits);
  size_t next = 0;  // positions before it have been started from
  for (size_t at = 0; at + kShortestStretch <= size && !Empty(); ++at) {
    const bool in_run = codes[at] == codes[at + 1] && codes[at + 1] == codes[at + 2];
    if (!in_run || IsAsciiDigit(codes[at])) continue;
    // Only what begins within a pattern's length before the run, or at its start, can contain a stretched part.
    const size_t from = at > kMaxCodes ? at - kMaxCodes : 0;
    for (next = std::max(next, from); next <= at; ++next) walk.From(next);
  }
}

}  // namespace yingda::filter
