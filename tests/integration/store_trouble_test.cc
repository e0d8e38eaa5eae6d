// SPDX-License-Identifier: MIT
// The store fails while the server runs: what needs no store goes on, nobody is left in silence, and what was made
// meanwhile is not lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"
#include "support/file_size_limit.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kAnswer = "第一句话在这里。第二句话在这里。第三句话在这里。";
const std::string kBusy = "现在提问的人有点多，请过一会儿再试。";
const std::string kFailed = "yingda_store_writes_total{result=\"failed\"}";

TEST(StoreTroubleTest, WithAFullDiskKeywordRulesAnswerAndQuestionsAreToldToTryLater) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
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
  World world({.answer = AnswersAfter(3s, kAnswer)});
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

TEST(StoreTroubleTest, ALateAnswerIsKeptUntilTheDiskHasSpaceAgain) {
  World world({.answer = [](const auto&) { return simulator::SpreadAnswer(kAnswer, 25s, 40s); }});
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

}  // namespace
}  // namespace yingda::testing
