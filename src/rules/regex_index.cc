// SPDX-License-Identifier: MIT
#include "rules/regex_index.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <utility>

#include "rules/code_strings.h"
#include "rules/regex_text.h"

namespace yingda::rules {
namespace {

// More do not go into one set: its automaton would not fit into kSetMemoryBytes while it runs.
constexpr size_t kChunkSize = 1000;
constexpr int64_t kSetMemoryBytes = int64_t{64} << 20;

// One expression reads the text faster than a set does; this many take about as long.
constexpr size_t kFewExpressions = 4;
// Single letters and digits occur in nearly every message: they are not worth looking for.
constexpr size_t kMinWordBytes = 2;
// Beyond that, words are not weighed against each other: any of them makes the expression a candidate.
constexpr size_t kMaxWeighed = 16;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

/// The codes of a word that folded texts can be searched for, or nothing. Wherever RE2 finds the word in any case,
/// these occur in the folded text, as folding goes by character and makes the cases equal.
std::u32string Searchable(const std::string& word, filter::FoldedText& folded) {
  // The one letter of which folding keeps two cases apart.
  if (word.size() < kMinWordBytes || word.find("\u03F2") != std::string::npos) return {};
  folded.Fold(word, filter::FoldMode::kLiteral);
  return {folded.Codes(), std::min(folded.size(), filter::PatternIndex::kMaxCodes)};
}

/// Words of which every match contains at least one, as few and as long as can be; none if there are none.
std::vector<std::u32string> NeededWords(const Expression& expression) {
  filter::FoldedText folded;
  std::vector<std::u32string> words;
  for (const std::string& word : expression.Words()) words.push_back(Searchable(word, folded));
  std::vector<int> others;  // whether they occur does not matter
  std::vector<size_t> needed;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].empty()) {
      others.push_back(static_cast<int>(i));
    } else {
      needed.push_back(i);
    }
  }
  if (expression.MayMatch(others)) return {};
  // A match contains one of `needed` as long as it cannot do with `others` alone.
  std::stable_sort(needed.begin(), needed.end(), [&](size_t a, size_t b) { return words[a].size() > words[b].size(); });
  for (size_t at = needed.size(), tries = kMaxWeighed; at-- > 0 && needed.size() > 1 && tries-- > 0;) {
    others.push_back(static_cast<int>(needed[at]));
    if (expression.MayMatch(others)) {
      others.pop_back();
    } else {
      needed.erase(needed.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  std::vector<std::u32string> chosen;
  for (const size_t i : needed) chosen.push_back(std::move(words[i]));
  return chosen;
}

}  // namespace

struct RegexIndex::Chunk {
  size_t first, count;
  std::unique_ptr<re2::RE2::Set> set;  // nullptr: few, or one that does not fit into the memory of a set
};

/// Collects the words of expressions.
class RegexIndex::Words {
 public:
  /// Whether the expression can be found by its words.
  bool Add(const Expression& expression) {
    std::vector<std::u32string> words = NeededWords(expression);
    if (words.empty() || strings_.size() + words.size() > filter::PatternIndex::kMaxPatterns) return false;
    for (const std::u32string& word : words) items_.push_back({strings_.Add(word), next_});
    ++next_;
    return true;
  }

  /// `first`: the entry that was added first.
  void Finish(uint32_t first, RegexIndex& index) {
    for (Lists::Item& item : items_) item.value += first;
    index.entries_of_word_ = Lists(strings_.size(), items_);
    std::vector<filter::FoldedPattern> patterns;
    for (uint32_t i = 0; i < strings_.size(); ++i) patterns.push_back({strings_[i], i});
    index.words_ = filter::PatternIndex::Build(patterns, filter::FoldMode::kLiteral);
  }

 private:
  CodeStrings strings_;
  std::vector<Lists::Item> items_;
  uint32_t next_ = 0;
};

RegexIndex::RegexIndex() = default;
RegexIndex::RegexIndex(RegexIndex&&) noexcept = default;
RegexIndex& RegexIndex::operator=(RegexIndex&&) noexcept = default;
RegexIndex::~RegexIndex() = default;

RegexIndex::RegexIndex(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.rank < b.rank; });
  if (!entries.empty()) first_ = entries.front().rank;
  Words words;
  std::vector<Entry> with_words;
  for (Entry& entry : entries) (words.Add(*entry.expression) ? with_words : entries_).push_back(std::move(entry));
  const size_t always = entries_.size();
  std::move(with_words.begin(), with_words.end(), std::back_inserter(entries_));
  words.Finish(static_cast<uint32_t>(always), *this);
  AddChunks(0, always, always_);
  AddChunks(always, entries_.size(), with_words_);
}

void RegexIndex::AddChunks(size_t first, size_t last, std::vector<Chunk>& chunks) {
  for (; first < last; first += kChunkSize) AddChunk(first, std::min(kChunkSize, last - first), chunks);
}

void RegexIndex::AddChunk(size_t first, size_t count, std::vector<Chunk>& chunks) {
  if (count <= kFewExpressions) {
    chunks.push_back({first, count, nullptr});
    return;
  }
  re2::RE2::Options options = RegexOptions();
  options.set_max_mem(kSetMemoryBytes);
  auto set = std::make_unique<re2::RE2::Set>(options, re2::RE2::UNANCHORED);
  bool fits = true;
  for (size_t i = first; i < first + count && fits; ++i) {
    fits = set->Add(entries_[i].expression->Engine().pattern(), nullptr) >= 0;
  }
  if (fits && set->Compile()) {
    chunks.push_back({first, count, std::move(set)});
  } else {
    AddChunk(first, count / 2, chunks);
    AddChunk(first + count / 2, count - count / 2, chunks);
  }
}

bool RegexIndex::MayMatch(const filter::FoldedText& folded, Scratch& scratch) const {
  scratch.hits.clear();
  scratch.candidates.clear();
  scratch.many = false;
  words_.Scan(folded, scratch.scan, scratch.hits);
  for (const filter::PatternHit& hit : scratch.hits) {
    for (const uint32_t entry : entries_of_word_[hit.pattern]) {
      if (std::find(scratch.candidates.begin(), scratch.candidates.end(), entry) != scratch.candidates.end()) continue;
      scratch.many = scratch.candidates.size() == kFewExpressions;
      if (scratch.many) return true;
      scratch.candidates.push_back(entry);
    }
  }
  std::sort(scratch.candidates.begin(), scratch.candidates.end());
  return !always_.empty() || !scratch.candidates.empty();
}

/// Whether the set could tell which of its expressions match, by place in the chunk, sorted.
bool RegexIndex::MatchSet(const Chunk& chunk, std::string_view text, std::vector<int>& places) const {
  if (chunk.set == nullptr) return false;
  re2::RE2::Set::ErrorInfo error{};
  // Mostly nothing matches, and to be told only that spares RE2 a table as large as the set.
  const bool any = chunk.set->Match(Piece(text), nullptr, &error);
  if (any) chunk.set->Match(Piece(text), &places, &error);
  std::sort(places.begin(), places.end());
  // "No match" and "out of memory" look the same but for this.
  return error.kind == re2::RE2::Set::kNoError;
}

Rank RegexIndex::BestOf(const Chunk& chunk, std::string_view text, Rank below) const {
  if (entries_[chunk.first].rank >= below) return below;
  std::vector<int> places;
  if (MatchSet(chunk, text, places)) {
    return places.empty() ? below : std::min(below, entries_[chunk.first + static_cast<size_t>(places.front())].rank);
  }
  for (size_t i = chunk.first; i < chunk.first + chunk.count && entries_[i].rank < below; ++i) {
    if (entries_[i].expression->Matches(text)) return entries_[i].rank;
  }
  return below;
}

void RegexIndex::AllOf(const Chunk& chunk, std::string_view text, std::vector<Rank>& all) const {
  std::vector<int> places;
  if (MatchSet(chunk, text, places)) {
    for (const int place : places) all.push_back(entries_[chunk.first + static_cast<size_t>(place)].rank);
    return;
  }
  for (size_t i = chunk.first; i < chunk.first + chunk.count; ++i) {
    if (entries_[i].expression->Matches(text)) all.push_back(entries_[i].rank);
  }
}

Rank RegexIndex::Best(std::string_view text, Rank below, const Scratch& scratch) const {
  Rank best = below;
  for (const Chunk& chunk : always_) best = BestOf(chunk, text, best);
  if (scratch.many) {
    for (const Chunk& chunk : with_words_) best = BestOf(chunk, text, best);
  } else {
    for (const uint32_t candidate : scratch.candidates) {
      const Entry& entry = entries_[candidate];
      if (entry.rank < best && entry.expression->Matches(text)) best = entry.rank;
    }
  }
  return best < below ? best : kNoRank;
}

std::vector<Rank> RegexIndex::All(std::string_view text, const Scratch& scratch) const {
  std::vector<Rank> all;
  for (const Chunk& chunk : always_) AllOf(chunk, text, all);
  if (scratch.many) {
    for (const Chunk& chunk : with_words_) AllOf(chunk, text, all);
  } else {
    for (const uint32_t candidate : scratch.candidates) {
      if (entries_[candidate].expression->Matches(text)) all.push_back(entries_[candidate].rank);
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

Rank RegexIndex::Best(std::string_view text, Rank below) const {
  filter::FoldedText folded;
  folded.Fold(text, filter::FoldMode::kLiteral);
  Scratch scratch;
  return MayMatch(folded, scratch) ? Best(text, below, scratch) : kNoRank;
}

std::vector<Rank> RegexIndex::All(std::string_view text) const {
  filter::FoldedText folded;
  folded.Fold(text, filter::FoldMode::kLiteral);
  Scratch scratch;
  return MayMatch(folded, scratch) ? All(text, scratch) : std::vector<Rank>();
}

}  // namespace yingda::rules
