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

/// Of places in order, which covers others in order: of those that begin no later, the one that reaches farthest does
/// if any does.
template <typename Counts>
class Covers {
 public:
  Covers(const std::vector<WordHit>& places, Counts counts) : places_(places), counts_(counts) {}

  const WordHit* Of(size_t begin, size_t end) {
    for (; next_ < places_.size() && places_[next_].begin <= begin; ++next_) {
      const WordHit& place = places_[next_];
      if (counts_(place) && (farthest_ == nullptr || place.end > farthest_->end)) farthest_ = &place;
    }
    return farthest_ != nullptr && farthest_->end >= end ? farthest_ : nullptr;
  }

 private:
  const std::vector<WordHit>& places_;
  const Counts counts_;
  size_t next_ = 0;
  const WordHit* farthest_ = nullptr;
};

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
  for (const Direction direction : {Direction::kInbound, Direction::kOutbound}) {
    filter->masks_.at(static_cast<size_t>(direction)) = filter->HasMasks(direction);
  }
  return filter;
}

bool WordFilter::Interrupted(const Shape& shape, const PatternHit& hit, const FoldedText& text) {
  for (size_t at = hit.first + 1; at < hit.last; ++at) {
    if (at >= text.size() || !text.Adjoins(at)) {
      const Gap gap = text.GapBefore(at);
      if (gap.newline || gap.visible > shape.longest_gap || (gap.blank && !shape.blanks)) return true;
    }
    if (at + 1 < hit.last && at < text.size() && text.IsLineEnd(at)) return true;
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

void WordFilter::NoteOpenWildcard(const PatternHit& hit, const FoldedText& text, Scratch& scratch) const {
  const auto size = static_cast<uint32_t>(text.size());
  if (text.Begin(hit.first) >= scratch.open_wildcards) return;
  // What follows the last character so far may already be too much of a gap.
  Shape widest;
  widest.longest_gap = static_cast<uint8_t>(widest_gap_);
  if (!Interrupted(widest, {hit.pattern, hit.first, size + 1}, text)) scratch.open_wildcards = text.Begin(hit.first);
}

// A hit of a word, or of a part: then `number` is PartOf's.
void WordFilter::Place(const PatternHit& hit, uint32_t number, const Shape& shape, const FoldedText& text,
                       Scratch& scratch, std::vector<Explanation>* refused) const {
  const Part* const part = PartOf(number);
  const Word& word = words_[part != nullptr ? part->word : number];
  const Fate fate = Judge(hit, word, shape, text);
  const WordHit place{text.Begin(hit.first), text.EndWithInvisible(hit.last - 1), number};
  if (fate == Fate::kActs) {
    (word.allow ? scratch.allowed : scratch.denied).push_back(place);
  } else if (refused != nullptr && !word.allow) {
    refused->push_back({place, fate, 0});
    if (part != nullptr) refused->back().hit.word = part->word;
  }
}

// Of parts that have matched `depth` characters behind their first piece, those of which the rest matches too.
void WordFilter::FollowTails(const Head& parts, uint32_t depth, const PatternHit& hit, const FoldedText& text,
                             Scratch& scratch, std::vector<Explanation>* refused) const {
  auto first = parts_.begin() + parts.parts_first;
  const auto last = parts_.begin() + parts.parts_last;
  for (; first != last && first->tail_length == depth; ++first) {
    const auto place = static_cast<uint32_t>(first - parts_.begin());
    Place({hit.pattern, hit.first, hit.last + depth}, first->alone ? first->word : words_.size() + place, first->shape,
          text, scratch, refused);
  }
  if (first == last) return;
  const size_t at = hit.last + depth;
  if (at >= text.size()) return NoteOpenWildcard(hit, text, scratch);
  const auto next = [&](const Part& part) { return tails_[part.tail + depth]; };
  for (const char32_t wanted : {U'\0', text[at]}) {
    const auto from = std::partition_point(first, last, [&](const Part& part) { return next(part) < wanted; });
    const auto to = std::partition_point(from, last, [&](const Part& part) { return next(part) == wanted; });
    if (from == to) continue;
    const Head matched{static_cast<uint32_t>(from - parts_.begin()), static_cast<uint32_t>(to - parts_.begin())};
    FollowTails(matched, depth + 1, hit, text, scratch, refused);
  }
}

void WordFilter::FindIn(const PatternIndex& index, FoldedText& text, size_t from, Scratch& scratch,
                        std::vector<Explanation>* refused) const {
  scratch.hits.clear();
  index.Scan(text, scratch.scan, scratch.hits);
  index.ScanStretched(text, scratch.hits);
  for (const PatternHit& hit : scratch.hits) {
    if (text.Begin(hit.first) < from) continue;
    if (hit.pattern < words_.size()) {
      Place(hit, hit.pattern, words_[hit.pattern].shape, text, scratch, refused);
    } else {
      FollowTails(heads_[hit.pattern - words_.size()], 0, hit, text, scratch, refused);
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
    Covers covers(scratch.allowed, [this](const WordHit& allowed) { return !IsImplied(allowed.word); });
    for (const Detection& found : scratch.detections) {
      if (covers.Of(text.Begin(found.key_first), text.End(found.key_last - 1)) != nullptr) continue;
      scratch.denied.push_back({text.Begin(found.first), text.EndWithInvisible(found.last - 1), number});
    }
    ++number;
  }
}

void WordFilter::DropCovered(Scratch& scratch, std::vector<Explanation>* refused) const {
  if (scratch.allowed.empty()) return;
  Covers covers(scratch.allowed, [this](const WordHit& allowed) { return !IsImplied(allowed.word); });
  std::erase_if(scratch.denied, [&](const WordHit& denied) {
    const WordHit* const cover = covers.Of(denied.begin, denied.end);
    if (cover != nullptr && refused != nullptr) {
      const Part* const part = PartOf(denied.word);
      refused->push_back({denied, Fate::kAllowed, cover->word});
      if (part != nullptr) refused->back().hit.word = part->word;
    }
    return cover != nullptr;
  });
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
  std::sort(scratch.allowed.begin(), scratch.allowed.end(), InOrder);
  if (detects) RunDetectors(from, scratch);
  std::sort(scratch.denied.begin(), scratch.denied.end(), InOrder);
  DropCovered(scratch, refused);
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
  verdict.direction = direction;
  if (!For(direction).enabled) return verdict;
  Find(text, 0, scratch, nullptr);
  scratch.parts_seen.clear();
  Settle(direction, scratch.parts_seen, scratch, nullptr);
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
         parts_.capacity() * sizeof(Part) + heads_.capacity() * sizeof(Head) + groups_.capacity() * sizeof(Group) +
         tails_.capacity() * sizeof(char32_t);
}

}  // namespace yingda::filter
