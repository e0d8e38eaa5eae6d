// SPDX-License-Identifier: MIT
#include "simulator/demo_persona.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace yingda::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

UpstreamCall Ask(std::string question, std::string previous = {}) {
  UpstreamCall call;
  call.messages.push_back({"system", "你是助手"});
  if (!previous.empty()) {
    call.messages.push_back({"user", std::move(previous)});
    call.messages.push_back({"assistant", "好"});
  }
  call.messages.push_back({"user", std::move(question)});
  return call;
}

std::string Joined(const UpstreamScript& script) {
  std::string text;
  for (const std::string& chunk : script.chunks) text += chunk;
  return text;
}

base::Duration LastChunkAt(const UpstreamScript& script) {
  return script.first_token_after + script.chunk_every * static_cast<int64_t>(script.chunks.size() - 1);
}

TEST(DemoPersonaTest, FindsTheSecondsAskedFor) {
  struct Case {
    const char* question;
    std::optional<base::Duration> want;
  };
  const Case cases[] = {
      {"慢一点 12 秒", seconds(12)},
      {"慢一点，12秒", seconds(12)},
      {"等３０秒再说", seconds(30)},
      {"7.5 秒", milliseconds(7500)},
      {"十二秒", seconds(12)},
      {"二十秒", seconds(20)},
      {"一百二十秒", seconds(120)},
      {"两秒", seconds(2)},
      {"十秒", seconds(10)},
      {"0 秒", seconds(0)},
      {"9999999999999999 秒", seconds(120)},
      {"几秒", std::nullopt},
      {"秒", std::nullopt},
      {". 秒", std::nullopt},
      {"读秒 3 秒", seconds(3)},
      {"你好", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& one : cases) EXPECT_EQ(SecondsAskedFor(one.question), one.want) << one.question;
}

TEST(DemoPersonaTest, AnOrdinaryQuestionIsAnsweredOnTheSecondTry) {
  const UpstreamScript script = DemoAnswer(Ask("今天天气怎么样？"));
  EXPECT_GT(LastChunkAt(script), seconds(6));
  EXPECT_LT(LastChunkAt(script), seconds(7));
  EXPECT_GT(script.first_token_after, seconds(1));
}

TEST(DemoPersonaTest, TakesAsLongAsAsked) {
  for (const int total : {1, 12, 60, 120}) {
    const UpstreamScript script = DemoAnswer(Ask("慢一点 " + std::to_string(total) + " 秒"));
    EXPECT_LE(LastChunkAt(script), seconds(total));
    EXPECT_GT(LastChunkAt(script), seconds(total) - milliseconds(1));
  }
}

TEST(DemoPersonaTest, SaysThatItIsADemoAndEchoesTheQuestion) {
  const std::string text = Joined(DemoAnswer(Ask("几点开门？")));
  EXPECT_NE(text.find("演示模型"), std::string::npos);
  EXPECT_NE(text.find("“几点开门？”"), std::string::npos);
  EXPECT_EQ(text.find("上一个问题"), std::string::npos);
  EXPECT_TRUE(base::IsValidUtf8(text));
}

TEST(DemoPersonaTest, RemembersThePreviousQuestion) {
  EXPECT_NE(Joined(DemoAnswer(Ask("谢谢", "几点开门？"))).find("上一个问题是“几点开门？”"), std::string::npos);
}

TEST(DemoPersonaTest, AnswersTheSameQuestionTheSameWay) {
  EXPECT_EQ(DemoAnswer(Ask("讲个笑话")).chunks, DemoAnswer(Ask("讲个笑话")).chunks);
}

TEST(DemoPersonaTest, GivesSeveralPagesWhenAskedForDetail) {
  EXPECT_GT(Joined(DemoAnswer(Ask("请详细说说"))).size(), 2 * 2047u);
}

TEST(DemoPersonaTest, CutsALongQuestionAtAWholeCharacter) {
  std::string question = "a";
  for (int i = 0; i < 500; ++i) question += "问";
  const std::string text = Joined(DemoAnswer(Ask(question)));
  EXPECT_LT(text.size(), 1'000u);
  EXPECT_TRUE(base::IsValidUtf8(text));
}

TEST(SpreadAnswerTest, CutsBetweenCharacters) {
  const UpstreamScript script = SpreadAnswer("一二三四五a😀", seconds(1), seconds(4), 2);
  EXPECT_EQ(script.chunks, (std::vector<std::string>{"一二", "三四", "五a", "😀"}));
  EXPECT_EQ(script.chunk_every, seconds(1));
}

TEST(SpreadAnswerTest, NoTextHasNoChunks) { EXPECT_TRUE(SpreadAnswer("", seconds(1), seconds(2)).chunks.empty()); }

}  // namespace
}  // namespace yingda::simulator
