// SPDX-License-Identifier: MIT
#include "filter/word_filter.h"

#include <algorithm>

#include "filter/fold.h"
#include "filter/word_filter_build.h"

namespace yingda::filter {
namespace {

bool InOrder(const WordHit& a, const WordHit& b) {
  return a.begin != b.begin ? a.begin < b.begin : a.end != b.end ? a.end < b.end : a.word < b.word;
}

}  // namespace

base::Result<std::shared_ptr<const WordFilter>> WordFilter::Load(const std::string& folder, LoadReport& report) {
  return Load(folder, Options{}, report);
}

base::Result<std::shared_ptr<const WordFilter>> WordFilter::Load(const std::string& folder, const Options& options,
                                                                 LoadReport& report) {
  report = LoadReport{};
  YINGDA_TRY(const std::vector<WordList> lists, ReadWordLists(folder));
  for (const WordList& list : lists) {
    report.words += list.words.size();
    report.files += 1;
    report.warnings.insert(report.warnings.end(), list.warnings.begin(), list.warnings.end());
  }
  return FromLists(lists, options);
}

std::shared_ptr<const WordFilter> WordFilter::FromLists(const std::vector<WordList>& lists, const Options& options) {
  auto filter = std::make_shared<WordFilter>();
  filter->options_ = options;
  if (options.detectors.size() > kMaxDetectors) filter->options_.detectors.resize(kMaxDetectors);
  Builder builder(*filter);
  for (const WordList& list : lists) builder.Add(list);
  builder.Finish();
  return filter;
}

bool WordFilter::Interrupted(const Shape& shape, const PatternHit& hit, const FoldedText& text) {
  for (size_t at = hit.first + 1; at < hit.last; ++at) {
    const Gap gap = text.GapBefore(at);
    if (gap.newline || gap.visible > shape.longest_gap || (gap.blank && !shape.blanks)) return true;
  }
  return false;
}

// Whether the word stands where its file lets it count.
Fate WordFilter::Judge(const PatternHit& hit, const Word& word, const Shape& shape, const FoldedText& text) const {
  const bool alone = word.boundary == Boundary::kAlone;
  if (alone || (word.boundary == Boundary::kAuto && shape.ascii && !word.allow)) {
    const auto touches = [&](size_t outside, size_t gap) {
      return (alone ? IsLetterOrDigit(text[outside]) : IsAsciiWord(text[outside])) && text.GapBefore(gap).visible == 0;
    };
    if (hit.first > 0 && touches(hit.first - 1, hit.first)) return Fate::kInsideWord;
    if (hit.last < text.size() && touches(hit.last, hit.last)) return Fate::kInsideWord;
  }
  return Interrupted(shape, hit, text) ? Fate::kInterrupted : Fate::kActs;
}

const WordFilter::Part* WordFilter::PartOf(uint32_t pattern) const {
  const size_t at = size_t{pattern} - words_.size();
  return pattern >= words_.size() && at < parts_.size() ? &parts_[at] : nullptr;
}

// How much of what must follow the first piece follows it.
size_t WordFilter::TailMatched(const Part& part, const FoldedText& text, size_t from) const {
  size_t matched = 0;
  while (matched < part.tail_length && from + matched < text.size()) {
    const char32_t wanted = tails_[part.tail + matched];
    if (wanted != 0 && wanted != text[from + matched]) break;
    ++matched;
  }
  return matched;
}

void WordFilter::NoteOpenWildcard(const Part& part, const PatternHit& hit, size_t matched, const FoldedText& text,
                                  Scratch& scratch) const {
  const auto size = static_cast<uint32_t>(text.size());
  if (hit.last + matched < size || text.Begin(hit.first) >= scratch.open_wildcards) return;
  // What follows the last character so far may already be too much of a gap.
  if (!Interrupted(part.shape, {hit.pattern, hit.first, size + 1}, text)) {
    scratch.open_wildcards = text.Begin(hit.first);
  }
}

void WordFilter::FindIn(const PatternIndex& index, FoldedText& text, size_t from, Scratch& scratch,
                        std::vector<Explanation>* refused) const {
  scratch.hits.clear();
  index.Scan(text, scratch.scan, scratch.hits);
  index.ScanStretched(text, scratch.hits);
  for (PatternHit& hit : scratch.hits) {
    if (text.Begin(hit.first) < from) continue;
    const Part* const part = PartOf(hit.pattern);
    if (part != nullptr) {
      const size_t matched = TailMatched(*part, text, hit.last);
      if (matched < part->tail_length) {
        NoteOpenWildcard(*part, hit, matched, text, scratch);
        continue;
      }
      hit.last += part->tail_length;
    }
    const uint32_t number = part != nullptr ? part->word : hit.pattern;
    const Word& word = words_[number];
    const Fate fate = Judge(hit, word, part != nullptr ? part->shape : word.shape, text);
    WordHit place{text.Begin(hit.first), text.EndWithInvisible(hit.last - 1), number};
    if (fate == Fate::kActs) {
      // Which part it was matters until all parts are known to be there.
      if (part != nullptr && part->count > 1) place.word = hit.pattern;
      (word.allow ? scratch.allowed : scratch.denied).push_back(place);
    } else if (refused != nullptr && !word.allow) {
      refused->push_back({place, fate, 0});
    }
  }
}

// After the words, so that allow words can excuse what is detected: of a link its name only.
void WordFilter::RunDetectors(size_t from, Scratch& scratch) const {
  auto number = static_cast<uint32_t>(words_.size() + parts_.size());
  const FoldedText& text = scratch.literal;
  const size_t start = text.FirstAt(from);
  for (const DetectorOptions& detector : options_.detectors) {
    scratch.detections.clear();
    Detect(detector, text, start, scratch.detections);
    for (const Detection& found : scratch.detections) {
      const size_t key_begin = text.Begin(found.key_first);
      const size_t key_end = text.End(found.key_last - 1);
      const bool excused = std::any_of(scratch.allowed.begin(), scratch.allowed.end(), [&](const WordHit& allowed) {
        return allowed.begin <= key_begin && key_end <= allowed.end;
      });
      if (excused) continue;
      scratch.denied.push_back({text.Begin(found.first), text.EndWithInvisible(found.last - 1), number});
    }
    ++number;
  }
}

void WordFilter::DropCovered(Scratch& scratch, std::vector<Explanation>* refused) const {
  // Of the allowed words that begin no later, the one that reaches farthest covers if any does.
  const WordHit* farthest = nullptr;
  size_t next = 0;
  const auto covered = [&](const WordHit& denied) {
    for (; next < scratch.allowed.size() && scratch.allowed[next].begin <= denied.begin; ++next) {
      if (farthest == nullptr || scratch.allowed[next].end > farthest->end) farthest = &scratch.allowed[next];
    }
    const bool is_covered = farthest != nullptr && farthest->end >= denied.end;
    if (is_covered && refused != nullptr) {
      const Part* const part = PartOf(denied.word);
      refused->push_back({denied, Fate::kAllowed, farthest->word});
      if (part != nullptr) refused->back().hit.word = part->word;
    }
    return is_covered;
  };
  size_t kept = 0;
  for (const WordHit& denied : scratch.denied) {
    if (!covered(denied)) scratch.denied[kept++] = denied;
  }
  scratch.denied.resize(kept);
}

// Keeps the parts of those words only of which every part is there or was seen before.
void WordFilter::DropIncomplete(PartsSeen& seen, Scratch& scratch, std::vector<Explanation>* refused) const {
  const size_t seen_before = seen.size();
  for (const WordHit& hit : scratch.denied) {
    const Part* const part = PartOf(hit.word);
    if (part != nullptr) seen.push_back(uint64_t{part->word} << 8 | part->number);
  }
  if (seen.size() == seen_before) return;
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  size_t kept = 0;
  for (WordHit hit : scratch.denied) {
    if (const Part* const part = PartOf(hit.word)) {
      const uint64_t first = uint64_t{part->word} << 8;
      const auto there = std::lower_bound(seen.begin(), seen.end(), first + part->count) -
                         std::lower_bound(seen.begin(), seen.end(), first);
      hit.word = part->word;
      if (there < part->count) {
        if (refused != nullptr) refused->push_back({hit, Fate::kPartMissing, 0});
        continue;
      }
    }
    scratch.denied[kept++] = hit;
  }
  scratch.denied.resize(kept);
  std::sort(scratch.denied.begin(), scratch.denied.end(), InOrder);
}

// Leaves in scratch.denied the words that stand, in order, and the parts of "a && b" even if others are missing.
void WordFilter::Find(std::string_view text, size_t from, Scratch& scratch, std::vector<Explanation>* refused) const {
  scratch.denied.clear();
  scratch.allowed.clear();
  scratch.open_wildcards = text.size();
  if (!letters_.Empty()) {
    scratch.letters.Fold(text, FoldMode::kLetters);
    FindIn(letters_, scratch.letters, from, scratch, refused);
  }
  const bool detects = !options_.detectors.empty();
  if (!literal_.Empty() || detects) {
    scratch.literal.Fold(text, FoldMode::kLiteral);
    FindIn(literal_, scratch.literal, from, scratch, refused);
  }
  if (detects) RunDetectors(from, scratch);
  std::sort(scratch.denied.begin(), scratch.denied.end(), InOrder);
  std::sort(scratch.allowed.begin(), scratch.allowed.end(), InOrder);
  DropCovered(scratch, refused);
}

void WordFilter::FindComplete(std::string_view text, Scratch& scratch, std::vector<Explanation>* refused) const {
  Find(text, 0, scratch, refused);
  scratch.parts_seen.clear();
  if (has_groups_) DropIncomplete(scratch.parts_seen, scratch, refused);
}

const DirectionOptions& WordFilter::For(Direction direction) const {
  return direction == Direction::kInbound ? options_.inbound : options_.outbound;
}

const DetectorOptions& WordFilter::DetectorOf(uint32_t word) const {
  return options_.detectors[word - words_.size() - parts_.size()];
}

Level WordFilter::LevelOf(uint32_t word, Direction direction) const {
  const DirectionOptions& options = For(direction);
  if (!options.enabled) return Level::kPass;
  if (word >= words_.size()) return std::min(DetectorOf(word).levels.At(direction), options.maximum);
  const Word& record = words_[word];
  return std::min(direction == Direction::kInbound ? record.inbound : record.outbound, options.maximum);
}

Verdict WordFilter::Check(std::string_view text, Direction direction, Scratch& scratch) const {
  Verdict verdict;
  if (!For(direction).enabled) return verdict;
  FindComplete(text, scratch, nullptr);
  verdict.hits.reserve(scratch.denied.size());
  for (WordHit hit : scratch.denied) {
    hit.level = LevelOf(hit.word, direction);
    if (hit.level == Level::kPass) continue;
    verdict.level = std::max(verdict.level, hit.level);
    verdict.hits.push_back(hit);
  }
  return verdict;
}

size_t WordFilter::MemoryBytes() const {
  return letters_.MemoryBytes() + literal_.MemoryBytes() + words_.capacity() * sizeof(Word) + pool_.capacity() +
         parts_.capacity() * sizeof(Part) + tails_.capacity() * sizeof(char32_t);
}

}  // namespace yingda::filter
