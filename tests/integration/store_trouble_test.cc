// SPDX-License-Identifier: MIT
// The store fails while the server runs: what needs no store goes on, nobody is left in silence, and what was made
// meanwhile is not lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"
#include "support/file_size_limit.h"
#include "support/wait.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kAnswer = "第一句话在这里。第二句话在这里。第三句话在这里。";
const std::string kBusy = "现在提问的人有点多，请过一会儿再试。";
const std::string kFailed = "yingda_store_writes_total{result=\"failed\"}";

World::Options WithoutIntentLog(simulator::UpstreamAnswer answer) {
  return {.answer = std::move(answer), .change_config = [](config::Config& config) { config.store_intent_log = 0; }};
}

TEST(StoreTroubleTest, WithAFullDiskKeywordRulesAnswerAndQuestionsThatCannotBeKeptAreToldToTryLater) {
  World world(WithoutIntentLog(AnswersAfter(2s, kAnswer)));
  const auto follower = world.NewFollower();
  ASSERT_EQ(world.Say(*follower, "第一个问题").Text(), kAnswer);
  {
    const FileSizeLimit full;
    for (int i = 0; i < 3; ++i) {
      const auto keyword = world.Say(*follower, "ping");
      EXPECT_EQ(keyword.Text(), "pong");
      EXPECT_EQ(keyword.try_number, 1);
      const auto question = world.Say(*follower, "问题" + std::to_string(i));
      EXPECT_EQ(question.Text(), kBusy);
      EXPECT_EQ(question.try_number, 1);
    }
    EXPECT_EQ(world.Send(*follower, simulator::SubscribeEvent()).Text(), "欢迎关注！");
    EXPECT_TRUE(world.Say(*follower, "继续").shown());
    EXPECT_EQ(world.model().Journal().calls, 1u);
    EXPECT_GE(world.Metric(kFailed), 3);
  }
  EXPECT_EQ(world.Say(*follower, "又一个问题").Text(), kAnswer);
}

TEST(StoreTroubleTest, AnAnswerThatCannotBeSavedIsGivenAllTheSame) {
  World world(WithoutIntentLog(AnswersAfter(3s, kAnswer)));
  const auto follower = world.NewFollower();
  follower->Say("问题");
  ASSERT_TRUE(world.RunFor(1s));
  {
    const FileSizeLimit full;
    ASSERT_TRUE(world.PlayOut({follower.get()}));
    EXPECT_GE(world.Metric(kFailed), 1);
  }
  EXPECT_THAT(follower->Answers(), ::testing::ElementsAre(kAnswer));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(StoreTroubleTest, WithAFullDiskQuestionsAreAnsweredAndKeptWhileTheIntentLogHasRoom) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  {
    const FileSizeLimit full;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(world.Say(*follower, "问题" + std::to_string(i)).Text(), kAnswer);
      EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
    }
    EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") > 0; }));
    EXPECT_EQ(world.Say(*follower, "继续").Text(), kBusy);  // whether something is unread cannot be read now
    EXPECT_EQ(world.Say(*follower, "重发").Text(), kBusy);
  }
  EXPECT_EQ(world.Say(*follower, "又一个问题").Text(), kAnswer);
  EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") == 0; }));  // it is tried again by and by
  EXPECT_EQ(world.model().Journal().calls, 4u);
  EXPECT_EQ(world.model().Journal().last.back().call.PreviousQuestion(), "问题2");  // the conversation went on over it
}

/// As a kill does, the end of the process finds the disk refusing all that was promised.
TEST(StoreTroubleTest, AProcessThatEndsOnAFullDiskHasNeitherLostNorDoubledWhatItAnswered) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  {
    const FileSizeLimit full;
    EXPECT_EQ(world.Say(*follower, "问题").Text(), kAnswer);
    EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") > 0; }));
    world.StopApplication();
  }
  world.StartApplication();
  ASSERT_TRUE(world.RunFor(60s));  // longer than the window: nothing comes out of the inbox, either
  EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
  EXPECT_THAT(follower->Answers(), ::testing::ElementsAre(kAnswer, "pong"));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(StoreTroubleTest, ALateAnswerIsKeptUntilTheDiskHasSpaceAgain) {
  World world({.answer = [](const auto&) { return simulator::SpreadAnswer(kAnswer, 25s, 40s); }});
  const auto follower = world.NewFollower();
  ASSERT_TRUE(world.Say(*follower, "问题").shown());  // that we are still thinking
  {
    const FileSizeLimit full;
    ASSERT_TRUE(world.RunFor(60s));
    EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") > 0; }));
  }
  EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") == 0; }));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), EndsWith(kAnswer));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(StoreTroubleTest, WithoutAnIntentLogALateAnswerIsSavedAgainUntilTheDiskHasSpace) {
  World world(WithoutIntentLog([](const auto&) { return simulator::SpreadAnswer(kAnswer, 25s, 40s); }));
  const auto follower = world.NewFollower();
  ASSERT_TRUE(world.Say(*follower, "问题").shown());  // that we are still thinking
  {
    const FileSizeLimit full;
    ASSERT_TRUE(world.RunFor(60s));
    EXPECT_GE(world.Metric(kFailed), 2);  // the answer, and at least once more
  }
  ASSERT_TRUE(world.RunFor(120s));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), EndsWith(kAnswer));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(StoreTroubleTest, AnAnswerThatGoesOutAsAMessageIsSentWhenTheStoreCanBeReadAgain) {
  World world({.answer = AnswersAfter(20s, kAnswer), .kind = "push"});
  const auto follower = world.NewFollower();
  ASSERT_TRUE(world.Say(*follower, "问题").acknowledged());
  {
    const FileSizeLimit full;
    ASSERT_TRUE(world.RunFor(30s));
    EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") > 0; }));
    EXPECT_THAT(world.Pushed(*follower), ::testing::IsEmpty());
  }
  EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_store_owed") == 0; }));
  ASSERT_TRUE(world.RunFor(10s));
  EXPECT_THAT(world.Pushed(*follower), ::testing::ElementsAre(kAnswer));
}

}  // namespace
}  // namespace yingda::testing
