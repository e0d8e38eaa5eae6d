// SPDX-License-Identifier: MIT
#include <algorithm>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);
constexpr size_t kShortestStretch = 3;
constexpr uint32_t kWidestLiteralGap = 255;  // Word::longest_gap of words that are not measured

// A hit that ends where the text ends may touch what comes next, and takes in the invisible characters behind it.
size_t FirstEndingAt(const std::vector<WordHit>& hits, size_t end) {
  size_t first = kNone;
  for (const WordHit& hit : hits) {
    if (hit.end == end) first = std::min(first, hit.begin);
  }
  return first;
}

// The end of the last character that counts. A word that ends there may have been stretched, and then the next equal
// letter makes it longer, or undoes it if it comes behind too wide a gap. Behind such a gap others are safe.
size_t EndOfLast(const FoldedText& text, uint32_t widest_gap) {
  const size_t size = text.size();
  if (size == 0 || IsAsciiDigit(text[size - 1])) return text.Original().size();
  const Gap gap = text.GapBefore(size);
  const bool run = size >= kShortestStretch && text[size - 2] == text[size - 1] && text[size - 3] == text[size - 1];
  if (!run && (gap.newline || gap.visible > widest_gap)) return text.Original().size();
  return text.EndWithInvisible(size - 1);
}

// Before the hits that reach across the place, and before those that reach across that place, and so on.
size_t BeforeAll(const std::vector<WordHit>& denied, const std::vector<WordHit>& allowed, size_t place) {
  for (size_t before = place + 1; before != place;) {
    before = place;
    for (const auto* const hits : {&denied, &allowed}) {
      for (auto hit = hits->rbegin(); hit != hits->rend(); ++hit) {
        if (hit->begin < place && hit->end > place) place = hit->begin;
      }
    }
  }
  return place;
}

}  // namespace

// Of what Find has just found in a text that goes on: where the first thing begins that is not decided yet.
size_t WordFilter::OpenFrom(size_t from, const Scratch& scratch) const {
  size_t open = scratch.open_wildcards;
  const auto look_at = [&](const PatternIndex& index, const FoldedText& folded, uint32_t widest_gap) {
    if (index.Empty()) return;
    const size_t first = index.OpenFrom(folded, folded.FirstAt(from), widest_gap);
    if (first < folded.size()) open = std::min(open, folded.Begin(first));
    for (const size_t end : {folded.Original().size(), EndOfLast(folded, widest_gap)}) {
      open = std::min({open, FirstEndingAt(scratch.denied, end), FirstEndingAt(scratch.allowed, end)});
    }
  };
  look_at(letters_, scratch.letters, widest_gap_);
  look_at(literal_, scratch.literal, kWidestLiteralGap);
  for (size_t before = open + 1; before != open;) {
    before = open;
    open = BeforeAll(scratch.denied, scratch.allowed, open);
    if (options_.detectors.empty()) continue;
    const size_t place = scratch.literal.FirstAt(open);
    const size_t first = OpenDetection(scratch.literal, place);
    if (first < place) open = scratch.literal.Begin(first);
  }
  return std::max(from, open);
}

OpenVerdict WordFilter::CheckFrom(std::string_view text, size_t from, bool goes_on, Direction direction,
                                  PartsSeen& seen, Scratch& scratch) const {
  OpenVerdict open;
  open.decided = text.size();
  if (!For(direction).enabled || text.empty()) return open;
  Find(text, from, scratch, nullptr);
  if (goes_on) open.decided = OpenFrom(from, scratch);
  std::erase_if(scratch.denied, [&](const WordHit& hit) { return hit.end > open.decided; });
  if (has_groups_) DropIncomplete(seen, scratch, nullptr);
  for (WordHit hit : scratch.denied) {
    hit.level = LevelOf(hit.word, direction);
    if (hit.level == Level::kPass) continue;
    open.verdict.level = std::max(open.verdict.level, hit.level);
    open.verdict.hits.push_back(hit);
  }
  return open;
}

}  // namespace yingda::filter
