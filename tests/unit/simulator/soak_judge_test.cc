// SPDX-License-Identifier: MIT
#include "simulator/soak_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SoakQuestion kQuestion{4, 0};
constexpr size_t kFollower = 4;

base::TimePoint At(base::Duration after) { return base::TimePoint(1h + after); }

/// A run with one question that one model call answers in two sentences, of four pieces.
class SoakJudgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    judge_.Asked(kQuestion, 4, At(0s));
    judge_.Accepted(kQuestion);
    judge_.ModelCalled(kQuestion, At(0s));
    judge_.ModelFinished(kQuestion, At(3s));
  }
  static std::string Sentence(size_t n, size_t call = 1) {
    const std::string name = "Q4x0c" + std::to_string(call) + "p";
    return "第一点" + name + std::to_string(2 * n) + "e：好的，" + name + std::to_string(2 * n + 1) + "e。";
  }
  static std::string Whole(size_t call = 1) { return Sentence(0, call) + Sentence(1, call); }
  static SoakReplyTo OwnTry(int number) { return {kQuestion.number, false, false, number}; }
  static SoakReplyTo Continue() { return {std::nullopt, true, false, 1}; }

  void See(const std::string& text, const SoakReplyTo& to, base::Duration at) {
    judge_.SeenReply(kFollower, text, to, At(at));
  }
  size_t Delivered(SoakWay way) const { return judge_.Judge().delivered.at(static_cast<size_t>(way)); }

  SoakJudge judge_;
};

TEST_F(SoakJudgeTest, AWholeAnswerOnTheSecondTryIsGood) {
  EXPECT_EQ(judge_.Open(kFollower), 1u);
  See(Whole(), OwnTry(2), 6s);
  EXPECT_EQ(judge_.Open(kFollower), 0u);
  EXPECT_TRUE(judge_.Judge().Good());
  EXPECT_EQ(Delivered(SoakWay::kTry2), 1u);
}

TEST_F(SoakJudgeTest, AnAcceptedQuestionWithoutAnAnswerIsLost) {
  EXPECT_THAT(judge_.Judge().lost, ElementsAre(kQuestion));
  EXPECT_FALSE(judge_.Judge().Good());
}

TEST_F(SoakJudgeTest, OneMissingSentenceMakesItLost) {
  See(Sentence(0), OwnTry(3), 14s);
  EXPECT_THAT(judge_.Judge().lost, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, ASentenceThatBreaksOffMakesItLost) {
  const std::string text = Whole();
  See(text.substr(0, text.size() - 8), OwnTry(1), 4s);
  EXPECT_THAT(judge_.Judge().lost, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, ASecondSightingOfAnySentenceIsTwice) {
  See(Whole(), OwnTry(1), 4s);
  See(Sentence(1), Continue(), 60s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
  EXPECT_FALSE(judge_.Judge().Good());
}

TEST_F(SoakJudgeTest, TheSameSentenceTwiceInOneTextIsTwice) {
  See(Whole() + Sentence(0), OwnTry(1), 4s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, APushAfterThePassiveReplyIsTwice) {
  See(Whole(), OwnTry(1), 4s);
  judge_.SeenPush(kFollower, Whole(), At(5s));
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, PartsOnDifferentWaysMakeAWholeThatCountsForTheLast) {
  See(Sentence(0), OwnTry(3), 14s);
  See(Sentence(1), Continue(), 30s);
  EXPECT_TRUE(judge_.Judge().Good());
  EXPECT_EQ(Delivered(SoakWay::kContinue), 1u);
  EXPECT_EQ(Delivered(SoakWay::kTry3), 0u);
}

TEST_F(SoakJudgeTest, WhatTheFollowerAskedForAgainIsNotTwiceAndMendsWhatTheWireLost) {
  See(Sentence(0), OwnTry(3), 14s);
  judge_.LostOnTheWire(Sentence(1));
  See(Whole(), {std::nullopt, false, true, 1}, 30s);
  EXPECT_TRUE(judge_.Judge().Good());
  EXPECT_EQ(judge_.Judge().lost_on_the_wire, 0u);
  EXPECT_EQ(Delivered(SoakWay::kAgain), 1u);
  See(Sentence(1), Continue(), 60s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, WhatComesInFrontOfAnotherReplyCameWithALaterMessage) {
  See(Whole() + "另外……", {7, false, false, 1}, 30s);
  EXPECT_EQ(Delivered(SoakWay::kLater), 1u);
}

TEST_F(SoakJudgeTest, AnAnswerInAnotherFollowersChatIsForeignAndStillLost) {
  judge_.SeenReply(5, Whole(), OwnTry(1), At(4s));
  EXPECT_THAT(judge_.Judge().foreign, ElementsAre(kQuestion));
  EXPECT_THAT(judge_.Judge().lost, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, ReadingThePageCompletesTheAnswerAndIsNeverTwice) {
  See(Sentence(0), OwnTry(3), 14s);
  judge_.SeenPage(kFollower, Whole(), At(40s));
  judge_.SeenPage(kFollower, Whole(), At(50s));
  EXPECT_TRUE(judge_.Judge().Good());
  EXPECT_EQ(Delivered(SoakWay::kPage), 1u);
}

TEST_F(SoakJudgeTest, ASecondModelCallNeedsAKillInBetween) {
  judge_.ModelCalled(kQuestion, At(20s));
  See(Whole(), OwnTry(1), 4s);
  EXPECT_THAT(judge_.Judge().extra_calls, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, AfterAKillTheSecondAnswerCountsAloneAlthoughAPartOfTheFirstWasSeen) {
  See(Sentence(0), OwnTry(3), 14s);
  judge_.Killed(At(20s));
  judge_.ModelCalled(kQuestion, At(21s));
  EXPECT_TRUE(judge_.ModelOwes(kFollower));
  See(Sentence(1, 2), Continue(), 40s);
  EXPECT_THAT(judge_.Judge().lost, ElementsAre(kQuestion)) << "halves of two answers are no answer";
  See(Sentence(0, 2), Continue(), 50s);
  EXPECT_TRUE(judge_.Judge().Good());
  EXPECT_EQ(judge_.Judge().repeated_calls, 1u);
}

TEST_F(SoakJudgeTest, TwoWholeAnswersAreTwiceEvenAroundAKill) {
  See(Whole(1), OwnTry(1), 4s);
  judge_.Killed(At(4s));
  judge_.ModelCalled(kQuestion, At(5s));
  See(Whole(2), Continue(), 40s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, OnlyARepetitionOfWhatWasSeenRightBeforeAKillIsExcusedAndOnlyOne) {
  See(Whole(), OwnTry(1), 4s);
  judge_.Killed(At(4500ms));
  See(Whole(), Continue(), 60s);
  EXPECT_THAT(judge_.Judge().twice, IsEmpty());
  EXPECT_EQ(judge_.Judge().twice_around_a_kill, 1u);
  See(Whole(), Continue(), 90s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, WhatTheLastTryGaveMayComeAgainOnContinueAndOnNothingElse) {
  See(Whole(), OwnTry(3), 14s);
  See(Whole(), Continue(), 60s);
  EXPECT_THAT(judge_.Judge().twice, IsEmpty());
  EXPECT_EQ(judge_.Judge().again_on_continue, 1u);
  See(Whole(), Continue(), 90s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion)) << "the one before came on a first try";
}

TEST_F(SoakJudgeTest, WhatTheLastTryGaveIsTwiceWithALaterMessageOrByPush) {
  See(Whole(), OwnTry(3), 14s);
  SoakJudge pushed = judge_;
  pushed.SeenPush(kFollower, Whole(), At(60s));
  EXPECT_THAT(pushed.Judge().twice, ElementsAre(kQuestion));
  See(Whole(), {7, false, false, 1}, 60s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, ARepetitionLongAfterTheKillOfWhatWasSeenLongBeforeItIsTwice) {
  See(Whole(), OwnTry(1), 4s);
  judge_.Killed(At(6s));
  See(Whole(), Continue(), 60s);
  EXPECT_THAT(judge_.Judge().twice, ElementsAre(kQuestion));
}

TEST_F(SoakJudgeTest, WhatTheLastTryLostAfterItWasWrittenIsNotTheServersLoss) {
  judge_.LostOnTheWire(Sentence(0));
  EXPECT_THAT(judge_.Judge().lost, ElementsAre(kQuestion)) << "the other sentence was owed";
  See(Sentence(1), Continue(), 60s);
  EXPECT_TRUE(judge_.Judge().Good());
  EXPECT_EQ(judge_.Judge().lost_on_the_wire, 1u);
}

TEST(SoakJudgeQuestionsTest, AQuestionThatNoServerTookIsNotLostAndARefusedOneIsNot) {
  SoakJudge judge;
  judge.Asked({1, 0}, 2, At(0s));
  judge.Asked({1, 1}, 2, At(0s));
  judge.Accepted({1, 1});
  judge.Refused({1, 1});
  EXPECT_EQ(judge.Open(1), 0u);
  const SoakVerdict verdict = judge.Judge();
  EXPECT_EQ(verdict.not_accepted, 1u);
  EXPECT_EQ(verdict.refused, 1u);
  EXPECT_TRUE(verdict.Good());
}

TEST(SoakJudgeQuestionsTest, AModelCallProvesThatTheQuestionWasAccepted) {
  SoakJudge judge;
  judge.Asked({1, 0}, 2, At(0s));
  EXPECT_EQ(judge.ModelCalled({1, 0}, At(1s)), 1u);
  EXPECT_THAT(judge.Judge().lost, ElementsAre(SoakQuestion{1, 0}));
}

}  // namespace
}  // namespace yingda::simulator
