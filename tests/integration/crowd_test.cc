// SPDX-License-Identifier: MIT
// A thousand followers at once, through real HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;

#ifdef YINGDA_SANITIZED
constexpr size_t kFollowers = 200;  // each follower costs several times as much under a sanitizer
#else
constexpr size_t kFollowers = 1000;
#endif

std::string AnswerTo(std::string_view question) {
  return "先说第一点。关于“" + std::string(question) + "”，这是完整的回答。";
}

class CrowdTest : public ::testing::TestWithParam<int> {
 protected:
  static simulator::UpstreamAnswer Answer(base::Duration total) {
    return [total](const simulator::UpstreamCall& call) {
      return simulator::SpreadAnswer(AnswerTo(call.Question()), total / 2, total, 12);
    };
  }

  void AskAll(World& world) {
    for (size_t i = 0; i < kFollowers; ++i) {
      followers_.push_back(world.NewFollower());
      raw_.push_back(followers_.back().get());
    }
    for (size_t i = 0; i < kFollowers; ++i) followers_[i]->Say(QuestionOf(i));
  }
  static std::string QuestionOf(size_t i) { return "问题" + std::to_string(i); }

  std::vector<std::unique_ptr<simulator::Follower>> followers_;
  std::vector<simulator::Follower*> raw_;
};

class AnswerInTimeTest : public CrowdTest {};

TEST_P(AnswerInTimeTest, EveryFollowerGetsTheWholeRightAnswerInTheWindowFromOneCall) {
  World world({.answer = Answer(std::chrono::seconds(GetParam()))});
  AskAll(world);
  ASSERT_TRUE(world.PlayOut(raw_, 30s));
  for (size_t i = 0; i < kFollowers; ++i) {
    ASSERT_EQ(followers_[i]->Answers(), std::vector<std::string>{AnswerTo(QuestionOf(i))}) << "follower " << i;
  }
  EXPECT_EQ(world.model().Journal().calls, kFollowers);
}
INSTANTIATE_TEST_SUITE_P(Seconds, AnswerInTimeTest, ::testing::Values(2, 8, 13));

class AnswerTooLateTest : public CrowdTest {};

TEST_P(AnswerTooLateTest, EveryFollowerGetsAFirstReplyOnTheLastTryAndTheWholeAnswerOnContinue) {
  World world({.answer = Answer(std::chrono::seconds(GetParam()))});
  AskAll(world);
  ASSERT_TRUE(world.PlayOut(raw_, 30s));
  for (const auto& follower : followers_) {
    ASSERT_EQ(follower->Answers().size(), 1u);
    ASSERT_THAT(follower->Answers().front(), ::testing::HasSubstr("msgmenucontent=继续"));
  }
  ASSERT_TRUE(world.RunFor(30s));
  for (const auto& follower : followers_) ASSERT_TRUE(follower->Tap());
  ASSERT_TRUE(world.PlayOut(raw_, 30s));
  for (size_t i = 0; i < kFollowers; ++i) {
    const auto answers = followers_[i]->Answers();
    ASSERT_EQ(answers.size(), 2u);
    const std::string first = answers[0].substr(0, answers[0].find("（未完）"));
    const std::string given = first.find("我还在想") == std::string::npos ? first + answers[1] : answers[1];
    ASSERT_THAT(given.substr(0, given.find("\n\n(2/2)")), ::testing::EndsWith(AnswerTo(QuestionOf(i))))
        << "follower " << i;
  }
  EXPECT_EQ(world.model().Journal().calls, kFollowers);
}
INSTANTIATE_TEST_SUITE_P(Seconds, AnswerTooLateTest, ::testing::Values(20, 40));

}  // namespace
}  // namespace yingda::testing
