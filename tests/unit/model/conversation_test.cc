// SPDX-License-Identifier: MIT
#include "model/conversation.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace yingda::model {
namespace {

std::vector<ChatMessage> Pairs(int count, const std::string& text = "你好你好") {
  std::vector<ChatMessage> turns;
  for (int i = 0; i < count; ++i) {
    turns.push_back({"user", std::to_string(i) + text});
    turns.push_back({"assistant", text + std::to_string(i)});
  }
  return turns;
}

TEST(ConversationTest, EstimatesTokensRatherTooHigh) {
  struct Case {
    const char* text;
    int want;
  };
  for (const Case& c : {Case{"", 0}, Case{"你好", 2}, Case{"hello", 2}, Case{"hi there", 3}, Case{"2026", 4},
                        Case{"你好，world!", 6}, Case{"😀", 3}, Case{"a b c", 3}}) {
    EXPECT_EQ(EstimateTokens(std::string_view(c.text)), c.want) << c.text;
  }
  EXPECT_EQ(EstimateTokens(ChatMessage{"user", "你好"}), 6);
}

TEST(ConversationTest, EveryCharacterCountsTheSameAmongCommonOnesAndBroken) {
  for (char32_t c = 0x2E80; c <= 0x9FFF; ++c) {
    std::string text;
    base::AppendUtf8(text, c);
    ASSERT_EQ(EstimateTokens(text), 1) << std::hex << static_cast<uint32_t>(c);
  }
  // A character that is cut short counts as what cannot be read, and takes nothing of what follows with it.
  const std::string cut("\xE4\xBD");
  EXPECT_EQ(EstimateTokens(cut), EstimateTokens("\xE0\xBD"));
  EXPECT_EQ(EstimateTokens(cut + "你好"), EstimateTokens(cut + "2") + 1);
  EXPECT_EQ(EstimateTokens(cut + "ab"), EstimateTokens(cut + "2"));
}

TEST(ConversationTest, KeepsSystemPromptNewestTurnsAndQuestion) {
  ConversationBudget budget;
  budget.prompt_tokens = 60;
  const auto messages = FitHistory("你是助手", Pairs(5), "再见", budget);
  ASSERT_EQ(messages.size(), 6U);
  EXPECT_EQ(messages[0], (ChatMessage{"system", "你是助手"}));
  EXPECT_EQ(messages[1], (ChatMessage{"user", "3你好你好"}));
  EXPECT_EQ(messages[4], (ChatMessage{"assistant", "你好你好4"}));
  EXPECT_EQ(messages[5], (ChatMessage{"user", "再见"}));
}

TEST(ConversationTest, StaysWithinTheBudgetAndInOrder) {
  for (int tokens = 0; tokens < 300; ++tokens) {
    ConversationBudget budget;
    budget.prompt_tokens = tokens;
    const auto messages = FitHistory("系统", Pairs(12), "问", budget);
    int total = 0;
    for (const ChatMessage& message : messages) total += EstimateTokens(message);
    ASSERT_TRUE(total <= tokens || messages.size() == 2) << tokens;
    ASSERT_EQ(messages.size() % 2, 0U);
    for (size_t i = 1; i < messages.size(); ++i) ASSERT_EQ(messages[i].role, i % 2 == 1 ? "user" : "assistant");
  }
}

TEST(ConversationTest, SkipsTurnsWithoutTheirOtherHalf) {
  std::vector<ChatMessage> turns = {{"assistant", "a0"}, {"user", "u1"},      {"user", "u2"},
                                    {"assistant", "a2"}, {"assistant", "a3"}, {"user", "u4"}};
  const auto messages = FitHistory("", turns, "q");
  EXPECT_EQ(messages, (std::vector<ChatMessage>{{"user", "u2"}, {"assistant", "a2"}, {"user", "q"}}));
}

TEST(ConversationTest, CutsALongQuestionAtACharacterAndSaysSo) {
  ConversationBudget budget;
  budget.max_question_bytes = 10;
  budget.prompt_tokens = 1;
  const auto messages = FitHistory("", Pairs(2), "一二三四五", budget);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].content, "一二三" + std::string(budget.cut_notice));
  EXPECT_TRUE(base::IsValidUtf8(messages[0].content));
}

TEST(ConversationTest, PicturesCountAndGoWithTheirTurns) {
  EXPECT_EQ(EstimateTokens(ChatMessage{"user", "你好", {"data:a", "data:b"}}), 6 + 2 * 800);
  std::vector<ChatMessage> turns = Pairs(2);
  turns[2].pictures = {"data:old"};
  ConversationBudget budget;
  budget.prompt_tokens = 900;
  auto messages = FitHistory("", turns, "问", budget);
  ASSERT_EQ(messages.size(), 5U);
  EXPECT_EQ(messages[2], (ChatMessage{"user", "1你好你好", {"data:old"}}));
  // A picture of the question is never left out; what it costs, the history has less.
  messages = FitHistory("", turns, "问", budget, {"data:new"});
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0], (ChatMessage{"user", "问", {"data:new"}}));
}

}  // namespace
}  // namespace yingda::model
