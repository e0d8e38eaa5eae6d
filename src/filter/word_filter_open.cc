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

// What overlaps, as one: between two of them nothing reaches across.
void JoinOverlapping(const std::vector<WordHit>& denied, const std::vector<WordHit>& allowed,
                     std::vector<WordHit>& joined) {
  joined.clear();
  auto deny = denied.begin();
  auto allow = allowed.begin();
  while (deny != denied.end() || allow != allowed.end()) {
    const bool denied_next = allow == allowed.end() || (deny != denied.end() && deny->begin <= allow->begin);
    const WordHit& hit = denied_next ? *deny++ : *allow++;
    if (!joined.empty() && hit.begin < joined.back().end) {
      joined.back().end = std::max(joined.back().end, hit.end);
    } else {
      joined.push_back(hit);
    }
  }
}

size_t BeforeAll(const std::vector<WordHit>& joined, size_t place) {
  const auto begins_before = [&](const WordHit& hit) { return hit.begin < place; };
  const auto behind = std::partition_point(joined.begin(), joined.end(), begins_before);
  if (behind == joined.begin()) return place;
  const WordHit& last = *std::prev(behind);
  return last.end > place ? last.begin : place;
}

}  // namespace

// Of what Find has just found in a text that goes on: where the first thing begins that is not decided yet.
size_t WordFilter::OpenFrom(size_t from, Scratch& scratch) const {
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
  JoinOverlapping(scratch.denied, scratch.allowed, scratch.joined);
  for (size_t before = open + 1; before != open;) {
    before = open;
    open = BeforeAll(scratch.joined, open);
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
  open.verdict.direction = direction;
  open.decided = text.size();
  if (!For(direction).enabled || text.empty()) return open;
  Find(text, from, scratch, nullptr);
  if (goes_on) open.decided = OpenFrom(from, scratch);
  std::erase_if(scratch.denied, [&](const WordHit& hit) { return hit.end > open.decided; });
  Settle(direction, seen, scratch, nullptr);
  for (WordHit hit : scratch.denied) {
    hit.level = LevelOf(hit.word, direction);
    if (hit.level == Level::kPass) continue;
    open.verdict.level = std::max(open.verdict.level, hit.level);
    open.verdict.hits.push_back(hit);
  }
  return open;
}

}  // namespace yingda::filter
