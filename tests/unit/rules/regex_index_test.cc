// SPDX-License-Identifier: MIT
#include "rules/regex_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <random>

#include "base/utf8.h"
#include "rules/regex_text.h"

namespace yingda::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RegexIndex::Entry Entry(Rank rank, const std::string& pattern) { return {rank, std::make_shared<Expression>(pattern)}; }

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
  const RegexIndex index(std::vector<RegexIndex::Entry>{});
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

// Which expressions are asked at all hangs on folded words; whatever RE2 takes for the same letter must fold alike.
TEST(RegexIndexTest, FindsEveryLetterInEachOfItsCases) {
  const re2::RE2 cased("[\\p{Lu}\\p{Ll}\\p{Lt}\\p{Nl}\\x{24B6}-\\x{24E9}\\x{345}]"), upper("\\p{Lu}");
  std::vector<RegexIndex::Entry> entries;
  re2::RE2::Options options = RegexOptions();
  options.set_max_mem(64 << 20);
  re2::RE2::Set reference(options, re2::RE2::UNANCHORED);
  std::vector<std::string> texts;
  for (char32_t code = 'A'; code < 0x1F200; ++code) {
    if (code >= 0x3000 && code < 0xA000) continue;  // nothing but Han, which has one case
    std::string letter;
    base::AppendUtf8(letter, code);
    if (!re2::RE2::FullMatch(letter, cased)) continue;
    texts.push_back(RegexText("款" + letter + "退"));
    if (re2::RE2::FullMatch(letter, upper)) continue;  // as an expression it is what its small letter is
    reference.Add(texts.back(), nullptr);
    entries.push_back(Entry(static_cast<Rank>(entries.size()), texts.back()));
  }
  ASSERT_TRUE(reference.Compile());
  const size_t expressions = entries.size();
  const RegexIndex index(std::move(entries));
  size_t found = 0;
  for (const std::string& text : texts) {
    std::vector<int> expected;
    reference.Match(text, &expected);
    std::sort(expected.begin(), expected.end());
    EXPECT_THAT(index.All(text), testing::ElementsAreArray(expected)) << text;
    found += expected.size();
  }
  EXPECT_GT(found, expressions * 3 / 2) << "most letters have two cases";
}

TEST(RegexIndexTest, FindsWhatALoopOverTheExpressionsFinds) {
  static constexpr const char* kPatterns[] = {
      "退款",      "运费",      "abc",          "É",    "ϲ",      "ſt", "K",        "  ",       "\\s*",  ".{0,3}",
      "号?",       "[甲乙丙]",  "(一|二三|)",   "\\d+", "^",      "$",  "(?-i:Kg)", "\\b",      "[^退]", "\u200B",
      "\\x{9000}", "\\Q.退\\E", "(?:款|費){2}", "\\pL", "\uFFFD", "Ⅳ",  "[款-费]",  "(退|款)+", "\\C",   "㎏",
      "|",         "。"};
  static constexpr const char* kTexts[] = {
      "退款",   "运费", "AbC",    "ａＢｃ", "é",      "Ϲ",  "ϲ",  "ſT",   "st", "\u212A", "kg",
      "\t ",    " ",    "\u3000", "号",     "甲",     "丙", "一", "二三", "７", "42",     "\n",
      "\u200B", "\xFF", "退",     ".退",    "款费費", "ⅳ",  "款", "㎏",   "KG", "。",     "\xE9\x80"};
  std::mt19937 random(7);
  const auto some = [&random](const auto& pieces) {
    std::string text;
    for (size_t left = 1 + random() % 5; left > 0; --left) text += pieces[random() % std::size(pieces)];
    return text;
  };
  std::vector<RegexIndex::Entry> entries;
  for (Rank i = 0; i < 400; ++i) {
    RegexIndex::Entry entry = Entry(i, some(kPatterns));
    if (entry.expression->ok()) entries.push_back(std::move(entry));
  }
  // Longer than any word that is searched for, and ending there within a character of two letters.
  entries.push_back(Entry(1000, std::string(63, 'x') + "㎏" + std::string(20, 'y')));
  const RegexIndex index(entries);
  size_t asked_one_by_one = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string text = i == 0 ? std::string(70, 'X') + "㎏" + std::string(20, 'Y') : some(kTexts);
    std::vector<Rank> expected;
    for (const RegexIndex::Entry& entry : entries) {
      if (entry.expression->Matches(RegexText(text))) expected.push_back(entry.rank);
    }
    EXPECT_THAT(index.All(RegexText(text)), testing::ElementsAreArray(expected)) << text;
    filter::FoldedText folded;
    folded.Fold(text, filter::FoldMode::kLiteral);
    RegexIndex::Scratch scratch;
    ASSERT_TRUE(index.MayMatch(folded, scratch) || expected.empty()) << text;
    EXPECT_THAT(index.All(RegexText(text), scratch), testing::ElementsAreArray(expected)) << text;

    // Of few expressions few are left to ask.
    std::vector<RegexIndex::Entry> few;
    for (int k = 0; k < 10; ++k) few.push_back(entries[random() % entries.size()]);
    const RegexIndex small(few);
    std::vector<Rank> of_few;
    for (const RegexIndex::Entry& entry : few) {
      if (entry.expression->Matches(RegexText(text))) of_few.push_back(entry.rank);
    }
    std::sort(of_few.begin(), of_few.end());
    const bool may_match = small.MayMatch(folded, scratch);
    ASSERT_TRUE(may_match || of_few.empty()) << text;
    if (!may_match) continue;
    EXPECT_THAT(small.All(RegexText(text), scratch), testing::ElementsAreArray(of_few)) << text;
    EXPECT_EQ(small.Best(RegexText(text), kNoRank, scratch), of_few.empty() ? kNoRank : of_few.front()) << text;
    asked_one_by_one += !scratch.many && !scratch.candidates.empty();
  }
  EXPECT_GT(asked_one_by_one, 40U);
}

TEST(RegexIndexTest, WhatIsAskedIsFewUnlessTheTextHoldsTheWordsOfMany) {
  std::vector<RegexIndex::Entry> entries;
  for (Rank i = 0; i < 100; ++i) entries.push_back(Entry(i, "(退款|退货)单" + std::to_string(i) + ".{0,5}运费"));
  entries.push_back(Entry(100, "订单.*(顺丰|圆通)"));
  const RegexIndex index(std::move(entries));
  filter::FoldedText folded;
  RegexIndex::Scratch scratch;
  const auto may_match = [&](std::string_view text) {
    folded.Fold(text, filter::FoldMode::kLiteral);
    return index.MayMatch(folded, scratch);
  };
  EXPECT_FALSE(may_match("退款和退货单，没有别的"));
  EXPECT_FALSE(may_match("訂單"));
  EXPECT_TRUE(may_match("訂單，用順豐"));
  EXPECT_THAT(scratch.candidates, testing::SizeIs(1));
  EXPECT_EQ(index.Best("订单，用顺丰", kNoRank, scratch), 100U);
  std::string all = "运费";
  for (int i = 0; i < 100; ++i) all += "退款单" + std::to_string(i);
  EXPECT_TRUE(may_match(all));
  EXPECT_TRUE(scratch.many);
  EXPECT_LE(scratch.candidates.size(), 4U) << "bounded";
  EXPECT_THAT(index.All(all + "运费", scratch), testing::Contains(99U));
}

TEST(RegexTextTest, OnlyFullWidthLettersAndDigitsChange) {
  EXPECT_EQ(RegexText("ＡｂＺ１２９，。國é"), "AbZ129，。國é");
  EXPECT_EQ(RegexText("\xFF"), "\uFFFD");
}

}  // namespace
}  // namespace yingda::rules
