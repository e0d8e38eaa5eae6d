// SPDX-License-Identifier: MIT
#include "rules/keyword_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace yingda::rules {
namespace {

using testing::UnorderedElementsAre;

std::vector<Rank> AllRanks(const KeywordIndex& index, std::string_view text, KeywordIndex::Scratch& scratch) {
  std::vector<Rank> all;
  index.All(text, scratch, all);
  return all;
}

TEST(KeyRangeTest, IsWhatFoldedKeyMakes) {
  for (std::string_view text : {"", " ", "你好", "  你好。。 ", "？？", " ？ ", "a b ！？", "Ｃ＋＋", "…", "~",
                                "你，好，", "x\u200B", "a;", "a：", "。a", " 、", "①。"}) {
    filter::FoldedText folded;
    folded.Fold(text, filter::FoldMode::kLiteral);
    const KeyRange range = KeyRangeOf(folded);
    std::string key;
    for (size_t i = range.begin; i < range.marks_end; ++i) base::AppendUtf8(key, folded[i]);
    EXPECT_EQ(key, filter::FoldedKey(text)) << text;
    EXPECT_LE(range.marks_end, range.end);
  }
}

TEST(KeywordIndexTest, ReportsEveryKindThatHangsOnOneWord) {
  const KeywordIndex index({{0, MatchKind::kExact, {"ab"}},
                            {1, MatchKind::kPrefix, {"ab"}},
                            {2, MatchKind::kSuffix, {"AB"}},
                            {3, MatchKind::kContains, {"ab"}},
                            {4, MatchKind::kAllOf, {"ab", "ab"}}});
  KeywordIndex::Scratch scratch;
  EXPECT_THAT(AllRanks(index, "ab", scratch), UnorderedElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(AllRanks(index, "abc", scratch), UnorderedElementsAre(1, 3, 4));
  EXPECT_THAT(AllRanks(index, "cab?", scratch), UnorderedElementsAre(2, 3, 4));
  EXPECT_EQ(index.Best("ab", scratch), 0U);
  EXPECT_EQ(index.Best("xabx", scratch), 3U);
  EXPECT_EQ(index.Best("a b", scratch), kNoRank);
}

TEST(KeywordIndexTest, AllOfNeedsEveryKeyword) {
  const KeywordIndex index(
      {{7, MatchKind::kAllOf, {"退货", "运费", "谁出"}}, {9, MatchKind::kAllOf, {"退货", "运费"}}});
  KeywordIndex::Scratch scratch;
  EXPECT_EQ(index.Best("退货的运费谁出", scratch), 7U);
  EXPECT_EQ(index.Best("运费和退货", scratch), 9U);
  EXPECT_EQ(index.Best("退货退货", scratch), kNoRank);
}

TEST(KeywordIndexTest, AHundredThousandKeywordsInOnePass) {
  std::vector<std::string> words;
  for (int i = 0; i < 100000; ++i) words.push_back("词" + std::to_string(i) + "条");
  std::vector<KeywordIndex::Entry> entries;
  for (uint32_t i = 0; i < words.size(); ++i) entries.push_back({i, MatchKind::kContains, {words[i]}});
  const KeywordIndex index(entries);
  KeywordIndex::Scratch scratch;
  EXPECT_EQ(index.Best("请问词99999条和词70000条", scratch), 70000U);
  EXPECT_EQ(index.Best("请问词100000条", scratch), kNoRank);
}

}  // namespace
}  // namespace yingda::rules
