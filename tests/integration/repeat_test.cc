// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;

constexpr const char* kAnswer = "我们在城南路 8 号。";

World::Options Repeating(const std::string& keep) {
  World::Options options;
  options.answer = AnswersAfter(1s, kAnswer);
  if (!keep.empty()) options.more_account = "    repeat_answers: { keep: " + keep + " }\n";
  return options;
}

double Repeats(World& world, const std::string& account, const std::string& outcome) {
  return world.Metric("yingda_model_repeats_total{account=\"" + account + "\",outcome=\"" + outcome + "\"}");
}

TEST(RepeatTest, TheSameFirstQuestionOfTwoFollowersCostsOneCall) {
  World world(Repeating("1m"));
  const auto first = world.NewFollower(), second = world.NewFollower();
  EXPECT_EQ(world.Say(*first, "你们在哪里").Text(), kAnswer);
  const auto outcome = world.Say(*second, "你们在哪里");
  EXPECT_EQ(outcome.Text(), kAnswer);
  EXPECT_LT(outcome.after, 500ms) << "the model takes a second";
  EXPECT_EQ(world.model().Journal().calls, 1U);
  EXPECT_EQ(Repeats(world, "main", "hit"), 1);
  EXPECT_EQ(Repeats(world, "main", "miss"), 1);
}

TEST(RepeatTest, WhatIsRememberedSpendsNoTokensOfTheAccount) {
  World::Options options = Repeating("1m");
  options.more_account += "    quotas: { tokens_per_day: 1000 }\n";
  World world(options);
  const auto spent = [&world] { return world.Metric("yingda_quota_tokens_today{account=\"main\"}"); };
  const auto first = world.NewFollower(), second = world.NewFollower();
  world.Say(*first, "你们在哪里");
  const double before = spent();
  EXPECT_GT(before, 0);
  EXPECT_EQ(world.Say(*second, "你们在哪里").Text(), kAnswer);
  EXPECT_EQ(spent(), before);
}

TEST(RepeatTest, WithHistoryTheSameQuestionIsAskedAgain) {
  World world(Repeating("1m"));
  const auto follower = world.NewFollower();
  world.Say(*follower, "你们在哪里");
  EXPECT_EQ(world.Say(*follower, "你们在哪里").Text(), kAnswer);
  EXPECT_EQ(world.model().Journal().calls, 2U);
  world.Say(*follower, "清空");
  EXPECT_EQ(world.Say(*follower, "你们在哪里").Text(), kAnswer);
  EXPECT_EQ(world.model().Journal().calls, 2U) << "without its history it is a first question again";
}

TEST(RepeatTest, WhatIsRememberedIsPartOfTheConversation) {
  World world(Repeating("1m"));
  const auto first = world.NewFollower(), second = world.NewFollower();
  world.Say(*first, "你们在哪里");
  world.Say(*second, "你们在哪里");
  world.Say(*second, "怎么走");
  const simulator::UpstreamJournal journal = world.model().Journal();
  ASSERT_EQ(journal.calls, 2U);
  const auto& messages = journal.last.back().call.messages;
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[1].content, "你们在哪里");
  EXPECT_EQ(messages[2].content, kAnswer);
}

TEST(RepeatTest, AfterItsTimeTheModelIsAskedAgain) {
  World world(Repeating("1m"));
  const auto first = world.NewFollower(), second = world.NewFollower(), third = world.NewFollower();
  world.Say(*first, "你们在哪里");
  ASSERT_TRUE(world.RunFor(50s));
  world.Say(*second, "你们在哪里");
  EXPECT_EQ(world.model().Journal().calls, 1U);
  ASSERT_TRUE(world.RunFor(10s));
  world.Say(*third, "你们在哪里");
  EXPECT_EQ(world.model().Journal().calls, 2U);
}

TEST(RepeatTest, InstructionOfARuleGoesToTheModelAndIsPartOfWhatIsTheSame) {
  World::Options options = Repeating("24h");
  options.rules =
      "- {keywords: [在哪里], hours: 0:00-12:00, reply: {model: 说得短一点}}\n"
      "- {keywords: [在哪里], reply: {model: 说得长一点}}\n";
  World world(options);
  const auto prompt = [&world] { return world.model().Journal().last.back().call.messages.at(0).content; };
  const auto first = world.NewFollower(), second = world.NewFollower(), third = world.NewFollower();
  EXPECT_EQ(world.Say(*first, "你们在哪里").Text(), kAnswer);
  const std::string before = prompt();
  EXPECT_TRUE(before == "你是测试用的助手。\n\n说得短一点" || before == "你是测试用的助手。\n\n说得长一点") << before;
  EXPECT_EQ(world.Say(*second, "你们在哪里").Text(), kAnswer);
  EXPECT_EQ(world.model().Journal().calls, 1U);
  // Half a day on it is the other rule's turn; nothing of the first is left to be said.
  world.clock().Advance(12h);
  EXPECT_EQ(world.Say(*third, "你们在哪里").Text(), kAnswer);
  EXPECT_EQ(world.model().Journal().calls, 2U);
  EXPECT_NE(prompt(), before);
}

TEST(RepeatTest, ItIsOffByDefault) {
  World world(Repeating(""));
  const auto first = world.NewFollower(), second = world.NewFollower();
  world.Say(*first, "你们在哪里");
  world.Say(*second, "你们在哪里");
  EXPECT_EQ(world.model().Journal().calls, 2U);
  EXPECT_EQ(Repeats(world, "main", "miss"), 0);
}

TEST(RepeatTest, AnAnswerThatFailedIsNotGivenToTheNext) {
  World::Options options = Repeating("1m");
  options.answer = [](const simulator::UpstreamCall& call) {
    auto script = simulator::SpreadAnswer(kAnswer, 100ms, 200ms);
    if (call.number == 1) script.end = simulator::UpstreamEnd::kCut;
    return script;
  };
  World world(options);
  const auto first = world.NewFollower(), second = world.NewFollower();
  world.Say(*first, "你们在哪里");
  EXPECT_EQ(world.Say(*second, "你们在哪里").Text(), kAnswer);
  EXPECT_EQ(world.model().Journal().calls, 2U);
}

TEST(KeepWarmTest, ALocalModelIsAskedAtTheStartAndWhenNobodyDidUntilTheEnd) {
  World::Options options;
  options.answer = AnswersAfter(1s, kAnswer);
  options.change_config = [](config::Config& config) { config.upstreams.at(0).keep_warm = 1min; };
  World world(options);
  const auto warmed = [&world] {
    return world.Metric("yingda_model_keep_warm_total{outcome=\"ok\",upstream=\"main\"}");
  };
  ASSERT_TRUE(world.RunFor(2s));
  EXPECT_EQ(world.model().Journal().calls, 1U);
  EXPECT_EQ(warmed(), 1);
  ASSERT_TRUE(world.RunFor(45s));
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "你们在哪里").Text(), kAnswer);
  ASSERT_TRUE(world.RunFor(50s));
  EXPECT_EQ(world.model().Journal().calls, 2U) << "the follower's question kept it warm";
  ASSERT_TRUE(world.RunFor(15s));
  EXPECT_EQ(world.model().Journal().calls, 3U);
  EXPECT_EQ(warmed(), 2);
  EXPECT_EQ(world.model().CallsAsking("你们在哪里"), 1U);
  world.application().Stop();
  world.clock().Advance(1h);
  EXPECT_EQ(world.model().Journal().calls, 3U);
}

}  // namespace
}  // namespace yingda::testing
