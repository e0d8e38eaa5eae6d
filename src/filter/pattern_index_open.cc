// SPDX-License-Identifier: MIT
#include <algorithm>

#include "filter/pattern_index.h"

namespace yingda::filter {
// Like StretchedWalk, for a text that goes on: its last run may still grow, so whatever a longer run would bring about
// is open. A run takes at least one code of a pattern, which bounds how far back a walk can have begun.
class PatternIndex::OpenWalk {
 public:
  OpenWalk(const PatternIndex& index, const FoldedText& text)
      : index_(index), codes_(text.Codes()), size_(text.size()) {}

  bool From(size_t first) const {
    const bool at_run_start = first == 0 || codes_[first - 1] != codes_[first];
    return Run(kRoot, first, at_run_start);
  }

 private:
  bool Run(uint32_t node, size_t begin, bool may_stretch) const {
    const char32_t code = codes_[begin];
    const size_t limit = may_stretch ? size_ : std::min(size_, begin + kMaxCodes + 1);  // more fits no pattern
    size_t end = begin + 1;
    while (end < limit && codes_[end] == code) ++end;
    const bool last = end == size_;
    const bool stretches = may_stretch && !IsAsciiDigit(code) && (last || end - begin >= kShortestStretch);
    if (node == kRoot && last && stretches && index_.has_ones_ && index_.ChildOf(kRoot, code) != kNone) return true;
    for (size_t used = 1; used <= std::min(end - begin, kMaxCodes); ++used) {
      node = node == kRoot ? index_.First(code) : index_.ChildOf(node, code);
      if (node == kNone) return false;
      const bool usable = stretches || begin + used == end;
      if (last && stretches && EndsHere(node)) return true;
      if (usable && GoesOn(node) && (last || Run(node, end, true))) return true;
    }
    return false;
  }

  bool EndsHere(uint32_t node) const {
    return node < kDepthOne && (index_.edges_[node].code_and_flags & PatternIndex::kEndsHere) != 0;
  }
  bool GoesOn(uint32_t node) const { return node >= kDepthOne || (index_.edges_[node].code_and_flags & kGoesOn) != 0; }

  const PatternIndex& index_;
  const char32_t* codes_;
  const size_t size_;
};

void PatternIndex::NoteFirstCodes() {
  for (const Edge& edge : edges_) {
    if (edge.code_and_flags != 0 && edge.from >= kDepthOne) first_codes_.push_back(edge.from - kDepthOne);
  }
  std::sort(first_codes_.begin(), first_codes_.end());
  first_codes_.erase(std::unique(first_codes_.begin(), first_codes_.end()), first_codes_.end());
  first_codes_.shrink_to_fit();
}

uint32_t PatternIndex::First(char32_t code) const {
  return std::binary_search(first_codes_.begin(), first_codes_.end(), code) ? kDepthOne + code : kNone;
}

size_t PatternIndex::OpenFrom(const FoldedText& text, size_t from, uint32_t widest_gap) const {
  size_t open = text.size();
  if (Empty()) return open;
  const OpenWalk walk(*this, text);
  size_t runs = 0;
  for (size_t at = text.size(); at > from; --at) {
    const Gap gap = text.GapBefore(at);
    if (gap.newline || gap.visible > widest_gap) break;
    const size_t first = at - 1;
    if (at == text.size() || text[first] != text[at]) ++runs;
    if (runs > kMaxCodes) break;
    if (walk.From(first)) open = first;
    if (text.IsLineEnd(first)) break;
  }
  return open;
}

}  // namespace yingda::filter
