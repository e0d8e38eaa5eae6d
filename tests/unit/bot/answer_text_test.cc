// SPDX-License-Identifier: MIT
#include "bot/answer_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yingda::bot {
namespace {

using ::testing::HasSubstr;

TEST(AnswerTextTest, ShortAnswerIsThePageItself) {
  const CutReply page = FirstPage("你好。", {}, 2047);
  EXPECT_EQ(page.text, "你好。");
  EXPECT_EQ(page.taken_bytes, std::string("你好。").size());
}

TEST(AnswerTextTest, LongAnswerKeepsTheLimitWithItsHint) {
  std::string answer;
  for (int i = 0; i < 400; ++i) answer += "一句不长不短的话。";
  const Texts texts;
  std::string joined;
  std::string_view rest = answer;
  while (!rest.empty()) {
    const CutReply page = FirstPage(rest, texts, 2047);
    EXPECT_LE(page.text.size(), 2047u);
    ASSERT_GT(page.taken_bytes, 0u);
    joined += rest.substr(0, page.taken_bytes);
    rest.remove_prefix(page.taken_bytes);
  }
  EXPECT_EQ(joined, answer);
}

TEST(AnswerTextTest, OnlyWholeSentencesAreGivable) {
  const std::string said = "第一句。第二句。第三";
  EXPECT_EQ(GivableBytes(said, {}, 2047), std::string("第一句。第二句。").size());
  EXPECT_EQ(GivableBytes("还没有说完", {}, 2047), 0u);
  EXPECT_EQ(GivableBytes("", {}, 2047), 0u);
}

TEST(AnswerTextTest, PartWithoutSentencesIsTheThinkingText) {
  const Texts texts;
  EXPECT_THAT(PartReply("", texts), ::testing::StartsWith(texts.thinking));
  EXPECT_THAT(PartReply("", texts), HasSubstr(texts.continue_hint));
  EXPECT_THAT(PartReply("第一句。", texts), ::testing::StartsWith("第一句。"));
}

TEST(AnswerTextTest, LabelShortensTheQuestionAtACharacter) {
  EXPECT_EQ(LateLabel(" 几点\n开门 ", {}), "关于“几点 开门”：\n");
  const std::string label = LateLabel(std::string(300, 'x') + "尾", {});
  EXPECT_THAT(label, HasSubstr("…"));
  EXPECT_LT(label.size(), 120u);
}

TEST(AnswerTextTest, EveryFailureHasAKindText) {
  const Texts texts;
  for (const auto failure :
       {model::ChatFailure::kTimeout, model::ChatFailure::kUnreachable, model::ChatFailure::kRateLimited,
        model::ChatFailure::kRefused, model::ChatFailure::kContentPolicy, model::ChatFailure::kBadAnswer,
        model::ChatFailure::kEmpty, model::ChatFailure::kOverloaded, model::ChatFailure::kCancelled}) {
    EXPECT_FALSE(FailureText(failure, texts).empty());
  }
}

}  // namespace
}  // namespace yingda::bot
