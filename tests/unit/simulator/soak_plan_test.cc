// SPDX-License-Identifier: MIT
#include "simulator/soak_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;

TEST(SoakPlanTest, AnAnswerHoldsEachOfItsPiecesOnceAndInOrder) {
  const SoakPlan plan({});
  for (size_t i = 0; i < 300; ++i) {
    const SoakQuestion question{i, i % 7};
    const auto pieces = SoakPlan::PiecesIn(plan.AnswerText(question, 3));
    ASSERT_EQ(pieces.size(), plan.Pieces(question));
    for (size_t piece = 0; piece < pieces.size(); ++piece) ASSERT_EQ(pieces[piece], (SoakPiece{question, 3, piece}));
  }
}

TEST(SoakPlanTest, AQuestionIsRecognisedAndHoldsNoPiece) {
  const SoakPlan plan({});
  const SoakQuestion question{987, 12};
  EXPECT_EQ(SoakPlan::QuestionIn(plan.QuestionText(question)), question);
  EXPECT_TRUE(SoakPlan::PiecesIn(plan.QuestionText(question)).empty());
  EXPECT_FALSE(SoakPlan::QuestionIn("继续"));
}

TEST(SoakPlanTest, APieceThatIsCutAnywhereIsNoPiece) {
  const std::string piece = "Q12x3c1p40e";
  ASSERT_EQ(SoakPlan::PiecesIn("你好" + piece).size(), 1u);
  for (size_t length = 0; length < piece.size(); ++length) {
    EXPECT_TRUE(SoakPlan::PiecesIn(piece.substr(0, length) + "…").empty()) << length;
    EXPECT_TRUE(SoakPlan::PiecesIn(piece.substr(piece.size() - length)).empty()) << length;
  }
}

TEST(SoakPlanTest, AllFollowsFromTheSeed) {
  SoakPlan::Options other;
  other.seed = 2;
  const SoakPlan first({});
  const SoakPlan second({});
  const SoakPlan third(other);
  size_t different = 0;
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(first.Latency({i, 0}), second.Latency({i, 0}));
    EXPECT_EQ(first.AnswerText({i, 0}, 1), second.AnswerText({i, 0}, 1));
    different += first.Latency({i, 0}) != third.Latency({i, 0}) ? 1 : 0;
  }
  EXPECT_GT(different, 80u);
}

TEST(SoakPlanTest, LatenciesReachFromTheShortestToTheLongestByOrdersOfMagnitude) {
  const SoakPlan plan({});
  size_t below_five = 0;
  size_t above_a_minute = 0;
  base::Duration longest{};
  base::Duration shortest = 1h;
  for (size_t i = 0; i < 4'000; ++i) {
    const base::Duration latency = plan.Latency({i, 1});
    longest = std::max(longest, latency);
    shortest = std::min(shortest, latency);
    below_five += latency < 5s ? 1 : 0;
    above_a_minute += latency > 60s ? 1 : 0;
  }
  EXPECT_LE(shortest, 750ms);
  EXPECT_GE(longest, 9min);
  EXPECT_LE(longest, 10min);
  EXPECT_GT(below_five, 1'000u);
  EXPECT_GT(above_a_minute, 1'000u);
}

TEST(SoakPlanTest, SoManyTriesGoWrongAndEarlyLeaversLeaveOnOddSteps) {
  const SoakPlan plan({});
  int lost = 0;
  int left = 0;
  for (size_t i = 0; i < 10'000; ++i) {
    for (const auto& [number, faults] : plan.FaultsOf(i, 0).on_try) {
      lost += faults.lose_reply ? 1 : 0;
      if (!faults.hang_up_after) continue;
      ++left;
      ASSERT_EQ(*faults.hang_up_after % (2 * SoakPlan::kStep), base::Duration(SoakPlan::kStep));
      ASSERT_LT(*faults.hang_up_after, 5s);
    }
  }
  EXPECT_NEAR((lost + left) / 30'000.0, 0.05, 0.01);
  EXPECT_GT(left, 200);
}

}  // namespace
}  // namespace yingda::simulator
