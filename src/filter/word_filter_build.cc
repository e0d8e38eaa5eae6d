// SPDX-License-Identifier: MIT
#include "filter/word_filter_build.h"

#include <algorithm>

#include "filter/word_line.h"

namespace yingda::filter {
namespace {

constexpr uint8_t kHanGap = 3;     // 赌 - . - 博
constexpr uint8_t kAsciiGap = 1;   // f.u.c.k, but not "as so" for "asso": blanks separate words there
constexpr size_t kLongNumber = 5;  // shorter ones allow nothing inside: 6.9 is not 69
constexpr FoldMode kBothModes[] = {FoldMode::kLetters, FoldMode::kLiteral};
constexpr std::string_view kAnyLetter = "字";

// Without repetitions, for a repeated character may stand for one.
std::u32string Collapsed(std::string_view text, FoldMode mode) {
  std::u32string codes = FoldedCodes(text, mode);
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

bool MayHold(std::string_view text, std::string_view piece) {
  return std::any_of(std::begin(kBothModes), std::end(kBothModes), [&](FoldMode mode) {
    const std::u32string sought = Collapsed(piece, mode);
    return !sought.empty() && Collapsed(text, mode).find(sought) != std::u32string::npos;
  });
}

}  // namespace

void WordFilter::Builder::Add(const WordList& list) {
  filter_.files_.push_back(list.name);
  for (const ListedWord& listed : list.words) Add(listed, list.allow);
}

void WordFilter::Builder::Add(const ListedWord& listed, bool allow) {
  Word word;
  word.text = static_cast<uint32_t>(filter_.pool_.size());
  word.length_bytes = static_cast<uint16_t>(std::min<size_t>(listed.text.size(), UINT16_MAX));
  word.line = listed.line;
  word.file = static_cast<uint32_t>(filter_.files_.size() - 1);
  word.tags = TagsNumber(listed.tags);
  word.inbound = listed.levels.inbound;
  word.outbound = listed.levels.outbound;
  word.boundary = listed.boundary;
  word.allow = allow;
  word.replaced = listed.replacement.has_value() && !listed.replacement->empty() &&
                  (!listed.parts.empty() || !ReadsLike(*listed.replacement, listed.text));
  const auto number = static_cast<uint32_t>(filter_.words_.size());
  if (word.replaced) filter_.replacements_.emplace(number, *listed.replacement);
  if (listed.parts.empty()) {
    if (word.replaced && MayHold(*listed.replacement, listed.text)) implied_.push_back(number);
    folded_.Fold(listed.text, FoldMode::kLetters);
    // A single letter is all of "V" but not all of "+V".
    const bool literal = folded_.size() < 2;
    if (!literal) word.shape = MeasureShape(word, {});
    index_of_.push_back(literal ? Index::kLiteral : Index::kLetters);
  } else {
    const auto held = [&](const WordPart& part) { return MayHold(*listed.replacement, part[0]); };
    if (word.replaced && std::any_of(listed.parts.begin(), listed.parts.end(), held)) implied_.push_back(number);
    AddParts(listed, word);
    index_of_.push_back(Index::kByParts);
  }
  filter_.pool_.append(listed.text, 0, word.length_bytes);
  filter_.words_.push_back(word);
}

void WordFilter::Builder::AddParts(const ListedWord& listed, const Word& word) {
  const size_t count = std::min(listed.parts.size(), kMaxParts);
  const auto number = static_cast<uint32_t>(filter_.words_.size());
  for (size_t part = 0; part < count; ++part) {
    PendingPart pending = MakePart(listed.parts[part], word);
    pending.word = number;
    pending.alone = count == 1;
    pending.group = static_cast<uint32_t>(filter_.groups_.size());
    pending.boundary = listed.boundary;
    pending_.push_back(std::move(pending));
  }
  if (count > 1) filter_.groups_.push_back({number});
}

WordFilter::Builder::PendingPart WordFilter::Builder::MakePart(const WordPart& pieces, const Word& word) {
  PendingPart part;
  part.text = pieces[0];
  // Measured with a letter in each wildcard's place: that is how it will stand in a text.
  std::string sample = pieces[0];
  std::vector<bool> wildcards(FoldedCodes(pieces[0], FoldMode::kLetters).size());
  for (size_t at = 1; at < pieces.size(); ++at) {
    sample.append(kAnyLetter).append(pieces[at]);
    part.tail += U'\0';
    const std::u32string codes = FoldedCodes(pieces[at], FoldMode::kLetters);
    part.tail += codes;
    wildcards.push_back(true);
    wildcards.resize(wildcards.size() + codes.size());
  }
  part.tail.resize(std::min<size_t>(part.tail.size(), UINT8_MAX));
  folded_.Fold(sample, FoldMode::kLetters);
  part.literal = folded_.size() < 2;
  if (!part.literal) part.shape = MeasureShape(word, wildcards);
  part.head = FoldedCodes(pieces[0], part.literal ? FoldMode::kLiteral : FoldMode::kLetters);
  return part;
}

// The parts in the order in which they are looked for; like ones of "a && b" words become one.
void WordFilter::Builder::PlaceParts() {
  std::sort(pending_.begin(), pending_.end(), [](const PendingPart& a, const PendingPart& b) {
    const auto left = a.Key();
    const auto right = b.Key();
    return left != right ? left < right : a.word < b.word;
  });
  const PendingPart* before = nullptr;
  for (const PendingPart& pending : pending_) {
    if (before == nullptr || before->HeadKey() != pending.HeadKey()) {
      const auto next = static_cast<uint32_t>(filter_.parts_.size());
      filter_.heads_.push_back({next, next});
      head_patterns_.push_back(&pending);
    }
    if (before == nullptr || pending.alone || before->Key() != pending.Key()) {
      Part part;
      part.word = pending.word;
      part.tail = static_cast<uint32_t>(filter_.tails_.size());
      part.tail_length = static_cast<uint8_t>(pending.tail.size());
      part.alone = pending.alone;
      part.shape = pending.shape;
      filter_.tails_ += pending.tail;
      filter_.parts_.push_back(part);
      filter_.heads_.back().parts_last = static_cast<uint32_t>(filter_.parts_.size());
    }
    if (!pending.alone) {
      Group& group = filter_.groups_[pending.group];
      const auto number = static_cast<uint32_t>(filter_.parts_.size() - 1);
      const auto* const end = group.parts.begin() + group.count;
      if (std::find(group.parts.begin(), const_cast<uint32_t*>(end), number) == end)
        group.parts.at(group.count++) = number;
    }
    before = &pending;
  }
}

// By the part of them that fewest words have.
void WordFilter::Builder::SortGroups() {
  std::vector<uint32_t> uses(filter_.parts_.size());
  for (const Group& group : filter_.groups_) {
    for (uint32_t k = 0; k < group.count; ++k) ++uses[group.parts.at(k)];
  }
  const auto rarest = [&](const Group& group) {
    return *std::min_element(group.parts.begin(), group.parts.begin() + group.count,
                             [&](uint32_t a, uint32_t b) { return std::pair(uses[a], a) < std::pair(uses[b], b); });
  };
  std::sort(filter_.groups_.begin(), filter_.groups_.end(), [&](const Group& a, const Group& b) {
    return std::pair(rarest(a), a.word) < std::pair(rarest(b), b.word);
  });
  for (uint32_t at = 0; at < filter_.groups_.size(); ++at) {
    Part& part = filter_.parts_[rarest(filter_.groups_[at])];
    if (part.groups_last == 0) part.groups_first = at;
    part.groups_last = at + 1;
  }
}

// A replacement that has its own word in it is an allow word for that word only.
void WordFilter::Builder::AddImplied(uint32_t number) {
  const std::string& text = filter_.replacements_.at(number);
  folded_.Fold(text, FoldMode::kLetters);
  const bool literal = folded_.size() < 2;
  Word word = filter_.words_[number];
  word.text = static_cast<uint32_t>(filter_.pool_.size());
  word.length_bytes = static_cast<uint16_t>(std::min<size_t>(text.size(), UINT16_MAX));
  word.allow = true;
  word.replaced = false;
  word.boundary = Boundary::kAnywhere;
  word.shape = literal ? Shape() : MeasureShape(word, {});
  index_of_.push_back(literal ? Index::kLiteral : Index::kLetters);
  filter_.pool_.append(text, 0, word.length_bytes);
  filter_.words_.push_back(word);
  filter_.implied_.push_back(number);
}

// Of the word in folded_.
WordFilter::Shape WordFilter::Builder::MeasureShape(const Word& word, const std::vector<bool>& wildcards) const {
  Shape shape;
  bool ascii = true;
  bool digits = true;
  for (size_t at = 0; at < folded_.size(); ++at) {
    if (at < wildcards.size() && wildcards[at]) continue;
    ascii = ascii && IsAsciiWord(folded_[at]);
    digits = digits && IsAsciiDigit(folded_[at]);
  }
  shape.ascii = ascii;
  // An allow word that tolerated gaps would let 大麻，烦请联系 pass.
  shape.blanks = !ascii && !word.allow;
  shape.longest_gap = kHanGap;
  if (ascii) shape.longest_gap = digits && folded_.size() < kLongNumber ? 0 : kAsciiGap;
  if (word.allow) shape.longest_gap = 0;
  for (size_t at = 1; at < folded_.size(); ++at) {  // it must match itself, as it is written
    const Gap gap = folded_.GapBefore(at);
    shape.longest_gap = static_cast<uint8_t>(std::clamp<size_t>(gap.visible, shape.longest_gap, UINT8_MAX));
    shape.blanks = shape.blanks || gap.blank;
  }
  filter_.widest_gap_ = std::max<uint32_t>(filter_.widest_gap_, shape.longest_gap);
  return shape;
}

void WordFilter::Builder::Finish() {
  std::vector<Pattern> letters;
  std::vector<Pattern> literal;
  filter_.listed_ = static_cast<uint32_t>(filter_.words_.size());
  for (const uint32_t number : implied_) AddImplied(number);
  PlaceParts();
  SortGroups();
  const auto words = static_cast<uint32_t>(filter_.words_.size());
  letters.reserve(words);
  for (uint32_t id = 0; id < words; ++id) {
    const Word& word = filter_.words_[id];
    if (index_of_[id] == Index::kByParts) continue;
    const std::string_view text = std::string_view(filter_.pool_).substr(word.text, word.length_bytes);
    (index_of_[id] == Index::kLiteral ? literal : letters).push_back({text, id});
  }
  for (uint32_t head = 0; head < head_patterns_.size(); ++head) {
    const PendingPart& pattern = *head_patterns_[head];
    (pattern.literal ? literal : letters).push_back({pattern.text, words + head});
  }
  filter_.letters_ = PatternIndex::Build(letters, FoldMode::kLetters);
  filter_.literal_ = PatternIndex::Build(literal, FoldMode::kLiteral);
  filter_.pool_.shrink_to_fit();
  filter_.words_.shrink_to_fit();
}

uint16_t WordFilter::Builder::TagsNumber(const std::string& tags) {
  if (const auto found = tag_numbers_.find(tags); found != tag_numbers_.end()) return found->second;
  if (filter_.tags_.size() > UINT16_MAX) return 0;  // tags are a help for people; words must not be lost for them
  const auto number = static_cast<uint16_t>(filter_.tags_.size());
  filter_.tags_.push_back(tags);
  tag_numbers_.emplace(tags, number);
  return number;
}

}  // namespace yingda::filter
