// SPDX-License-Identifier: MIT
// The word lists that ship.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

class DefaultListTest : public testing::Test {
 protected:
  DefaultListTest() : loaded_(WordFilter::Load(YINGDA_SOURCE_DIR "/filters", report_)) {}

  LoadReport report_;
  base::Result<std::shared_ptr<const WordFilter>> loaded_;
  Scratch scratch_;
};

TEST_F(DefaultListTest, LoadsWithoutAWarning) {
  ASSERT_TRUE(loaded_) << loaded_.error().message;
  EXPECT_THAT(report_.warnings, testing::IsEmpty());
  EXPECT_EQ(report_.files, 2u);
}

TEST_F(DefaultListTest, DeniedWordsHaveAtLeastFourCharacters) {
  ASSERT_TRUE(loaded_);
  size_t denied = 0;
  for (uint32_t word = 0; word < (*loaded_)->WordCount(); ++word) {
    const WordInfo info = (*loaded_)->Info(word);
    denied += info.allow ? 0 : 1;
    EXPECT_TRUE(info.allow || FoldedCodes(info.text, FoldMode::kLetters).size() >= 4) << info.text;
  }
  EXPECT_GE(denied, 150u);
}

TEST_F(DefaultListTest, NeutralSentencesPass) {
  ASSERT_TRUE(loaded_);
  std::ifstream file(YINGDA_TEST_DATA "/neutral_sentences.txt");
  std::string sentence;
  size_t sentences = 0;
  while (std::getline(file, sentence)) {
    ++sentences;
    for (const Explanation& each : (*loaded_)->Explain(sentence, Direction::kInbound)) {
      ADD_FAILURE() << sentence << ": " << (*loaded_)->Describe(each, sentence);
    }
  }
  EXPECT_GE(sentences, 750u);
}

TEST_F(DefaultListTest, TheDemonstrationWordIsRefusedHoweverItIsWritten) {
  ASSERT_TRUE(loaded_);
  for (const char* text : {"推荐一个网络博彩平台", "網絡-博彩 平臺", "网😀络博彩平台", "网网网网络博彩平台"}) {
    EXPECT_EQ((*loaded_)->Check(text, Direction::kInbound, scratch_).level, Level::kBlock) << text;
  }
  EXPECT_EQ((*loaded_)->Check("请远离网络博彩平台", Direction::kInbound, scratch_).level, Level::kPass);
}

// What people say who mean no harm, and what short words of public lists would take offence at.
TEST_F(DefaultListTest, InnocentTextsPass) {
  ASSERT_TRUE(loaded_);
  for (const char* text :
       {"遇到大麻烦了",   "路口交通拥堵",       "他妈妈的手机响了", "Smoking kills",      "695 billion people",
        "five stars",     "Scunthorpe",         "白色情人节快乐",   "广播体操你会吗",     "三黄片一天三次",
        "女装和装修",     "classic assessment", "共产党宣言",       "怎么办理居住证",     "发票丢了怎么补开",
        "刷题平台有哪些", "毕业证丢了怎么办",   "彩票中奖怎么交税", "银行卡解冻要带什么", "如何防范刷单诈骗"}) {
    EXPECT_TRUE((*loaded_)->Check(text, Direction::kInbound, scratch_).hits.empty()) << text;
    EXPECT_TRUE((*loaded_)->Check(text, Direction::kOutbound, scratch_).hits.empty()) << text;
  }
}

}  // namespace
}  // namespace yingda::filter
