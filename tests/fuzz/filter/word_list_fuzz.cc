// SPDX-License-Identifier: MIT
// Any bytes as a word list: parsing and building must survive them, and every word that was accepted must be found in
// itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "filter/word_filter.h"

using yingda::filter::Direction;
using yingda::filter::Explanation;
using yingda::filter::ParseWordList;
using yingda::filter::WordFilter;
using yingda::filter::WordList;

namespace {

// A text that the word must be found in: a letter for each wildcard, and all parts.
std::string Sample(const yingda::filter::ListedWord& word) {
  if (word.parts.empty()) return word.text;
  std::string sample;
  for (const yingda::filter::WordPart& part : word.parts) {
    if (!sample.empty()) sample += "，";
    for (size_t at = 0; at < part.size(); ++at) sample += (at > 0 ? "字" : "") + part[at];
  }
  return sample;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const WordList list = ParseWordList(content, "deny/fuzz.txt", false);
  const auto filter = WordFilter::FromLists({list});
  for (uint32_t word = 0; word < std::min<size_t>(list.words.size(), 50); ++word) {
    const std::string sample = Sample(list.words[word]);
    const auto seen = filter->Explain(sample, Direction::kInbound);
    const bool found = std::any_of(seen.begin(), seen.end(), [&](const Explanation& e) { return e.hit.word == word; });
    if (!found) std::abort();
    for (const Explanation& each : seen) filter->Describe(each, sample);
  }
  return 0;
}
