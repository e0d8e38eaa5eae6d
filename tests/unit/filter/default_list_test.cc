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
  EXPECT_GE(report_.words, 150u);
  EXPECT_EQ(report_.files, 2u);
}

TEST_F(DefaultListTest, DeniedWordsHaveAtLeastFourCharacters) {
  ASSERT_TRUE(loaded_);
  for (uint32_t word = 0; word < (*loaded_)->WordCount(); ++word) {
    const WordInfo info = (*loaded_)->Info(word);
    EXPECT_TRUE(info.allow || FoldedCodes(info.text, FoldMode::kLetters).size() >= 4) << info.text;
  }
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
  EXPECT_GE(sentences, 200u);
}

TEST_F(DefaultListTest, TheDemonstrationWordIsRefusedHoweverItIsWritten) {
  ASSERT_TRUE(loaded_);
  for (const char* text : {"推荐一个网络博彩平台", "網絡-博彩 平臺", "网😀络博彩平台", "网网网网络博彩平台"}) {
    EXPECT_EQ((*loaded_)->Check(text, Direction::kInbound, scratch_).level, Level::kBlock) << text;
  }
  EXPECT_EQ((*loaded_)->Check("请远离网络博彩平台", Direction::kInbound, scratch_).level, Level::kPass);
}

}  // namespace
}  // namespace yingda::filter
