// SPDX-License-Identifier: MIT
#include "rules/regex_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

#include "rules/regex_text.h"

namespace yingda::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RegexIndex::Entry Entry(Rank rank, const std::string& pattern) {
  return {rank, std::make_shared<re2::RE2>(pattern, RegexOptions())};
}

// LangBot #2443: with more than 64 expressions the bot answered nobody any more.
TEST(RegexIndexTest, FindsTheFirstOfSeveralChunks) {
  std::vector<RegexIndex::Entry> entries;
  for (Rank i = 2500; i-- > 0;) entries.push_back(Entry(i * 2, "n" + std::to_string(i) + "[a-z]"));
  const RegexIndex index(std::move(entries));
  EXPECT_EQ(index.First(), 0U);
  EXPECT_EQ(index.Best("n2400x n1200y", kNoRank), 2400U);
  EXPECT_EQ(index.Best("n2400x n1200y", 2400), kNoRank);
  EXPECT_THAT(index.All("n2400x n1200y n3z"), ElementsAre(6, 2400, 4800));
  EXPECT_THAT(index.All("n2400"), IsEmpty());
}

TEST(RegexIndexTest, WithoutExpressionsNothingMatches) {
  const RegexIndex index({});
  EXPECT_EQ(index.First(), kNoRank);
  EXPECT_EQ(index.Best("x", kNoRank), kNoRank);
}

// re2 #136, go-re2 #268: that a set runs out of memory looks like no match.
TEST(RegexIndexTest, ExpressionsTooLargeForOneSetStillMatch) {
  // So many counted repetitions of a large class do not fit into the memory of one set.
  std::vector<RegexIndex::Entry> entries;
  for (Rank i = 0; i < 60; ++i) entries.push_back(Entry(i, "\\pL{2,20}x" + std::to_string(i) + "$"));
  const RegexIndex index(std::move(entries));
  EXPECT_THAT(index.All(std::string(300, 'a') + "x47"), ElementsAre(47));
}

TEST(RegexTextTest, OnlyFullWidthLettersAndDigitsChange) {
  EXPECT_EQ(RegexText("ＡｂＺ１２９，。國é"), "AbZ129，。國é");
  EXPECT_EQ(RegexText("\xFF"), "\uFFFD");
}

}  // namespace
}  // namespace yingda::rules
