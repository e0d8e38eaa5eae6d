// SPDX-License-Identifier: MIT
// What goes wrong on purpose: one fault a test.
#include <gtest/gtest.h>

#include "unit/simulator/accounts.h"
#include "unit/simulator/stage.h"

namespace yingda::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wechat::CallbackMode;

class FaultsTest : public ::testing::Test {
 protected:
  /// Answers each push with its number.
  Stage& OpenNumbering(CallbackMode mode = CallbackMode::kPlain) {
    stage_ = std::make_unique<Stage>(
        [this](const ReceivedPush& push, net::Responder responder) {
          stage_->Reply(push, std::move(responder), "第" + std::to_string(push.number) + "次");
        },
        mode);
    return *stage_;
  }
  Stage& OpenSilent() {
    stage_ = std::make_unique<Stage>(
        [this](const ReceivedPush&, net::Responder responder) { stage_->callback().Hold(std::move(responder)); });
    return *stage_;
  }

  std::unique_ptr<Stage> stage_;
  Faults faults_;
};

TEST_F(FaultsTest, ALostReplyIsTriedAgain) {
  Stage& stage = OpenNumbering();
  faults_.on_try[1].lose_reply = true;
  faults_.on_try[2].lose_reply = true;
  const PushOutcome outcome = stage.Say("在吗", faults_);
  EXPECT_EQ(outcome.Text(), "第3次");
  EXPECT_EQ(outcome.after, seconds(10));
  EXPECT_EQ(outcome.tries[0].end, TryEnd::kReplyLost);
  ASSERT_TRUE(outcome.tries[0].reply);
  EXPECT_EQ(std::get<wechat::TextReply>(*outcome.tries[0].reply).content, "第1次");
  EXPECT_FALSE(outcome.AllRepliesEqual());
}

TEST_F(FaultsTest, WhenEveryReplyIsLostItFails) {
  Stage& stage = OpenNumbering();
  for (int i = 1; i <= 3; ++i) faults_.on_try[i].lose_reply = true;
  EXPECT_TRUE(stage.Say("在吗", faults_).failed());
}

TEST_F(FaultsTest, AnEarlyHangUpIsTriedAgainAtTheMark) {
  Stage& stage = OpenSilent();
  faults_.on_try[1].hang_up_after = seconds(2);
  const PushOutcome outcome = stage.Say("在吗", faults_);
  EXPECT_EQ(outcome.tries[0].end, TryEnd::kHungUp);
  EXPECT_EQ(outcome.tries[0].ended, seconds(2));
  EXPECT_EQ(outcome.tries[1].started, seconds(5));
  EXPECT_EQ(outcome.tries[1].end, TryEnd::kSilence);
}

TEST_F(FaultsTest, AHangUpClosesTheConnection) {
  Stage& stage = OpenSilent();
  faults_.on_try[1].hang_up_after = seconds(2);
  stage.Say("在吗", faults_);
  ASSERT_TRUE(stage.conductor().Settle());
  EXPECT_EQ(stage.callback().Parked(), 0u);
}

TEST_F(FaultsTest, ADuplicateIsTheSameRequestTwice) {
  Stage& stage = OpenNumbering();
  faults_.on_try[1].duplicate = true;
  const PushOutcome outcome = stage.Say("在吗", faults_);
  EXPECT_TRUE(outcome.shown());
  ASSERT_EQ(outcome.tries.size(), 2u);
  EXPECT_EQ(outcome.tries[1].kind, TryKind::kDuplicate);
  EXPECT_FALSE(outcome.AllRepliesEqual());
  const auto received = stage.callback().Received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].body, received[1].body);
  EXPECT_EQ(received[0].query_signature, received[1].query_signature);
}

TEST_F(FaultsTest, ASkippedTryIsNeverSent) {
  Stage& stage = OpenNumbering();
  faults_.on_try[1].skip = true;
  faults_.on_try[2].skip = true;
  const PushOutcome outcome = stage.Say("在吗", faults_);
  EXPECT_EQ(outcome.Text(), "第1次");
  EXPECT_EQ(outcome.try_number, 3);
  EXPECT_EQ(outcome.after, seconds(10));
  EXPECT_EQ(stage.callback().Received().size(), 1u);
}

TEST_F(FaultsTest, ALatePushComesAfterTheEnd) {
  Stage& stage = OpenNumbering();
  faults_.late_push = seconds(30);
  const PushOutcome outcome = stage.Say("在吗", faults_);
  EXPECT_EQ(outcome.Text(), "第1次");
  EXPECT_EQ(outcome.after, seconds(0));
  ASSERT_EQ(outcome.tries.size(), 2u);
  EXPECT_EQ(outcome.tries[1].kind, TryKind::kLate);
  EXPECT_EQ(outcome.tries[1].started, seconds(30));
  EXPECT_EQ(outcome.tries[1].end, TryEnd::kReply);
  const auto received = stage.callback().Received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(received[0].opened->message, received[1].opened->message);
}

TEST_F(FaultsTest, TamperedPushesAreWhatTheServerHasToRefuse) {
  struct Case {
    CallbackMode mode;
    Tamper tamper;
    const char* refused;
  };
  const Case cases[] = {
      {CallbackMode::kPlain, Tamper::kSignature, "signature"},
      {CallbackMode::kPlain, Tamper::kStale, "timestamp"},
      {CallbackMode::kPlain, Tamper::kCiphertext, "signature"},
      {CallbackMode::kPlain, Tamper::kAppId, "signature"},
      {CallbackMode::kSafe, Tamper::kSignature, "message_signature"},
      {CallbackMode::kSafe, Tamper::kStale, "timestamp"},
      {CallbackMode::kSafe, Tamper::kCiphertext, "message_signature"},
      {CallbackMode::kSafe, Tamper::kAppId, "app_id"},
      {CallbackMode::kCompatible, Tamper::kCiphertext, "message_signature"},
  };
  for (const Case& one : cases) {
    Stage& stage = OpenNumbering(one.mode);
    faults_.tamper = one.tamper;
    const PushOutcome outcome = stage.Say("在吗", faults_);
    EXPECT_TRUE(outcome.failed());
    EXPECT_EQ(outcome.tries[0].status, 403);
    EXPECT_EQ(stage.callback().Received().at(0).refused, one.refused) << static_cast<int>(one.tamper);
  }
}

}  // namespace
}  // namespace yingda::simulator
