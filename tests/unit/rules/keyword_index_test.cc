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
  scratch.folded.Fold(text, filter::FoldMode::kLiteral);
  index.All(scratch, all);
  return all;
}

Rank Best(const KeywordIndex& index, std::string_view text, KeywordIndex::Scratch& scratch) {
  scratch.folded.Fold(text, filter::FoldMode::kLiteral);
  return index.Best(scratch);
}

TEST(KeyRangeTest, IsWhatFoldedKeyMakes) {
  for (std::string_view text : {"", " ", "你好", "  你好。。 ", "？？", " ？ ", "a b ！？", "Ｃ＋＋", "…", "~",
                                "你，好，", "x\u200B", "a;", "a：", "。a", " 、", "①。"}) {
    filter::FoldedText folded;
    folded.Fold(text, filter::FoldMode::kLiteral);
    const KeyRange range = KeyRangeOf({folded.Codes(), folded.size()});
    std::string key;
    for (size_t i = range.begin; i < range.marks_end; ++i) base::AppendUtf8(key, folded[i]);
    EXPECT_EQ(key, filter::FoldedKey(text)) << text;
    EXPECT_LE(range.marks_end, range.end);
  }
}

TEST(CodeStringsTest, NumbersEachStringOnceAndFindsNoOther) {
  CodeStrings strings;
  EXPECT_EQ(strings.Find(U""), CodeStrings::kNone);
  for (char32_t i = 0; i < 10'000; ++i) ASSERT_EQ(strings.Add(std::u32string{U'x', i, i % 7}), i);
  EXPECT_EQ(strings.Add(U""), 10'000U);
  for (char32_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(strings.Add(std::u32string{U'x', i, i % 7}), i);
    ASSERT_EQ(strings.Find(std::u32string{U'x', i, i % 7}), i);
    ASSERT_EQ(strings.Find(std::u32string{U'x', i, i % 7 + 7}), CodeStrings::kNone);
  }
  EXPECT_EQ(strings.Find(U""), 10'000U);
  EXPECT_EQ(strings.Find(U"xxxx"), CodeStrings::kNone);
  EXPECT_EQ(strings.size(), 10'001U);
}

TEST(ListsTest, KeepTheOrderOfWhatGoesIn) {
  const Lists lists(4, {{2, 7}, {0, 1}, {2, 5}, {0, 1}});
  EXPECT_THAT(std::vector<uint32_t>(lists[0].begin(), lists[0].end()), testing::ElementsAre(1, 1));
  EXPECT_TRUE(lists[1].empty());
  EXPECT_THAT(std::vector<uint32_t>(lists[2].begin(), lists[2].end()), testing::ElementsAre(7, 5));
  EXPECT_TRUE(lists[3].empty());
}

TEST(KeywordIndexTest, TellsWhichKeywordsAreRepeated) {
  const KeywordIndex index(std::vector<KeywordIndex::Entry>{{0, MatchKind::kExact, {"ab"}},
                                                            {1, MatchKind::kExact, {"ＡＢ？"}},
                                                            {2, MatchKind::kPrefix, {"ab"}},
                                                            {3, MatchKind::kContains, {"ab?"}},
                                                            {4, MatchKind::kAllOf, {"ab"}},
                                                            {5, MatchKind::kAllOf, {"ab"}},
                                                            {6, MatchKind::kContains, {"AB？"}}});
  std::vector<std::vector<Rank>> repeated;
  index.ForEachRepeated([&](std::span<const Rank> ranks) { repeated.emplace_back(ranks.begin(), ranks.end()); });
  EXPECT_THAT(repeated, UnorderedElementsAre(testing::ElementsAre(0, 1), testing::ElementsAre(3, 6)));
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
  EXPECT_EQ(Best(index, "ab", scratch), 0U);
  EXPECT_EQ(Best(index, "xabx", scratch), 3U);
  EXPECT_EQ(Best(index, "a b", scratch), kNoRank);
}

TEST(KeywordIndexTest, AllOfNeedsEveryKeyword) {
  const KeywordIndex index(
      {{7, MatchKind::kAllOf, {"退货", "运费", "谁出"}}, {9, MatchKind::kAllOf, {"退货", "运费"}}});
  KeywordIndex::Scratch scratch;
  EXPECT_EQ(Best(index, "退货的运费谁出", scratch), 7U);
  EXPECT_EQ(Best(index, "运费和退货", scratch), 9U);
  EXPECT_EQ(Best(index, "退货退货", scratch), kNoRank);
}

TEST(KeywordIndexTest, AHundredThousandKeywordsInOnePass) {
  std::vector<std::string> words;
  for (int i = 0; i < 100000; ++i) words.push_back("词" + std::to_string(i) + "条");
  std::vector<KeywordIndex::Entry> entries;
  for (uint32_t i = 0; i < words.size(); ++i) entries.push_back({i, MatchKind::kContains, {words[i]}});
  const KeywordIndex index(entries);
  KeywordIndex::Scratch scratch;
  EXPECT_EQ(Best(index, "请问词99999条和词70000条", scratch), 70000U);
  EXPECT_EQ(Best(index, "请问词100000条", scratch), kNoRank);
}

}  // namespace
}  // namespace yingda::rules
