// SPDX-License-Identifier: MIT
#include "bot/resend.h"

#include <gtest/gtest.h>

namespace yingda::bot {
namespace {

constexpr int kLastTry = 3;

store::JobRecord Answer(std::string key, int tries, int64_t first_seen_ms = 1000) {
  store::JobRecord record;
  record.key = std::move(key);
  record.kind = "model";
  record.tries = tries;
  record.first_seen_ms = first_seen_ms;
  record.finished = true;
  record.reply = "答案。";
  record.reply_text = "答案。";
  record.delivery = store::Delivery::kDelivered;
  return record;
}

std::string Chosen(const std::vector<store::JobRecord>& recent, bool uncertain_only, int64_t fresh_ms = 0,
                   int64_t asked_ms = 100'000) {
  const auto chosen = AnswerToResend(recent, uncertain_only, kLastTry, fresh_ms, asked_ms);
  return chosen ? chosen->key : "";
}

TEST(ResendTest, ContinueGivesAgainWhatWentToTheLastTry) { EXPECT_EQ(Chosen({Answer("a", 3)}, true), "a"); }

TEST(ResendTest, ContinueGivesNothingAgainThatWeChatWouldHaveTriedAgain) {
  EXPECT_EQ(Chosen({Answer("a", 2)}, true), "");
  EXPECT_EQ(Chosen({Answer("b", 1), Answer("a", 3)}, true), "") << "the follower has had an answer since";
}

TEST(ResendTest, AnswerWrittenByAProcessThatEndedIsUncertainHoweverOld) {
  store::JobRecord claimed = Answer("a", 1, 10);
  claimed.delivery = store::Delivery::kClaimed;
  EXPECT_EQ(Chosen({claimed}, true, 500), "a");
}

TEST(ResendTest, WhatWentOutAsCustomerServiceMessagesIsNotUncertain) {
  store::JobRecord pushed = Answer("a", 3);
  pushed.reply.clear();
  EXPECT_EQ(Chosen({pushed}, true), "");
  EXPECT_EQ(Chosen({pushed}, false), "a") << "but can be asked for";
}

TEST(ResendTest, RepetitionIsSaidToBeOneWhereThereIsRoom) {
  EXPECT_EQ(ResentText(Answer("a", 3), "再发：", 100), "再发：\n答案。");
  EXPECT_EQ(ResentText(Answer("a", 3), "再发：", 10), "答案。");
}

TEST(ResendTest, NobodyMissesAnAnswerBeforeItsWindowIsOver) {
  EXPECT_EQ(Chosen({Answer("a", 3, 1000)}, true, 0, 1000 + 14'000), "");
  EXPECT_EQ(Chosen({Answer("a", 3, 1000)}, true, 0, 1000 + 15'000), "a");
}

TEST(ResendTest, OldAnswersAreNotGivenAgain) {
  EXPECT_EQ(Chosen({Answer("a", 3, 10)}, true, 500), "");
  EXPECT_EQ(Chosen({Answer("a", 1, 10)}, false, 500), "");
}

TEST(ResendTest, ResendPrefersTheUncertainOne) {
  EXPECT_EQ(Chosen({Answer("b", 1), Answer("a", 3)}, false), "a");
  EXPECT_EQ(Chosen({Answer("b", 1), Answer("a", 2)}, false), "b");
}

TEST(ResendTest, WhatCarriedNoAnswerIsPassedOver) {
  store::JobRecord thinking = Answer("t", 3);
  thinking.reply_text.clear();
  store::JobRecord rule = Answer("r", 3);
  rule.kind = "reply";
  store::JobRecord open = Answer("o", 3);
  open.finished = false;
  EXPECT_EQ(Chosen({thinking, rule, open, Answer("a", 1)}, false), "a");
  EXPECT_EQ(Chosen({thinking, rule, open}, false), "");
}

}  // namespace
}  // namespace yingda::bot
