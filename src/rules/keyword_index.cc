// SPDX-License-Identifier: MIT
#include "rules/keyword_index.h"

#include <algorithm>
#include <span>

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

KeyRange KeyRangeOf(const FoldedText& text) {
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

class KeywordIndex::Builder {
 public:
  explicit Builder(KeywordIndex& index) : index_(index) {}

  void Add(const Entry& entry) {
    if (entry.kind == MatchKind::kExact) {
      const KeyRange range = Fold(entry.keywords.front());
      index_.exact_[Codes(range.begin, range.marks_end)].push_back(entry.rank);
      return;
    }
    index_.first_scanned_ = std::min(index_.first_scanned_, entry.rank);
    if (entry.kind == MatchKind::kAllOf) {
      AllOf all{entry.rank, {}};
      for (const std::string_view keyword : entry.keywords) all.strings.push_back(StringOf(keyword));
      std::sort(all.strings.begin(), all.strings.end());
      all.strings.erase(std::unique(all.strings.begin(), all.strings.end()), all.strings.end());
      for (const uint32_t string : all.strings) ++index_.strings_[string].all_of_uses;
      index_.all_of_.push_back(std::move(all));
      return;
    }
    String& string = index_.strings_[StringOf(entry.keywords.front())];
    (entry.kind == MatchKind::kPrefix   ? string.prefix
     : entry.kind == MatchKind::kSuffix ? string.suffix
                                        : string.contains)
        .push_back(entry.rank);
  }

  void Finish() {
    for (uint32_t i = 0; i < index_.all_of_.size(); ++i) {
      const std::vector<uint32_t>& strings = index_.all_of_[i].strings;
      const uint32_t rarest = *std::min_element(strings.begin(), strings.end(), [this](uint32_t a, uint32_t b) {
        return index_.strings_[a].all_of_uses < index_.strings_[b].all_of_uses;
      });
      index_.strings_[rarest].all_of.push_back(i);
    }
    index_.index_ = filter::PatternIndex::Build(patterns_, FoldMode::kLiteral);
  }

 private:
  KeyRange Fold(std::string_view text) {
    folded_.Fold(text, FoldMode::kLiteral);
    return KeyRangeOf(folded_);
  }
  std::u32string Codes(size_t begin, size_t end) const { return {folded_.Codes() + begin, end - begin}; }

  uint32_t StringOf(std::string_view keyword) {
    const KeyRange range = Fold(keyword);
    const auto [known, is_new] =
        known_.try_emplace(Codes(range.begin, range.end), static_cast<uint32_t>(index_.strings_.size()));
    if (is_new) {
      index_.strings_.emplace_back();
      if (range.end > range.begin) {
        const size_t first = folded_.Begin(range.begin);
        patterns_.push_back({keyword.substr(first, folded_.End(range.end - 1) - first), known->second});
      }
    }
    return known->second;
  }

  KeywordIndex& index_;
  FoldedText folded_;
  std::vector<filter::Pattern> patterns_;
  std::unordered_map<std::u32string, uint32_t> known_;
};

KeywordIndex::KeywordIndex(const std::vector<Entry>& entries) {
  Builder builder(*this);
  // In the order of ranks every list comes out sorted.
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) { return a->rank < b->rank; });
  for (const Entry* entry : sorted) builder.Add(*entry);
  builder.Finish();
}

const std::vector<Rank>* KeywordIndex::FindExact(const FoldedText& text, const KeyRange& range) const {
  const auto found = exact_.find(std::u32string_view(text.Codes() + range.begin, range.marks_end - range.begin));
  return found == exact_.end() ? nullptr : &found->second;
}

template <typename Take>
void KeywordIndex::Scan(const KeyRange& range, Scratch& scratch, const Take& take) const {
  scratch.hits.clear();
  scratch.strings.clear();
  index_.Scan(scratch.folded, scratch.scan, scratch.hits);
  for (const filter::PatternHit& hit : scratch.hits) {
    const String& string = strings_[hit.pattern];
    if (!string.contains.empty()) take(std::span<const Rank>(string.contains));
    if (!string.prefix.empty() && hit.first == range.begin) take(std::span<const Rank>(string.prefix));
    const bool at_end = hit.last == range.end || hit.last == range.marks_end;
    if (!string.suffix.empty() && at_end) take(std::span<const Rank>(string.suffix));
    if (string.all_of_uses > 0) scratch.strings.push_back(hit.pattern);
  }
  if (!scratch.strings.empty()) TakeAllOf(scratch, take);
}

template <typename Take>
void KeywordIndex::TakeAllOf(Scratch& scratch, const Take& take) const {
  std::vector<uint32_t>& strings = scratch.strings;
  std::sort(strings.begin(), strings.end());
  strings.erase(std::unique(strings.begin(), strings.end()), strings.end());
  for (const uint32_t string : strings) {
    for (const uint32_t candidate : strings_[string].all_of) {
      const AllOf& all = all_of_[candidate];
      if (std::includes(strings.begin(), strings.end(), all.strings.begin(), all.strings.end())) {
        take(std::span<const Rank>(&all.rank, 1));
      }
    }
  }
}

Rank KeywordIndex::Best(std::string_view text, Scratch& scratch) const {
  scratch.folded.Fold(text, FoldMode::kLiteral);
  const KeyRange range = KeyRangeOf(scratch.folded);
  Rank best = kNoRank;
  if (const std::vector<Rank>* exact = FindExact(scratch.folded, range)) best = exact->front();
  if (best < first_scanned_) return best;
  Scan(range, scratch, [&best](std::span<const Rank> ranks) { best = std::min(best, ranks.front()); });
  return best;
}

void KeywordIndex::All(std::string_view text, Scratch& scratch, std::vector<Rank>& all) const {
  scratch.folded.Fold(text, FoldMode::kLiteral);
  const KeyRange range = KeyRangeOf(scratch.folded);
  if (const std::vector<Rank>* exact = FindExact(scratch.folded, range)) {
    all.insert(all.end(), exact->begin(), exact->end());
  }
  Scan(range, scratch, [&all](std::span<const Rank> ranks) { all.insert(all.end(), ranks.begin(), ranks.end()); });
}

}  // namespace yingda::rules
