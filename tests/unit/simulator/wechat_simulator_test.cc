// SPDX-License-Identifier: MIT
#include "simulator/wechat_simulator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

#include "unit/simulator/accounts.h"
#include "unit/simulator/stage.h"

namespace yingda::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using wechat::CallbackMode;

wechat::Incoming Question() {
  wechat::Incoming message = TextMessage("在吗");
  message.from_user = "o_follower";
  return message;
}

/// A script that needs the stage it plays on.
class WeChatSimulatorTest : public ::testing::Test {
 protected:
  Stage& Open(std::function<void(Stage&, const ReceivedPush&, net::Responder)> script,
              CallbackMode mode = CallbackMode::kPlain, bool json = false) {
    stage_ = std::make_unique<Stage>(
        [this, script = std::move(script)](const ReceivedPush& push, net::Responder responder) {
          script(*stage_, push, std::move(responder));
        },
        mode, json);
    return *stage_;
  }
  /// Holds every push before number `answered` and answers that one.
  Stage& OpenAnsweringPush(int answered, CallbackMode mode = CallbackMode::kPlain, bool json = false) {
    return Open(
        [answered](Stage& stage, const ReceivedPush& push, net::Responder responder) {
          if (push.number < answered) return stage.callback().Hold(std::move(responder));
          stage.Reply(push, std::move(responder), "好");
        },
        mode, json);
  }
  Stage& OpenAnswering(int status, std::string body) {
    return Open([status, body](Stage&, const ReceivedPush&, net::Responder responder) {
      responder.Send({status, "text/html", body, {}});
    });
  }

  std::unique_ptr<Stage> stage_;
};

TEST_F(WeChatSimulatorTest, VerifiesAUrlThatEchoes) {
  Stage& stage = OpenAnsweringPush(1);
  EXPECT_TRUE(stage.Verify(stage.wechat()));
}

TEST_F(WeChatSimulatorTest, SaysWhyAUrlIsRefused) {
  Stage& stage = OpenAnsweringPush(1);
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.account.token = "another";
  auto other = stage.Add(options);
  ASSERT_TRUE(other);
  const auto verified = stage.Verify(**other);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, base::ErrorCode::kUpstream);
  EXPECT_NE(verified.error().message.find("403"), std::string::npos);
  EXPECT_NE(verified.error().message.find("Token"), std::string::npos);
}

TEST_F(WeChatSimulatorTest, RefusesAnEchoWithALineEnd) {
  Stage& stage = OpenAnsweringPush(1);
  base::Metrics metrics;
  const auto logger = base::MakeNullLogger();
  net::HttpServer sloppy({}, stage.clock(), *logger, metrics);
  sloppy.Handle("GET", "/", [](const net::HttpRequest& request, net::Responder responder) {
    responder.Send({200, "text/plain", std::string(request.Parameter("echostr")) + "\n", {}});
  });
  ASSERT_TRUE(sloppy.Start());
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.url = "http://127.0.0.1:" + std::to_string(sloppy.Port()) + "/";
  auto other = stage.Add(options);
  ASSERT_TRUE(other);
  EXPECT_FALSE(stage.Verify(**other));
  sloppy.Stop(seconds(1));
}

TEST_F(WeChatSimulatorTest, AnUnreachableUrlIsUnavailable) {
  Stage& stage = OpenAnsweringPush(1);
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.url = "http://127.0.0.1:1/";
  auto other = stage.Add(options);
  ASSERT_TRUE(other);
  const auto verified = stage.Verify(**other);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code, base::ErrorCode::kUnavailable);
}

TEST_F(WeChatSimulatorTest, ABadEncodingAesKeyIsRefusedAtTheStart) {
  Stage& stage = OpenAnsweringPush(1);
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.account.mode = CallbackMode::kSafe;
  options.account.encoding_aes_key = "short";
  EXPECT_FALSE(stage.Add(options));
}

TEST_F(WeChatSimulatorTest, AReplyIsShownOnTheTryItComesOn) {
  for (int answered = 1; answered <= 3; ++answered) {
    Stage& stage = OpenAnsweringPush(answered);
    const PushOutcome outcome = stage.Say("在吗");
    EXPECT_TRUE(outcome.shown());
    EXPECT_EQ(outcome.Text(), "好");
    EXPECT_EQ(outcome.try_number, answered);
    EXPECT_EQ(outcome.tries.size(), static_cast<size_t>(answered));
    EXPECT_EQ(outcome.after, seconds(5) * (answered - 1));
    for (const TryRecord& one : outcome.tries) {
      EXPECT_EQ(one.started, seconds(5) * (one.number - 1));
      EXPECT_EQ(one.end, one.number < answered ? TryEnd::kSilence : TryEnd::kReply);
    }
  }
}

TEST_F(WeChatSimulatorTest, AllTriesCarryTheSameMessage) {
  Stage& stage = OpenAnsweringPush(3);
  const base::WallTime started = stage.clock().WallNow();
  stage.Say("在吗");
  const auto received = stage.callback().Received();
  ASSERT_EQ(received.size(), 3u);
  const wechat::Incoming& first = received[0].opened->message;
  EXPECT_EQ(first.to_user, "gh_account");
  EXPECT_EQ(first.from_user, "o_follower");
  EXPECT_EQ(first.content, "在吗");
  EXPECT_EQ(first.create_time, base::UnixSeconds(started));
  EXPECT_FALSE(first.msg_id.empty());
  EXPECT_EQ(received[0].openid, "o_follower");
  for (const ReceivedPush& push : received) EXPECT_EQ(push.opened->message, first);
  EXPECT_NE(received[1].query_signature, received[0].query_signature);
}

TEST_F(WeChatSimulatorTest, SilenceOnEveryTryFails) {
  Stage& stage = OpenAnsweringPush(99);
  const PushOutcome outcome = stage.Say("在吗");
  EXPECT_TRUE(outcome.failed());
  EXPECT_EQ(outcome.try_number, 3);
  EXPECT_EQ(outcome.after, seconds(15));
  EXPECT_EQ(stage.callback().Received().size(), 3u);
}

TEST_F(WeChatSimulatorTest, SuccessAndAnEmptyBodyEndItQuietly) {
  for (const char* body : {"success", ""}) {
    Stage& stage = OpenAnswering(200, body);
    const PushOutcome outcome = stage.Say("在吗");
    EXPECT_TRUE(outcome.acknowledged());
    EXPECT_EQ(outcome.tries.size(), 1u);
    EXPECT_EQ(outcome.Text(), "");
  }
}

TEST_F(WeChatSimulatorTest, ABadAnswerIsTriedAgainAtTheMarks) {
  struct Case {
    int status;
    const char* body;
    TryEnd end;
  };
  const Case cases[] = {{200, "<html>502 Bad Gateway</html>", TryEnd::kBadReply},
                        {502, "<html></html>", TryEnd::kBadStatus},
                        {500, "success", TryEnd::kBadStatus},
                        {204, "", TryEnd::kBadStatus}};
  for (const Case& one : cases) {
    Stage& stage = OpenAnswering(one.status, one.body);
    const PushOutcome outcome = stage.Say("在吗");
    EXPECT_TRUE(outcome.failed()) << one.body;
    ASSERT_EQ(outcome.tries.size(), 3u) << one.body;
    for (const TryRecord& record : outcome.tries) {
      EXPECT_EQ(record.end, one.end) << one.body;
      EXPECT_EQ(record.status, one.status);
      EXPECT_FALSE(record.problem.empty());
      EXPECT_EQ(record.started, seconds(5) * (record.number - 1));
      EXPECT_EQ(record.ended, record.started);
    }
  }
}

TEST_F(WeChatSimulatorTest, ARefusedConnectionIsTriedAgainAtTheMarks) {
  Stage& stage = OpenAnsweringPush(1);
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.url = "http://127.0.0.1:1/";
  auto other = stage.Add(options);
  ASSERT_TRUE(other);
  base::Guarded<std::optional<PushOutcome>> outcome;
  (*other)->Push(Question(), [&](PushOutcome result) { outcome.With([&](auto& value) { value = result; }); });
  ASSERT_TRUE(stage.conductor().RunUntil([&] { return (*other)->InFlight() == 0; }, seconds(60), milliseconds(500)));
  const auto got = outcome.With([](const auto& value) { return value; });
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->failed());
  ASSERT_EQ(got->tries.size(), 3u);
  EXPECT_EQ(got->tries[2].end, TryEnd::kNoConnection);
  EXPECT_EQ(got->tries[2].started, seconds(10));
}

TEST_F(WeChatSimulatorTest, AConnectionThatClosesWithoutAnAnswerIsACutOff) {
  Stage& stage = Open([](Stage& own, const ReceivedPush& push, net::Responder responder) {
    if (push.number == 1) {
      responder.Close();
    } else {
      own.Reply(push, std::move(responder), "好");
    }
  });
  const PushOutcome outcome = stage.Say("在吗");
  EXPECT_EQ(outcome.tries[0].end, TryEnd::kCutOff);
  EXPECT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.try_number, 2);
}

TEST_F(WeChatSimulatorTest, AReplyTooLongForWeChatFails) {
  Stage& stage = Open([](Stage& own, const ReceivedPush& push, net::Responder responder) {
    own.Reply(push, std::move(responder), std::string(2048, 'a'));
  });
  const PushOutcome outcome = stage.Say("在吗");
  EXPECT_TRUE(outcome.failed());
  EXPECT_NE(outcome.tries[0].problem.find("2048"), std::string::npos);
}

TEST_F(WeChatSimulatorTest, AReplyBeyondTheByteLimitIsBad) {
  Stage& stage = OpenAnswering(200, std::string(100'000, 'a'));
  EXPECT_EQ(stage.Say("在吗").tries[0].end, TryEnd::kBadReply);
}

TEST_F(WeChatSimulatorTest, EveryModeAndFormatMakesTheRoundTrip) {
  for (const CallbackMode mode : {CallbackMode::kPlain, CallbackMode::kCompatible, CallbackMode::kSafe}) {
    for (const bool json : {false, true}) {
      Stage& stage = OpenAnsweringPush(2, mode, json);
      const PushOutcome outcome = stage.Say("在吗？😀");
      EXPECT_EQ(outcome.Text(), "好") << (outcome.tries.empty() ? "" : outcome.tries.back().problem);
      const auto received = stage.callback().Received();
      ASSERT_EQ(received.size(), 2u);
      EXPECT_EQ(received[0].opened->message.content, "在吗？😀");
      EXPECT_EQ(received[0].opened->json, json);
      EXPECT_EQ(received[0].opened->encrypted, mode != CallbackMode::kPlain);
      EXPECT_EQ(received[0].body.find("在吗") == std::string::npos, mode == CallbackMode::kSafe);
    }
  }
}

TEST_F(WeChatSimulatorTest, SafeModeNoticesAReplyInClear) {
  Stage& stage = Open(
      [](Stage& own, const ReceivedPush& push, net::Responder responder) {
        wechat::OpenedPush clear = *push.opened;
        clear.encrypted = false;
        responder.Send({200, "text/xml", own.callback().Answer(clear, wechat::TextReply{"好"}), {}});
      },
      CallbackMode::kSafe);
  const PushOutcome outcome = stage.Say("在吗");
  EXPECT_TRUE(outcome.failed());
  EXPECT_EQ(outcome.tries[0].end, TryEnd::kBadReply);
}

TEST_F(WeChatSimulatorTest, EventsCarryNoMsgId) {
  Stage& stage = OpenAnsweringPush(1);
  EXPECT_TRUE(stage.Send(SubscribeEvent("door-7")).shown());
  const auto received = stage.callback().Received();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].opened->message.msg_id, "");
  EXPECT_EQ(received[0].opened->message.event_key, "qrscene_door-7");
}

TEST_F(WeChatSimulatorTest, KeepsTheQueryOfTheUrl) {
  Stage& stage = OpenAnsweringPush(1);
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.url += "?own=1";
  auto other = stage.Add(options);
  ASSERT_TRUE(other);
  EXPECT_TRUE(stage.Verify(**other));
}

TEST_F(WeChatSimulatorTest, MessageIdsNeverRepeat) {
  Stage& stage = OpenAnsweringPush(1);
  std::set<std::string> ids;
  for (int i = 0; i < 1'000; ++i) ids.insert(stage.wechat().NextMessageId());
  EXPECT_EQ(ids.size(), 1'000u);
}

TEST_F(WeChatSimulatorTest, OverItsLimitAMessageFailsAtOnce) {
  Stage& stage = OpenAnsweringPush(99);
  WeChatSimulator::Options options = stage.SimulatorOptions();
  options.max_in_flight = 1;
  auto small = stage.Add(options);
  ASSERT_TRUE(small);
  base::Guarded<std::vector<PushOutcome>> outcomes;
  for (int i = 0; i < 2; ++i) {
    (*small)->Push(Question(),
                   [&](PushOutcome outcome) { outcomes.With([&](auto& all) { all.push_back(std::move(outcome)); }); });
  }
  ASSERT_TRUE(stage.conductor().RunFor(seconds(16), milliseconds(500)));
  const auto all = outcomes.With([](const auto& value) { return value; });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].tries.back().end, TryEnd::kTooMany);
  EXPECT_EQ(all[1].tries.back().end, TryEnd::kSilence);
}

TEST_F(WeChatSimulatorTest, FiveHundredPushesWaitAtOnceOnOneLoop) {
  constexpr int kPushes = 500;
  std::atomic<int> on_second_try{0};
  Stage& stage = Open([&](Stage& own, const ReceivedPush& push, net::Responder responder) {
    if (push.number <= kPushes) return own.callback().Hold(std::move(responder));
    own.Reply(push, std::move(responder), "答" + push.opened->message.content);
  });
  for (int i = 0; i < kPushes; ++i) {
    const std::string text = std::to_string(i);
    wechat::Incoming message = TextMessage(text);
    message.from_user = "o_" + text;
    stage.wechat().Push(std::move(message), [&on_second_try, text](const PushOutcome& outcome) {
      if (outcome.Text() == "答" + text && outcome.try_number == 2) ++on_second_try;
    });
  }
  ASSERT_TRUE(stage.conductor().Settle());
  EXPECT_EQ(stage.wechat().OpenRequests(), static_cast<size_t>(kPushes));
  ASSERT_TRUE(
      stage.conductor().RunUntil([&] { return stage.wechat().InFlight() == 0; }, seconds(16), milliseconds(500)));
  EXPECT_EQ(on_second_try, kPushes);
}

TEST_F(WeChatSimulatorTest, GoesAwayQuietlyWithPushesUnderWay) {
  Stage& stage = OpenAnsweringPush(99);
  std::atomic<int> outcomes{0};
  auto going = stage.Add(stage.SimulatorOptions());
  ASSERT_TRUE(going);
  for (int i = 0; i < 20; ++i) (*going)->Push(Question(), [&](const PushOutcome&) { ++outcomes; });
  stage.RemoveLast();
  stage.clock().Advance(seconds(60));
  EXPECT_TRUE(stage.conductor().Settle());
  EXPECT_EQ(outcomes, 0);
}

}  // namespace
}  // namespace yingda::simulator
