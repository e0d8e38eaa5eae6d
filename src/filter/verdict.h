// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filter/detectors.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"
#include "filter/word_list.h"

namespace yingda::filter {

/// One denied word in a text: bytes [begin, end) of the original, on code-point boundaries. Each part of an "a && b"
/// word is a hit of its own, wherever it occurs; a part that more than kMostAtOnePlace such words share is one for all
/// of them at its first place and for that many of the highest level elsewhere.
struct WordHit {
  size_t begin = 0;
  size_t end = 0;
  uint32_t word = 0;            // for Info
  Level level = Level::kBlock;  // the word's in this direction, or the direction's maximum
};

inline constexpr size_t kMostAtOnePlace = 16;

/// What to do with a text, and why. `hits` may overlap; they are ordered by begin, then by end.
struct Verdict {
  Level level = Level::kPass;
  std::vector<WordHit> hits;
  Direction direction = Direction::kInbound;  // that was asked for
};

/// Leaves the hits that `counts` says yes to.
template <typename Counts>
void KeepHits(Verdict& verdict, const Counts& counts) {
  std::erase_if(verdict.hits, [&](const WordHit& hit) { return !counts(hit); });
  verdict.level = Level::kPass;
  for (const WordHit& hit : verdict.hits) verdict.level = std::max(verdict.level, hit.level);
}

/// What is known of a text that may go on.
struct OpenVerdict {
  Verdict verdict;     // of what is decided: its hits end at `decided` or before
  size_t decided = 0;  // bytes; whatever comes next, hits begin and end on the same side of it
};

/// Which parts of "a && b" words a text had so far, sorted, each once: at most as many as the lists have.
using PartsSeen = std::vector<uint32_t>;

/// One word of which all parts are there, at one of them.
struct CompletePart {
  uint32_t part = 0;
  uint32_t word = 0;
  uint8_t weakness = 0;  // lowest first
  bool told = false;
};

/// Working memory of a check. Reuse it: after warm-up a check that finds nothing allocates nothing.
/// Thread-safety: one thread at a time.
struct Scratch {
  FoldedText letters;
  FoldedText literal;
  ScanScratch scan;
  std::vector<PatternHit> hits;
  std::vector<WordHit> denied;
  std::vector<WordHit> allowed;
  std::vector<Detection> detections;
  std::vector<WordHit> replaced;  // places that read as the replacement of `word` already
  PartsSeen parts_seen;
  std::vector<CompletePart> complete;
  std::vector<WordHit> settled;
  std::vector<WordHit> joined;
  size_t open_wildcards = 0;  // where the first word with wildcards begins that more text could complete, in bytes
};

}  // namespace yingda::filter
