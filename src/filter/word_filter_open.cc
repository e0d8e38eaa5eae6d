// SPDX-License-Identifier: MIT
#include <algorithm>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);
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
// letter makes it longer, or undoes it if it comes behind too wide a gap.
size_t EndOfLast(const FoldedText& text) {
  const size_t size = text.size();
  return size > 0 && !IsAsciiDigit(text[size - 1]) ? text.EndWithInvisible(size - 1) : text.Original().size();
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

OpenVerdict WordFilter::CheckFrom(std::string_view text, size_t from, bool goes_on, Direction direction,
                                  Scratch& scratch) const {
  OpenVerdict open;
  open.decided = text.size();
  if (!For(direction).enabled || text.empty()) return open;
  Find(text, from, scratch, nullptr);
  if (goes_on) {
    size_t decided = text.size();
    const auto look_at = [&](const PatternIndex& index, const FoldedText& folded, uint32_t widest_gap) {
      if (index.Empty()) return;
      const size_t first = index.OpenFrom(folded, widest_gap);
      if (first < folded.size()) decided = std::min(decided, folded.Begin(first));
      for (const size_t end : {text.size(), EndOfLast(folded)}) {
        decided = std::min({decided, FirstEndingAt(scratch.denied, end), FirstEndingAt(scratch.allowed, end)});
      }
    };
    look_at(letters_, scratch.letters, widest_gap_);
    look_at(literal_, scratch.literal, kWidestLiteralGap);
    const auto hold_from = [&](size_t first, const FoldedText& folded) {
      if (first < folded.size()) decided = std::min(decided, folded.Begin(first));
    };
    if (!letters_.Empty()) hold_from(OpenWildcards(scratch.letters, scratch), scratch.letters);
    if (!options_.detectors.empty()) hold_from(OpenDetection(scratch.literal), scratch.literal);
    open.decided = std::max(from, BeforeAll(scratch.denied, scratch.allowed, decided));
  }
  if (has_groups_) {
    std::erase_if(scratch.denied, [&](const WordHit& hit) { return hit.end > open.decided; });
    DropIncomplete(scratch, nullptr);
    scratch.parts_before = scratch.parts_seen;
  }
  for (WordHit hit : scratch.denied) {
    hit.level = LevelOf(hit.word, direction);
    if (hit.level == Level::kPass || hit.end > open.decided) continue;
    open.verdict.level = std::max(open.verdict.level, hit.level);
    open.verdict.hits.push_back(hit);
  }
  return open;
}

}  // namespace yingda::filter
