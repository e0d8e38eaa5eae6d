// SPDX-License-Identifier: MIT
#include "rules/keyword_index.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace yingda::rules {
namespace {

using filter::FoldedText;
using filter::FoldMode;

/// The folded sentence marks that FoldedKey leaves out at the end, asked from FoldedKey itself so that the two agree.
std::u32string SentenceMarks() {
  std::u32string marks;
  for (const char32_t code : filter::FoldedCodes("。．.！!？?，,、～~…；;：:｡", FoldMode::kLiteral)) {
    std::string probe = "x";
    base::AppendUtf8(probe, code);
    if (filter::FoldedKey(probe) == "x") marks += code;
  }
  return marks;
}

}  // namespace

KeyRange KeyRangeOf(std::u32string_view text) {
  static const std::u32string kMarks = SentenceMarks();
  KeyRange range{0, text.size(), text.size()};
  if (range.begin < range.end && text[0] == U' ') range.begin = 1;
  while (range.end > range.begin && text[range.end - 1] == U' ') --range.end;
  range.marks_end = range.end;
  while (range.marks_end > range.begin &&
         (text[range.marks_end - 1] == U' ' || kMarks.find(text[range.marks_end - 1]) != std::u32string::npos)) {
    --range.marks_end;
  }
  // A message of nothing but marks ("？？") is its own key.
  if (range.marks_end == range.begin) range.marks_end = range.end;
  return range;
}

uint32_t KeywordIndex::Builder::StringOf(std::u32string_view codes) {
  const KeyRange range = KeyRangeOf(codes);
  return strings_.Add(codes.substr(range.begin, range.end - range.begin));
}

void KeywordIndex::Builder::Add(Rank rank, MatchKind kind, std::u32string_view codes) {
  if (kind == MatchKind::kExact) {
    const KeyRange range = KeyRangeOf(codes);
    exact_ranks_.push_back({index_.exact_.Add(codes.substr(range.begin, range.marks_end - range.begin)), rank});
    return;
  }
  index_.first_scanned_ = std::min(index_.first_scanned_, rank);
  const Kind list = kind == MatchKind::kPrefix ? kPrefix : kind == MatchKind::kSuffix ? kSuffix : kContains;
  ranks_.push_back({StringOf(codes) * kKinds + list, rank});
}

void KeywordIndex::Builder::AddAllOf(Rank rank, const std::vector<std::u32string_view>& keywords) {
  index_.first_scanned_ = std::min(index_.first_scanned_, rank);
  KeywordIndex::AllOf all{rank, {}};
  for (const std::u32string_view codes : keywords) all.strings.push_back(StringOf(codes));
  std::sort(all.strings.begin(), all.strings.end());
  all.strings.erase(std::unique(all.strings.begin(), all.strings.end()), all.strings.end());
  index_.all_of_.push_back(std::move(all));
}

KeywordIndex KeywordIndex::Builder::Build() && {
  std::vector<uint32_t>& uses = index_.all_of_uses_;
  if (!index_.all_of_.empty()) uses.resize(strings_.size());
  for (const KeywordIndex::AllOf& all : index_.all_of_) {
    for (const uint32_t string : all.strings) ++uses[string];
  }
  for (uint32_t i = 0; i < index_.all_of_.size(); ++i) {
    const std::vector<uint32_t>& strings = index_.all_of_[i].strings;
    const uint32_t rarest = *std::min_element(strings.begin(), strings.end(),
                                              [&uses](uint32_t a, uint32_t b) { return uses[a] < uses[b]; });
    ranks_.push_back({rarest * kKinds + kAllOf, i});
  }
  std::vector<filter::FoldedPattern> patterns(strings_.size());
  for (uint32_t i = 0; i < strings_.size(); ++i) patterns[i] = {strings_[i], i};
  index_.index_ = filter::PatternIndex::Build(patterns, FoldMode::kLiteral);
  index_.exact_ranks_ = Lists(index_.exact_.size(), exact_ranks_);
  index_.ranks_ = Lists(strings_.size() * kKinds, ranks_);
  return std::move(index_);
}

KeywordIndex::KeywordIndex(const std::vector<Entry>& entries) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) { return a->rank < b->rank; });
  Builder builder;
  FoldedText folded;
  std::vector<std::u32string> codes;
  for (const Entry* entry : sorted) {
    codes.clear();
    for (const std::string_view keyword : entry->keywords) {
      folded.Fold(keyword, FoldMode::kLiteral);
      codes.emplace_back(folded.Codes(), folded.size());
    }
    if (entry->kind == MatchKind::kAllOf) {
      builder.AddAllOf(entry->rank, {codes.begin(), codes.end()});
    } else {
      builder.Add(entry->rank, entry->kind, codes.front());
    }
  }
  *this = std::move(builder).Build();
}

std::span<const Rank> KeywordIndex::FindExact(const FoldedText& text, const KeyRange& range) const {
  const uint32_t string = exact_.Find({text.Codes() + range.begin, range.marks_end - range.begin});
  return string == CodeStrings::kNone ? std::span<const Rank>() : exact_ranks_[string];
}

template <typename Take>
void KeywordIndex::Scan(const KeyRange& range, Scratch& scratch, const Take& take) const {
  scratch.hits.clear();
  scratch.strings.clear();
  index_.Scan(scratch.folded, scratch.scan, scratch.hits);
  for (const filter::PatternHit& hit : scratch.hits) {
    take(Of(hit.pattern, kContains));
    if (hit.first == range.begin) take(Of(hit.pattern, kPrefix));
    if (hit.last == range.end || hit.last == range.marks_end) take(Of(hit.pattern, kSuffix));
    if (!all_of_uses_.empty() && all_of_uses_[hit.pattern] > 0) scratch.strings.push_back(hit.pattern);
  }
  if (!scratch.strings.empty()) TakeAllOf(scratch, take);
}

template <typename Take>
void KeywordIndex::TakeAllOf(Scratch& scratch, const Take& take) const {
  std::vector<uint32_t>& strings = scratch.strings;
  std::sort(strings.begin(), strings.end());
  strings.erase(std::unique(strings.begin(), strings.end()), strings.end());
  for (const uint32_t string : strings) {
    for (const uint32_t candidate : Of(string, kAllOf)) {
      const AllOf& all = all_of_[candidate];
      if (std::includes(strings.begin(), strings.end(), all.strings.begin(), all.strings.end())) {
        take(std::span<const Rank>(&all.rank, 1));
      }
    }
  }
}

Rank KeywordIndex::Best(Scratch& scratch) const {
  const KeyRange range = KeyRangeOf({scratch.folded.Codes(), scratch.folded.size()});
  Rank best = kNoRank;
  if (const std::span<const Rank> exact = FindExact(scratch.folded, range); !exact.empty()) best = exact.front();
  if (best < first_scanned_ || first_scanned_ == kNoRank) return best;
  Scan(range, scratch, [&best](std::span<const Rank> ranks) {
    if (!ranks.empty()) best = std::min(best, ranks.front());
  });
  return best;
}

void KeywordIndex::All(Scratch& scratch, std::vector<Rank>& all) const {
  const KeyRange range = KeyRangeOf({scratch.folded.Codes(), scratch.folded.size()});
  const auto take = [&all](std::span<const Rank> ranks) { all.insert(all.end(), ranks.begin(), ranks.end()); };
  take(FindExact(scratch.folded, range));
  Scan(range, scratch, take);
}

}  // namespace yingda::rules
