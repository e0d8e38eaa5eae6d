// SPDX-License-Identifier: MIT
// Any bytes as a word list: parsing and building must survive them, and every word that was accepted must be found in
// itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "filter/word_filter.h"

using yingda::filter::Direction;
using yingda::filter::Explanation;
using yingda::filter::ParseWordList;
using yingda::filter::WordFilter;
using yingda::filter::WordList;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const WordList list = ParseWordList(content, "deny/fuzz.txt", false);
  const auto filter = WordFilter::FromLists({list});
  for (uint32_t word = 0; word < std::min<size_t>(list.words.size(), 50); ++word) {
    const auto seen = filter->Explain(list.words[word].text, Direction::kInbound);
    const bool found = std::any_of(seen.begin(), seen.end(), [&](const Explanation& e) { return e.hit.word == word; });
    if (!found) std::abort();
    for (const Explanation& each : seen) filter->Describe(each, list.words[word].text);
  }
  return 0;
}
