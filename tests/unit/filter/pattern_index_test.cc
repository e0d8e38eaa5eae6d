// SPDX-License-Identifier: MIT
#include "filter/pattern_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace yingda::filter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "pattern@first-last" for every hit.
std::vector<std::string> Find(const std::vector<std::string>& words, const std::string& text,
                              FoldMode mode = FoldMode::kLetters, bool stretched = false) {
  std::vector<Pattern> patterns;
  for (uint32_t id = 0; id < words.size(); ++id) patterns.push_back({words[id], id});
  const PatternIndex index = PatternIndex::Build(patterns, mode);
  FoldedText folded;
  folded.Fold(text, mode);
  ScanScratch scratch;
  std::vector<PatternHit> hits;
  if (stretched) {
    index.ScanStretched(folded, hits);
  } else {
    index.Scan(folded, scratch, hits);
  }
  std::vector<std::string> out;
  for (const PatternHit& hit : hits) {
    out.push_back(words[hit.pattern] + "@" + std::to_string(hit.first) + "-" + std::to_string(hit.last));
  }
  return out;
}

TEST(PatternIndexTest, ReportsOverlappingAndNestedPatternsInOrder) {
  EXPECT_THAT(Find({"sex", "sexy", "exy"}, "sexy"), ElementsAre("sex@0-3", "sexy@0-4", "exy@1-4"));
  EXPECT_THAT(Find({"我的", "我的世界", "的世"}, "在我的世界"), ElementsAre("我的@1-3", "我的世界@1-5", "的世@2-4"));
  EXPECT_THAT(Find({"aa"}, "aaaa"), ElementsAre("aa@0-2", "aa@1-3", "aa@2-4"));
}

TEST(PatternIndexTest, PatternsOfOneCharacterAreFoundAmongLongerOnes) {
  EXPECT_THAT(Find({"操", "操场"}, "操场操"), ElementsAre("操@0-1", "操场@0-2", "操@2-3"));
}

TEST(PatternIndexTest, EveryPatternThatFoldsAlikeIsReported) {
  EXPECT_THAT(Find({"賭博", "赌博", "赌-博"}, "赌博"), ElementsAre("賭博@0-2", "赌博@0-2", "赌-博@0-2"));
}

TEST(PatternIndexTest, WhatCannotMatchMatchesNothing) {
  const std::string long_word(PatternIndex::kMaxCodes + 1, 'a');
  EXPECT_THAT(Find({"", "...", long_word}, long_word), IsEmpty());
  EXPECT_FALSE(PatternIndex::CanMatch("", FoldMode::kLetters));
  EXPECT_FALSE(PatternIndex::CanMatch("...", FoldMode::kLetters));
  EXPECT_TRUE(PatternIndex::CanMatch("...", FoldMode::kLiteral));
  EXPECT_FALSE(PatternIndex::CanMatch(long_word, FoldMode::kLetters));
  EXPECT_THAT(Find({}, "abc"), IsEmpty());
  EXPECT_THAT(Find({"abc"}, ""), IsEmpty());
}

TEST(PatternIndexTest, TheLongestPatternIsFound) {
  const std::string word = std::string(PatternIndex::kMaxCodes - 1, 'a') + "b";
  EXPECT_THAT(Find({word}, "x" + word + "y"), ElementsAre(word + "@1-65"));
}

TEST(PatternIndexTest, LiteralModeTellsSymbolsApart) {
  EXPECT_THAT(Find({"c++", "c#"}, "Ｃ＋＋ or C#", FoldMode::kLiteral), ElementsAre("c++@0-3", "c#@7-9"));
}

TEST(PatternIndexTest, CharactersBeyondTheBasicPlaneArePatternsToo) {
  EXPECT_THAT(Find({"𠮷野家", "😀😀"}, "去𠮷野家"), ElementsAre("𠮷野家@1-4"));
  EXPECT_THAT(Find({"😀😀"}, "好😀😀", FoldMode::kLiteral), ElementsAre("😀😀@1-3"));
}

TEST(PatternIndexTest, ThreeOrMoreEqualCharactersStandForFewer) {
  const auto stretched = [](const std::vector<std::string>& words, const std::string& text) {
    return Find(words, text, FoldMode::kLetters, true);
  };
  EXPECT_THAT(stretched({"fuck"}, "fuuuck"), ElementsAre("fuck@0-6"));
  EXPECT_THAT(stretched({"网络赌博"}, "网网网络络络络赌博博"), ElementsAre("网络赌博@0-9", "网络赌博@2-9"));
  EXPECT_THAT(stretched({"傻逼"}, "傻逼逼逼"), ElementsAre("傻逼@0-4"));
  EXPECT_THAT(stretched({"傻逼"}, "哈哈傻傻傻逼"), ElementsAre("傻逼@2-6"));
  EXPECT_THAT(stretched({"哈傻逼"}, "哈哈傻傻傻逼"), ElementsAre("哈傻逼@1-6"));
  EXPECT_THAT(stretched({"god", "他妈的"}, "good 他妈妈的"), IsEmpty());
  EXPECT_THAT(stretched({"110"}, "11110"), IsEmpty());
  EXPECT_THAT(stretched({"ash", "asshole"}, "assshole"), ElementsAre("ash@0-5", "asshole@0-8"));
  EXPECT_THAT(stretched({"fuck"}, "fuck"), IsEmpty());
}

TEST(PatternIndexTest, PatternsMadeToMatchEverywhereCostABoundedWalk) {
  std::vector<std::string> words;
  for (size_t length = 2; length < PatternIndex::kMaxCodes; ++length) words.push_back(std::string(length, 'a') + "b");
  std::vector<Pattern> patterns;
  for (const std::string& word : words) patterns.push_back({word, 0});
  const PatternIndex index = PatternIndex::Build(patterns, FoldMode::kLetters);
  FoldedText folded;
  ScanScratch scratch;
  std::vector<PatternHit> hits;
  for (const std::string& text : {std::string(60'000, 'a'), std::string(60'000, 'a') + "b"}) {
    folded.Fold(text, FoldMode::kLetters);
    const auto start = std::chrono::steady_clock::now();
    index.Scan(folded, scratch, hits);
    index.ScanStretched(folded, hits);
    // 4 million steps; a quadratic walk would take minutes.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  }
}

TEST(PatternIndexTest, AHundredThousandPatternsAreAllFound) {
  std::vector<std::string> words;
  std::string text;
  for (int at = 0; at < 100'000; ++at) words.push_back("w" + std::to_string(at) + "z");
  std::vector<Pattern> patterns;
  for (uint32_t id = 0; id < words.size(); ++id) patterns.push_back({words[id], id});
  const PatternIndex index = PatternIndex::Build(patterns, FoldMode::kLetters);
  FoldedText folded;
  ScanScratch scratch;
  std::vector<PatternHit> hits;
  for (uint32_t id = 0; id < words.size(); ++id) {
    hits.clear();
    folded.Fold(words[id], FoldMode::kLetters);
    index.Scan(folded, scratch, hits);
    ASSERT_EQ(hits.size(), 1u);
    ASSERT_EQ(hits[0].pattern, id);
    ASSERT_EQ(hits[0].last, folded.size());
  }
  EXPECT_LT(index.MemoryBytes(), 8u << 20);
}

}  // namespace
}  // namespace yingda::filter
