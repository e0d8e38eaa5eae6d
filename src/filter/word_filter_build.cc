// SPDX-License-Identifier: MIT
#include "filter/word_filter_build.h"

#include <algorithm>

namespace yingda::filter {
namespace {

constexpr uint8_t kHanGap = 3;     // 赌 - . - 博
constexpr uint8_t kAsciiGap = 1;   // f.u.c.k, but not "as so" for "asso": blanks separate words there
constexpr size_t kLongNumber = 5;  // shorter ones allow nothing inside: 6.9 is not 69
constexpr std::string_view kAnyLetter = "字";

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
  word.replaced = listed.replacement.has_value();
  if (listed.replacement) {
    filter_.replacements_.emplace(static_cast<uint32_t>(filter_.words_.size()), *listed.replacement);
  }
  if (listed.parts.empty()) {
    folded_.Fold(listed.text, FoldMode::kLetters);
    // A single letter is all of "V" but not all of "+V".
    const bool literal = folded_.size() < 2;
    if (!literal) word.shape = MeasureShape(word, {});
    index_of_.push_back(literal ? Index::kLiteral : Index::kLetters);
  } else {
    AddParts(listed, word);
    index_of_.push_back(Index::kByParts);
  }
  filter_.pool_.append(listed.text, 0, word.length_bytes);
  filter_.words_.push_back(word);
}

void WordFilter::Builder::AddParts(const ListedWord& listed, const Word& word) {
  const size_t count = std::min(listed.parts.size(), kMaxParts);
  for (size_t number = 0; number < count; ++number) {
    Part part = MakePart(listed.parts[number], word);
    part.word = static_cast<uint32_t>(filter_.words_.size());
    part.number = static_cast<uint8_t>(number);
    part.count = static_cast<uint8_t>(count);
    filter_.parts_.push_back(part);
  }
  filter_.has_groups_ |= count > 1;
}

WordFilter::Part WordFilter::Builder::MakePart(const WordPart& pieces, const Word& word) {
  Part part;
  part.tail = static_cast<uint32_t>(filter_.tails_.size());
  // Measured with a letter in each wildcard's place: that is how it will stand in a text.
  std::string sample = pieces[0];
  std::vector<bool> wildcards(FoldedCodes(pieces[0], FoldMode::kLetters).size());
  for (size_t at = 1; at < pieces.size(); ++at) {
    sample.append(kAnyLetter).append(pieces[at]);
    filter_.tails_ += U'\0';
    const std::u32string codes = FoldedCodes(pieces[at], FoldMode::kLetters);
    filter_.tails_ += codes;
    wildcards.push_back(true);
    wildcards.resize(wildcards.size() + codes.size());
  }
  part.tail_length = static_cast<uint8_t>(std::min<size_t>(filter_.tails_.size() - part.tail, UINT8_MAX));
  folded_.Fold(sample, FoldMode::kLetters);
  const bool literal = folded_.size() < 2;
  if (!literal) part.shape = MeasureShape(word, wildcards);
  part_patterns_.push_back({pieces[0], literal});
  return part;
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
  const auto words = static_cast<uint32_t>(filter_.words_.size());
  letters.reserve(words);
  for (uint32_t id = 0; id < words; ++id) {
    const Word& word = filter_.words_[id];
    if (index_of_[id] == Index::kByParts) continue;
    const std::string_view text = std::string_view(filter_.pool_).substr(word.text, word.length_bytes);
    (index_of_[id] == Index::kLiteral ? literal : letters).push_back({text, id});
  }
  for (uint32_t part = 0; part < part_patterns_.size(); ++part) {
    const PendingPattern& pattern = part_patterns_[part];
    (pattern.literal ? literal : letters).push_back({pattern.text, words + part});
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
