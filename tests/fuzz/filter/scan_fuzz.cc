// SPDX-License-Identifier: MIT
// Any bytes as a message: hits lie within it, in order, on whole characters, and masking leaves nothing to mask.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "filter/word_filter.h"

using namespace yingda;
using filter::Direction;
using filter::Scratch;
using filter::Verdict;
using filter::WordFilter;
using filter::WordHit;

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

size_t Characters(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += base::DecodeUtf8(text, at).length) ++count;
  return count;
}

const WordFilter& Filter() {
  filter::Options options;
  for (const filter::DetectorKind kind :
       {filter::DetectorKind::kUrl, filter::DetectorKind::kEmail, filter::DetectorKind::kPhone,
        filter::DetectorKind::kDigits, filter::DetectorKind::kWechatId}) {
    options.detectors.push_back({kind, {}, 8});
  }
  static const auto words = WordFilter::FromLists(
      {filter::ParseWordList(
           "赌博\n傻逼\n迷?药\n1??2 && "
           "药|=short\nfuck\n69\n12345\n二二\n+v\n@@@@\n㎏克\nkg\naab|=raw\naabb|=raw\nab|=word\n操|=short\n𠮷野家\n",
           "deny/fuzz.txt", false),
       filter::ParseWordList("不赌博\n@@@@@\n体操\n", "allow/fuzz.txt", true)},
      options);
  return *words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static Scratch scratch;
  const Verdict verdict = Filter().Check(text, Direction::kInbound, scratch);
  size_t before = 0;
  for (const WordHit& hit : verdict.hits) {
    Require(before <= hit.begin && hit.begin < hit.end && hit.end <= text.size());
    // A whole number of characters before, inside and behind: cutting there splits none.
    Require(Characters(text) == Characters(text.substr(0, hit.begin)) +
                                    Characters(text.substr(hit.begin, hit.end - hit.begin)) +
                                    Characters(text.substr(hit.end)));
    before = hit.begin;
  }
  const std::string masked = Filter().Mask(text, verdict);
  Require(Characters(masked) == Characters(text));
  Require(verdict.hits.empty() == (masked == text) || text.find(filter::kMaskCharacter) != std::string_view::npos);
  Require(Filter().Check(masked, Direction::kInbound, scratch).level < filter::Level::kMask);
  filter::FoldedKey(text);
  return 0;
}
