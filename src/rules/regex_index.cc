// SPDX-License-Identifier: MIT
#include "rules/regex_index.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "rules/regex_text.h"

namespace yingda::rules {
namespace {

// Larger sets make RE2 run out of its memory and start over; smaller ones read the text more often.
constexpr size_t kChunkSize = 1000;
constexpr int64_t kSetMemoryBytes = int64_t{64} << 20;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct RegexIndex::Chunk {
  size_t first, count;
  std::unique_ptr<re2::RE2::Set> set;  // nullptr: one expression that does not fit into the memory of a set
};

RegexIndex::~RegexIndex() = default;

RegexIndex::RegexIndex(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.rank < b.rank; });
  for (size_t first = 0; first < entries_.size(); first += kChunkSize) {
    AddChunk(first, std::min(kChunkSize, entries_.size() - first));
  }
}

void RegexIndex::AddChunk(size_t first, size_t count) {
  re2::RE2::Options options = RegexOptions();
  options.set_max_mem(kSetMemoryBytes);
  auto set = std::make_unique<re2::RE2::Set>(options, re2::RE2::UNANCHORED);
  bool fits = true;
  for (size_t i = first; fits && i < first + count; ++i) {
    fits = set->Add(entries_[i].regex->pattern(), nullptr) >= 0;
  }
  if (fits && set->Compile()) {
    chunks_.push_back({first, count, std::move(set)});
  } else if (count == 1) {
    chunks_.push_back({first, count, nullptr});
  } else {
    AddChunk(first, count / 2);
    AddChunk(first + count / 2, count - count / 2);
  }
}

std::vector<Rank> RegexIndex::MatchChunk(const Chunk& chunk, std::string_view text) const {
  std::vector<Rank> ranks;
  if (chunk.set != nullptr) {
    re2::RE2::Set::ErrorInfo error{};
    // Mostly nothing matches, and to be told only that spares RE2 a table as large as the set.
    if (!chunk.set->Match(Piece(text), nullptr, &error) && error.kind == re2::RE2::Set::kNoError) return ranks;
    std::vector<int> matches;
    if (chunk.set->Match(Piece(text), &matches, &error)) {
      for (const int match : matches) ranks.push_back(entries_[chunk.first + static_cast<size_t>(match)].rank);
      std::sort(ranks.begin(), ranks.end());
      return ranks;
    }
    // "No match" and "out of memory" look the same but for this.
    if (error.kind == re2::RE2::Set::kNoError) return ranks;
  }
  for (size_t i = chunk.first; i < chunk.first + chunk.count; ++i) {
    if (re2::RE2::PartialMatch(Piece(text), *entries_[i].regex)) ranks.push_back(entries_[i].rank);
  }
  return ranks;
}

Rank RegexIndex::Best(std::string_view text, Rank below) const {
  for (const Chunk& chunk : chunks_) {
    if (entries_[chunk.first].rank >= below) break;
    const std::vector<Rank> ranks = MatchChunk(chunk, text);
    if (!ranks.empty()) return ranks.front() < below ? ranks.front() : kNoRank;
  }
  return kNoRank;
}

std::vector<Rank> RegexIndex::All(std::string_view text) const {
  std::vector<Rank> all;
  for (const Chunk& chunk : chunks_) {
    const std::vector<Rank> ranks = MatchChunk(chunk, text);
    all.insert(all.end(), ranks.begin(), ranks.end());
  }
  return all;
}

}  // namespace yingda::rules
