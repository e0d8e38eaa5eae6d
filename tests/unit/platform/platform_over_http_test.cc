// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>

#include "net/curl_http_client.h"
#include "platform/ability_probe.h"
#include "platform/customer_service.h"
#include "platform/token_centre.h"
#include "simulator/wechat_api.h"
#include "unit/platform/stage.h"

namespace yingda::platform {
namespace {

using namespace std::chrono_literals;
using simulator::ApiAccountOptions;

constexpr const char* kSend = "/cgi-bin/message/custom/send";

/// Tokens, API and messages of one account over real sockets, and WeChat's API as the project fakes it.
class PlatformOverHttpTest : public ::testing::Test {
 protected:
  PlatformOverHttpTest()
      : wechat_(simulator::WeChatApi::Options(), wechat_loop_, stage_.clock, stage_.logger, stage_.metrics) {}
  void SetUp() override {
    ASSERT_TRUE(wechat_.Start());
    Begin(TokenEndpoint::kStable);
  }
  void TearDown() override {
    End();
    wechat_.Stop();
    client_.reset();
    wechat_loop_.Stop();
  }

  void Begin(TokenEndpoint endpoint) {
    const ApiAccountOptions account;
    if (!client_) client_ = std::make_unique<net::CurlHttpClient>(net::CurlHttpClient::Options(), stage_.loop);
    TokenCentre::Options tokens;
    tokens.account = "main";
    tokens.endpoint = endpoint;
    tokens.credentials = {wechat_.BaseUrl(), account.app_id, account.secret};
    WeChatApi::Options api;
    api.account = "main";
    api.api_base = wechat_.BaseUrl();
    stage_.On([&] {
      tokens_ =
          std::make_unique<TokenCentre>(tokens, *client_, stage_.loop, stage_.store(), stage_.logger, stage_.metrics);
      api_ = std::make_unique<WeChatApi>(api, tokens_.get(), *client_, stage_.loop, stage_.logger, stage_.metrics);
      service_ = std::make_unique<CustomerService>(CustomerService::Options(), *api_, stage_.loop, stage_.metrics);
    });
  }
  void End() {
    stage_.On([&] {
      service_.reset();
      api_.reset();
      tokens_.reset();
    });
  }

  static std::string OpenId(int number) {
    const std::string digits = std::to_string(number);
    return "oFollower" + std::string(19 - digits.size(), '0') + digits;
  }
  void Send(const std::string& open_id, const std::string& text) {
    stage_.On([&] {
      service_->Send(open_id, wechat::TextReply{text}, true, [&](SendOutcome outcome) { ends_.push_back(outcome); });
    });
  }
  /// Sends to so many followers at once, and waits for the ends.
  void SendToAll(int followers) {
    for (int i = 0; i < followers; ++i) wechat_.FollowerSpoke(OpenId(i));
    ends_.clear();
    stage_.On([&] {
      for (int i = 0; i < followers; ++i) {
        service_->Send(OpenId(i), wechat::TextReply{"你好"}, true,
                       [&](SendOutcome outcome) { ends_.push_back(outcome); });
      }
    });
    ASSERT_TRUE(stage_.Until([&] { return ends_.size() == static_cast<size_t>(followers); }));
    for (const SendOutcome& outcome : ends_) EXPECT_EQ(outcome.end, SendEnd::kDelivered) << outcome.errcode;
  }

  Stage stage_;
  net::EventLoop wechat_loop_{stage_.clock};
  simulator::WeChatApi wechat_;
  std::unique_ptr<net::CurlHttpClient> client_;
  std::unique_ptr<TokenCentre> tokens_;
  std::unique_ptr<WeChatApi> api_;
  std::unique_ptr<CustomerService> service_;
  std::vector<SendOutcome> ends_;
};

TEST_F(PlatformOverHttpTest, ATokenThatDiesUnderAHundredPushesIsRenewedOnce) {
  for (const TokenEndpoint endpoint : {TokenEndpoint::kStable, TokenEndpoint::kLegacy}) {
    End();
    Begin(endpoint);
    SendToAll(1);
    const int issued = wechat_.TokensIssued();
    wechat_.RevokeTokens();
    const size_t sent = wechat_.Calls(kSend).size();
    SendToAll(100);
    EXPECT_EQ(wechat_.TokensIssued(), issued + 1) << ToString(endpoint);
    EXPECT_LE(wechat_.Calls(kSend).size(), sent + 200U);
    for (int i = 1; i < 100; ++i) {
      EXPECT_EQ(wechat_.Delivered(OpenId(i)).size(), endpoint == TokenEndpoint::kStable ? 1U : 2U) << i;
    }
  }
}

TEST_F(PlatformOverHttpTest, ATokenThatExpiresUnderAHundredPushesIsRenewedOnce) {
  SendToAll(1);
  stage_.Advance(2h);
  // As a process that slept: to this one the token is as good as new.
  End();
  stage_.Settle();  // the token is kept without anyone waiting for it, and a read does not wait for writes
  std::optional<store::TokenRecord> kept;
  std::atomic<bool> loaded = false;
  stage_.store().LoadToken("main", ApiAccountOptions().app_id, "stable", [&](auto record) {
    if (record) kept = *std::move(record);
    loaded = true;
  });
  ASSERT_TRUE(stage_.Until([&] { return loaded.load(); }));
  ASSERT_TRUE(kept.has_value());
  store::TokenRecord stale = *kept;
  stale.expires_ms = base::UnixMilliseconds(stage_.clock.WallNow() + 1h);
  stage_.store().SaveToken(stale, {});
  stage_.Settle();
  Begin(TokenEndpoint::kStable);
  const int issued = wechat_.TokensIssued();
  SendToAll(100);
  EXPECT_EQ(wechat_.TokensIssued(), issued + 1);
}

TEST_F(PlatformOverHttpTest, MessagesArriveMarkedAndAsTheyWereWritten) {
  wechat_.FollowerSpoke(OpenId(1));
  Send(OpenId(1), "第一行\n<a href=\"https://example.com\">链接</a> 😀 \"引号\"");
  ASSERT_TRUE(stage_.Until([&] { return !ends_.empty(); }));
  const auto delivered = wechat_.Delivered(OpenId(1));
  ASSERT_EQ(delivered.size(), 1U);
  EXPECT_EQ(delivered[0].text, "第一行\n<a href=\"https://example.com\">链接</a> 😀 \"引号\"");
  EXPECT_TRUE(delivered[0].made_by_model);
}

TEST_F(PlatformOverHttpTest, WeChatsWindowsEndMessages) {
  const auto send_one = [&](const std::string& text) {
    ends_.clear();
    Send(OpenId(1), text);
    EXPECT_TRUE(stage_.Until([&] { return !ends_.empty(); }));
    return ends_.empty() ? SendOutcome{} : ends_[0];
  };
  EXPECT_EQ(send_one("never spoke").errcode, 45015);
  wechat_.FollowerSpoke(OpenId(1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send_one("hi").end, SendEnd::kDelivered);
  const SendOutcome sixth = send_one("sixth");
  EXPECT_EQ(sixth.errcode, 45047);
  EXPECT_EQ(sixth.end, SendEnd::kClosed);
  wechat_.FollowerSpoke(OpenId(1));
  EXPECT_EQ(send_one(std::string(3000, 'x')).errcode, 45002);
  EXPECT_EQ(ends_[0].end, SendEnd::kRejected);
}

TEST_F(PlatformOverHttpTest, AnAnswerThatIsLostLeavesOneMessageAndAnUnknownEnd) {
  SendToAll(1);  // so that the connection has been used before
  wechat_.LoseNextAnswer(kSend);
  ends_.clear();
  Send(OpenId(0), "once");
  ASSERT_TRUE(stage_.Until([&] { return !ends_.empty(); }));
  EXPECT_EQ(ends_[0].end, SendEnd::kUnknown);
  EXPECT_EQ(wechat_.Delivered(OpenId(0)).size(), 2U) << "the first, and this one once";
}

TEST_F(PlatformOverHttpTest, WhatNobodyTookIsSentWhenWeChatIsBack) {
  SendToAll(1);
  ASSERT_TRUE(wechat_.SetNetwork(simulator::WeChatApi::Network::kRefuses));
  ends_.clear();
  Send(OpenId(0), "later");
  const std::string waiting = R"(yingda_push_total{account="main",end="delivered"} 1)";
  EXPECT_TRUE(stage_.HasMetric(waiting));
  ASSERT_TRUE(wechat_.SetNetwork(simulator::WeChatApi::Network::kWorks));
  ASSERT_TRUE(testing::WaitFor([&] {
    stage_.clock.Advance(100ms);
    bool ended = false;
    stage_.On([&] { ended = !ends_.empty(); });
    return ended;
  }));
  EXPECT_EQ(ends_[0].end, SendEnd::kDelivered);
}

TEST_F(PlatformOverHttpTest, TheProbeTellsAccountsApart) {
  const auto probe = [&] {
    std::optional<AbilityFinding> found;
    stage_.On([&] { ProbeAbility(*api_, [&](AbilityFinding finding) { found = std::move(finding); }); });
    EXPECT_TRUE(stage_.Until([&] { return found.has_value(); }));
    return found.value_or(AbilityFinding());
  };
  EXPECT_EQ(probe().can_push, CanPush::kYes);
  wechat_.Change([](ApiAccountOptions& account) { account.verified = false; });
  EXPECT_EQ(probe().can_push, CanPush::kNo);
  wechat_.Change([](ApiAccountOptions& account) { account.refused_ip = "1.2.3.4"; });
  wechat_.RevokeTokens();
  const AbilityFinding refused = probe();
  EXPECT_EQ(refused.can_push, CanPush::kUnknown);
  EXPECT_NE(refused.why.find("1.2.3.4"), std::string::npos) << refused.why;
}

}  // namespace
}  // namespace yingda::platform
