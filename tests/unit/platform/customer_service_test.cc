// SPDX-License-Identifier: MIT
#include "platform/customer_service.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/errcodes.h"
#include "stage.h"

namespace yingda::platform {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;

class CustomerServiceTest : public ::testing::Test {
 protected:
  CustomerServiceTest() { Begin(); }
  ~CustomerServiceTest() override { End(); }

  void Begin() {
    End();
    stage_.On([&] {
      WeChatApi::Options api;
      api.account = "main";
      api.api_base = "https://hub.example";
      api.api_key = "key";  // no tokens to think of
      api_ = std::make_unique<WeChatApi>(api, nullptr, stage_.client, stage_.loop, stage_.logger, stage_.metrics);
      service_ = std::make_unique<CustomerService>(options_, *api_, stage_.loop, stage_.metrics);
    });
  }
  void End() {
    stage_.On([&] {
      service_.reset();
      api_.reset();
    });
  }
  void Send(const std::string& text = "hi", const std::string& open_id = "o1") {
    stage_.On([&] {
      service_->Send(open_id, wechat::TextReply{text}, false, [&](SendOutcome outcome) { ends_.push_back(outcome); });
    });
  }
  std::string Text() { return nlohmann::json::parse(stage_.Request().body)["text"]["content"].get<std::string>(); }
  SendEnd End1() {
    EXPECT_EQ(ends_.size(), 1U);
    return ends_.empty() ? SendEnd::kUnknown : ends_.back().end;
  }

  Stage stage_;
  CustomerService::Options options_;
  std::unique_ptr<WeChatApi> api_;
  std::unique_ptr<CustomerService> service_;
  std::vector<SendOutcome> ends_;
};

TEST_F(CustomerServiceTest, DeliveredIsErrcodeZeroOnly) {
  Send("你好");
  EXPECT_EQ(stage_.Request().url, "https://hub.example/cgi-bin/message/custom/send");
  EXPECT_EQ(Text(), "你好");
  stage_.Answer(R"({"errcode":0,"errmsg":"ok"})");
  EXPECT_EQ(End1(), SendEnd::kDelivered);
  EXPECT_TRUE(stage_.HasMetric(R"(yingda_push_total{account="main",end="delivered"} 1)"));
}

TEST_F(CustomerServiceTest, EveryErrcodeThatIsFinalEndsTheMessageAtOnce) {
  for (const Errcode& known : KnownErrcodes()) {
    if (known.action == ErrcodeAction::kRetry || known.action == ErrcodeAction::kWaitAMinute ||
        known.action == ErrcodeAction::kRefreshToken)
      continue;
    ends_.clear();
    Begin();  // a used-up quota is remembered
    const size_t started = stage_.Started();
    Send();
    stage_.Answer(Refusal(known.code));
    EXPECT_EQ(End1(), EndOf(known.code)) << known.code;
    EXPECT_EQ(ends_.at(0).errcode, known.code);
    stage_.Advance(2min);
    EXPECT_EQ(stage_.Started(), started + 1) << known.code << " was tried again";
  }
}

TEST_F(CustomerServiceTest, BusyIsTriedAgainThreeTimesWithGrowingPauses) {
  Send();
  std::vector<base::Duration> pauses;
  for (int i = 0; i < 4; ++i) {
    stage_.Answer(Refusal(-1));
    base::Duration waited{};
    while (stage_.Open() == 0 && waited < 20s) {
      stage_.Advance(100ms);
      waited += 100ms;
    }
    pauses.push_back(waited);
  }
  EXPECT_EQ(pauses, (std::vector<base::Duration>{500ms, 1s, 2s, 20s}));
  EXPECT_EQ(End1(), SendEnd::kUnavailable);
  EXPECT_EQ(ends_.at(0).errcode, -1);
  EXPECT_EQ(stage_.Started(), 4U);
}

TEST_F(CustomerServiceTest, BusyOnceIsDeliveredOnce) {
  Send();
  stage_.Answer(Refusal(-1));
  stage_.Advance(1s);
  stage_.Answer(Refusal(0));
  EXPECT_EQ(End1(), SendEnd::kDelivered);
}

TEST_F(CustomerServiceTest, TheMinuteLimitHoldsEverybodyBackAMinute) {
  Send("first");
  stage_.Answer(Refusal(45011));
  Send("second");
  EXPECT_EQ(stage_.Open(), 0U);
  stage_.Advance(59s);
  EXPECT_EQ(stage_.Open(), 0U);
  stage_.Advance(1s);
  EXPECT_EQ(stage_.Open(), 2U);
  stage_.Answer(Refusal(0));
  stage_.Answer(Refusal(0));
  EXPECT_EQ(ends_.size(), 2U);
}

TEST_F(CustomerServiceTest, WhatWasNotSentIsTriedAgain) {
  Send();
  stage_.Fail(ErrorCode::kUnavailable, "no route");
  stage_.Advance(500ms);
  stage_.Fail(ErrorCode::kDeadlineExceeded, "not connected");
  stage_.Advance(1s);
  stage_.Answer("<html>503</html>", 503, "text/html");
  stage_.Advance(2s);
  stage_.Answer(Refusal(0));
  EXPECT_EQ(End1(), SendEnd::kDelivered);
}

TEST_F(CustomerServiceTest, WhatMayHaveArrivedIsNeverSentAgain) {
  const std::vector<std::function<void()>> cases = {[&] { stage_.Fail(ErrorCode::kUpstream, "cut off"); },
                                                    [&] { stage_.Fail(ErrorCode::kTooLarge); },
                                                    [&] { stage_.Answer("<html>gateway</html>", 502, "text/html"); },
                                                    [&] { stage_.Answer(R"({"error":"no answer"})", 504); },
                                                    [&] { stage_.Answer("<html>portal</html>", 200, "text/html"); },
                                                    [&] { stage_.Answer(""); },
                                                    [&] { stage_.Answer("{}"); },
                                                    [&] { stage_.Advance(10s); }};
  for (size_t i = 0; i < cases.size(); ++i) {
    ends_.clear();
    const size_t started = stage_.Started();
    Send();
    cases[i]();
    EXPECT_EQ(End1(), SendEnd::kUnknown) << i;
    stage_.Advance(2min);
    EXPECT_EQ(stage_.Started(), started + 1) << i;
  }
}

TEST_F(CustomerServiceTest, ARefusalOfTheProxyOnTheWayIsNoRetry) {
  for (const int status : {400, 401, 403, 404}) {
    ends_.clear();
    Send();
    stage_.Answer(R"({"error":"no such client"})", status);
    EXPECT_EQ(End1(), SendEnd::kUnavailable) << status;
  }
}

TEST_F(CustomerServiceTest, NoMoreThanTheLimitIsUnderWay) {
  options_.max_in_flight = 2;
  options_.max_waiting = 3;
  Begin();
  for (int i = 0; i < 5; ++i) Send(std::to_string(i));
  EXPECT_EQ(stage_.Open(), 2U);
  EXPECT_TRUE(ends_.empty());
  Send("one too many");
  EXPECT_EQ(End1(), SendEnd::kUnavailable);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(stage_.Open(), std::min(2U, 5U - static_cast<unsigned>(i)));
    stage_.Answer(Refusal(0));
  }
  EXPECT_EQ(ends_.size(), 6U);
  EXPECT_EQ(Text(), "4") << "in their order";
}

TEST_F(CustomerServiceTest, ASenderMaySendTheNextFromItsEnd) {
  stage_.On([&] {
    service_->Send("o1", wechat::TextReply{"1"}, false, [&](SendOutcome) {
      service_->Send("o1", wechat::TextReply{"2"}, false, [&](SendOutcome outcome) { ends_.push_back(outcome); });
    });
  });
  stage_.Answer(Refusal(0));
  EXPECT_EQ(Text(), "2");
  stage_.Answer(Refusal(0));
  EXPECT_EQ(End1(), SendEnd::kDelivered);
}

TEST_F(CustomerServiceTest, WhatIsNoCustomerServiceMessageCostsNoCall) {
  const auto done = [&](SendOutcome outcome) { ends_.push_back(outcome); };
  stage_.On([&] {
    service_->Send("o1", wechat::NoReply{}, false, done);
    service_->Send("o1", wechat::TransferReply{}, false, done);
  });
  ASSERT_EQ(ends_.size(), 2U);
  EXPECT_EQ(ends_[0].end, SendEnd::kDelivered);
  EXPECT_EQ(ends_[1].end, SendEnd::kRejected);
  EXPECT_EQ(stage_.Started(), 0U);
}

TEST_F(CustomerServiceTest, TypingIsForgottenWhateverBecomesOfIt) {
  for (int i = 0; i < 100; ++i) stage_.On([&] { service_->Typing("o1"); });
  EXPECT_EQ(stage_.Open(), options_.max_in_flight) << "bounded, and none waits";
  EXPECT_EQ(nlohmann::json::parse(stage_.Request().body)["command"], "Typing");
  Send();
  EXPECT_EQ(Text(), "hi") << "it takes no message's place";
  while (stage_.Open() > 1) stage_.Answer(Refusal(45080));
  stage_.Answer(Refusal(0));
  EXPECT_EQ(End1(), SendEnd::kDelivered);
  EXPECT_EQ(stage_.Open(), 0U);
}

TEST_F(CustomerServiceTest, WhenItStopsEverybodyIsTold) {
  options_.max_in_flight = 1;
  Begin();
  Send("under way");
  Send("waiting");
  stage_.On([&] { service_->Stop(); });
  ASSERT_EQ(ends_.size(), 2U);
  EXPECT_EQ(ends_[0].end, SendEnd::kUnknown) << "it may arrive";
  EXPECT_EQ(ends_[1].end, SendEnd::kUnavailable);
  Send("too late");
  EXPECT_EQ(ends_.back().end, SendEnd::kUnavailable);
  stage_.Answer(Refusal(0));
  EXPECT_EQ(ends_.size(), 3U) << "told once";
}

}  // namespace
}  // namespace yingda::platform
