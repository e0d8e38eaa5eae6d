// SPDX-License-Identifier: MIT
// Hits that count only with others, or not where the text reads as their replacement.
#include <algorithm>
#include <tuple>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

using PlaceKey = std::tuple<size_t, size_t, uint32_t>;
PlaceKey KeyOf(const WordHit& hit) { return {hit.begin, hit.end, hit.word}; }

}  // namespace

// The rarest part of a word calls for a look at it: a part that thousands share is not looked at for each of them.
void WordFilter::FindComplete(Direction direction, const PartsSeen& seen, Scratch& scratch) const {
  scratch.complete.clear();
  for (const uint32_t rarest : seen) {
    for (uint32_t at = parts_[rarest].groups_first; at < parts_[rarest].groups_last; ++at) {
      const Group& group = groups_[at];
      const auto is_seen = [&](uint32_t part) { return std::binary_search(seen.begin(), seen.end(), part); };
      if (!std::all_of(group.parts.begin(), group.parts.begin() + group.count, is_seen)) continue;
      const auto above = static_cast<uint8_t>(Level::kBlock) - static_cast<uint8_t>(LevelOf(group.word, direction));
      const auto weakness = static_cast<uint8_t>(above * 2 + (words_[group.word].replaced ? 0 : 1));
      for (uint32_t k = 0; k < group.count; ++k) {
        scratch.complete.push_back({group.parts.at(k), group.word, weakness});
      }
    }
  }
  std::sort(scratch.complete.begin(), scratch.complete.end(), [](const CompletePart& a, const CompletePart& b) {
    return std::tie(a.part, a.weakness, a.word) < std::tie(b.part, b.weakness, b.word);
  });
}

// Keeps the parts of those words only of which every part is there or was seen before.
void WordFilter::SettleGroups(Direction direction, PartsSeen& seen, Scratch& scratch,
                              std::vector<Explanation>* refused) const {
  const auto seen_before = static_cast<std::ptrdiff_t>(seen.size());
  const auto first_part = static_cast<uint32_t>(words_.size());
  for (const WordHit& hit : scratch.denied) {
    if (PartOf(hit.word) != nullptr) seen.push_back(hit.word - first_part);
  }
  if (static_cast<size_t>(seen_before) == seen.size()) return;
  std::sort(seen.begin() + seen_before, seen.end());
  std::inplace_merge(seen.begin(), seen.begin() + seen_before, seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  FindComplete(direction, seen, scratch);
  scratch.settled.clear();
  for (WordHit hit : scratch.denied) {
    if (PartOf(hit.word) == nullptr) {
      scratch.settled.push_back(hit);
      continue;
    }
    if (refused != nullptr) RefuseIncomplete(hit, scratch, *refused);
    const uint32_t part = hit.word - first_part;
    const auto less = [](const CompletePart& a, uint32_t b) { return a.part < b; };
    const auto words = std::lower_bound(scratch.complete.begin(), scratch.complete.end(), part, less);
    const bool all = words != scratch.complete.end() && words->part == part && !words->told;
    for (auto word = words; word != scratch.complete.end() && word->part == part; ++word) {
      if (!all && static_cast<size_t>(word - words) >= kMostAtOnePlace) break;
      hit.word = word->word;
      scratch.settled.push_back(hit);
    }
    if (all) words->told = true;
  }
  std::swap(scratch.denied, scratch.settled);
  std::sort(scratch.denied.begin(), scratch.denied.end(),
            [](const WordHit& a, const WordHit& b) { return KeyOf(a) < KeyOf(b); });
  const auto same = [](const WordHit& a, const WordHit& b) { return KeyOf(a) == KeyOf(b); };
  scratch.denied.erase(std::unique(scratch.denied.begin(), scratch.denied.end(), same), scratch.denied.end());
}

void WordFilter::RefuseIncomplete(const WordHit& hit, const Scratch& scratch, std::vector<Explanation>& refused) const {
  const uint32_t part = hit.word - static_cast<uint32_t>(words_.size());
  size_t told = 0;
  for (const Group& group : groups_) {
    const auto* const end = group.parts.begin() + group.count;
    if (std::find(group.parts.begin(), end, part) == end) continue;
    const bool complete = std::any_of(scratch.complete.begin(), scratch.complete.end(),
                                      [&](const CompletePart& each) { return each.word == group.word; });
    if (complete) continue;
    refused.push_back({hit, Fate::kPartMissing, 0});
    refused.back().hit.word = group.word;
    if (++told == kMostAtOnePlace) return;
  }
}

// 微信 => 企业微信 does not make 企业企业微信 of 企业微信. Where the word blocks, nothing is replaced.
void WordFilter::DropReplaced(Direction direction, Scratch& scratch, std::vector<Explanation>* refused) const {
  scratch.replaced.clear();
  for (const WordHit& allowed : scratch.allowed) {
    if (!IsImplied(allowed.word)) continue;
    scratch.replaced.push_back(allowed);
    scratch.replaced.back().word = implied_[allowed.word - listed_];
  }
  if (scratch.replaced.empty()) return;
  const auto by_word = [](const WordHit& a, const WordHit& b) {
    return std::tie(a.word, a.begin, a.end) < std::tie(b.word, b.begin, b.end);
  };
  std::sort(scratch.replaced.begin(), scratch.replaced.end(), by_word);
  std::erase_if(scratch.denied, [&](const WordHit& hit) {
    if (hit.word >= listed_ || !words_[hit.word].replaced || LevelOf(hit.word, direction) > Level::kMask) return false;
    WordHit last = hit;
    last.end = static_cast<size_t>(-1);
    const auto behind = std::upper_bound(scratch.replaced.begin(), scratch.replaced.end(), last, by_word);
    if (behind == scratch.replaced.begin()) return false;
    const WordHit& cover = *std::prev(behind);
    const bool covered = cover.word == hit.word && cover.begin <= hit.begin && cover.end >= hit.end;
    if (covered && refused != nullptr) {
      const auto own = std::find(implied_.begin(), implied_.end(), hit.word);
      refused->push_back({hit, Fate::kAllowed, listed_ + static_cast<uint32_t>(own - implied_.begin())});
    }
    return covered;
  });
}

void WordFilter::Settle(Direction direction, PartsSeen& seen, Scratch& scratch,
                        std::vector<Explanation>* refused) const {
  if (!groups_.empty()) SettleGroups(direction, seen, scratch, refused);
  if (!implied_.empty()) DropReplaced(direction, scratch, refused);
}

}  // namespace yingda::filter
