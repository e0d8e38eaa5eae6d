// SPDX-License-Identifier: MIT
#include "platform/wechat_api.h"

#include <gtest/gtest.h>

#include "stage.h"

namespace yingda::platform {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;

/// Gives t<generation>; a refusal makes the next one.
class CountingTokens final : public TokenProvider {
 public:
  void Get(Done done) override {
    if (holds) {
      held.push_back(std::move(done));
    } else if (error) {
      done(*error);
    } else {
      done(AccessToken{"t" + std::to_string(generation), generation, {}});
    }
  }
  void Refused(int64_t refused) override {
    refusals.push_back(refused);
    if (refused == generation) ++generation;
  }

  int64_t generation = 1;
  bool holds = false;
  std::optional<base::Error> error;
  std::vector<Done> held;
  std::vector<int64_t> refusals;
};

class WeChatApiTest : public ::testing::Test {
 protected:
  WeChatApiTest() {
    options_.account = "main";
    options_.api_base = "https://api.example";
    Begin();
  }
  ~WeChatApiTest() override {
    stage_.On([&] { api_.reset(); });
  }
  void Begin(bool with_tokens = true) {
    stage_.On([&] {
      api_ = std::make_unique<WeChatApi>(options_, with_tokens ? &tokens_ : nullptr, stage_.client, stage_.loop,
                                         stage_.logger, stage_.metrics);
    });
  }
  void Call(ApiCall call) {
    stage_.On([&] {
      api_->Call(std::move(call), [&](base::Result<ApiAnswer> answer) { got_.push_back(std::move(answer)); });
    });
  }
  void Call(const std::string& path = "/cgi-bin/x") { Call({"POST", path, "", "{}"}); }
  ErrorCode LastError() { return got_.empty() || got_.back() ? ErrorCode::kInternal : got_.back().error().code; }

  Stage stage_;
  CountingTokens tokens_;
  WeChatApi::Options options_;
  std::unique_ptr<WeChatApi> api_;
  std::vector<base::Result<ApiAnswer>> got_;
};

TEST_F(WeChatApiTest, AddsTheTokenToTheQueryOnly) {
  Call({"POST", "/cgi-bin/menu/create", "a=1&b=2", "{\"x\":1}", "application/json"});
  const net::HttpClientRequest request = stage_.Request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://api.example/cgi-bin/menu/create?access_token=t1&a=1&b=2");
  EXPECT_EQ(request.body, "{\"x\":1}");
  for (const auto& [name, value] : request.headers) EXPECT_EQ(value.find("t1"), std::string::npos) << name;
  stage_.Answer(Refusal(0, "ok"));
  ASSERT_EQ(got_.size(), 1U);
  ASSERT_TRUE(got_[0]);
  EXPECT_EQ(got_[0]->errcode, 0);
  EXPECT_TRUE(got_[0]->json);
}

TEST_F(WeChatApiTest, ReadsJsonWhateverItsContentTypeSays) {
  Call();
  stage_.Answer(R"( {"errcode":45015,"errmsg":"response out of time limit"})", 200, "text/plain");
  EXPECT_EQ(got_.at(0)->errcode, 45015);
  EXPECT_EQ(got_.at(0)->errmsg, "response out of time limit");
  EXPECT_TRUE(stage_.HasMetric(R"(yingda_wechat_errors_total{account="main",errcode="45015"} 1)"));
  Call();
  stage_.Answer("\xff\xd8 jpeg", 200, "image/jpeg");
  EXPECT_FALSE(got_.at(1)->json);
  EXPECT_EQ(got_.at(1)->errcode, 0);
  EXPECT_EQ(got_.at(1)->content_type, "image/jpeg");
  Call();
  stage_.Answer("{broken");
  EXPECT_FALSE(got_.at(2)->json);
}

TEST_F(WeChatApiTest, ARefusedTokenIsRenewedAndTheCallMadeOnceMore) {
  int generation = 1;
  for (const int errcode : {40001, 40014, 42001, 41001}) {
    Call();
    stage_.Answer(Refusal(errcode));
    EXPECT_EQ(stage_.Request().url, "https://api.example/cgi-bin/x?access_token=t" + std::to_string(++generation));
    stage_.Answer(Refusal(0));
    EXPECT_EQ(got_.back()->errcode, 0);
  }
  EXPECT_EQ(tokens_.refusals, (std::vector<int64_t>{1, 2, 3, 4}));
}

TEST_F(WeChatApiTest, TheSecondRefusalIsTheAnswer) {
  Call();
  stage_.Answer(Refusal(40001));
  stage_.Answer(Refusal(40001));
  ASSERT_EQ(got_.size(), 1U);
  EXPECT_EQ(got_[0]->errcode, 40001);
  EXPECT_EQ(stage_.Started(), 2U);
  EXPECT_EQ(tokens_.refusals, (std::vector<int64_t>{1, 2}));
}

TEST_F(WeChatApiTest, WithoutATokenNothingIsSent) {
  tokens_.error = base::Error{ErrorCode::kUnauthenticated, "compare app_secret"};
  Call();
  EXPECT_EQ(LastError(), ErrorCode::kUnauthenticated);
  EXPECT_EQ(stage_.Started(), 0U);
  tokens_.error.reset();
  tokens_.holds = true;
  Call();
  stage_.Advance(10s);
  EXPECT_EQ(got_.size(), 2U);
  EXPECT_EQ(LastError(), ErrorCode::kUnavailable) << "certainly not sent";
  stage_.On([&] { tokens_.held.at(0)(AccessToken{"late", 1, {}}); });
  EXPECT_EQ(stage_.Started(), 0U);
}

TEST_F(WeChatApiTest, TheDeadlineIsForAllOfIt) {
  tokens_.holds = true;
  Call();
  stage_.Advance(6s);
  stage_.On([&] { tokens_.held.at(0)(AccessToken{"t1", 1, {}}); });
  EXPECT_EQ(stage_.Open(), 1U);
  stage_.Advance(3999ms);
  EXPECT_TRUE(got_.empty());
  stage_.Advance(1ms);
  EXPECT_EQ(LastError(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(stage_.Open(), 0U);
}

TEST_F(WeChatApiTest, TellsWhatWasNotSentFromWhatMayHaveArrived) {
  const std::vector<std::pair<ErrorCode, ErrorCode>> cases = {
      {ErrorCode::kUnavailable, ErrorCode::kUnavailable},       // no connection
      {ErrorCode::kDeadlineExceeded, ErrorCode::kUnavailable},  // the client's own: no connection in time
      {ErrorCode::kUpstream, ErrorCode::kUpstream},             // cut off
      {ErrorCode::kTooLarge, ErrorCode::kTooLarge}};
  for (const auto& [transport, told] : cases) {
    Call();
    stage_.Fail(transport);
    EXPECT_EQ(LastError(), told) << base::ToString(transport);
  }
}

TEST_F(WeChatApiTest, AnInterfaceWhoseDayIsUsedUpIsNotCalledBeforeMidnight) {
  Call("/cgi-bin/a");
  stage_.Answer(Refusal(45009));
  const size_t started = stage_.Started();
  Call("/cgi-bin/a");
  EXPECT_EQ(stage_.Started(), started);
  EXPECT_EQ(got_.back()->errcode, 45009);
  EXPECT_NE(got_.back()->body.find("00:00 Asia/Shanghai"), std::string::npos);
  Call("/cgi-bin/b");
  stage_.Answer(Refusal(0));
  EXPECT_EQ(stage_.Started(), started + 1) << "others are";
  stage_.Advance(UntilMidnightInBeijing(stage_.clock.WallNow()));
  Call("/cgi-bin/a");
  EXPECT_EQ(stage_.Started(), started + 2);
}

TEST_F(WeChatApiTest, ClearingTheQuotaAllowsCallsAgain) {
  Call("/cgi-bin/a");
  stage_.Answer(Refusal(45009));
  Call("/cgi-bin/clear_quota");
  stage_.Answer(Refusal(48006));
  Call("/cgi-bin/a");
  EXPECT_EQ(stage_.Open(), 0U) << "it was not cleared";
  Call("/cgi-bin/clear_quota");
  stage_.Answer(Refusal(0));
  Call("/cgi-bin/a");
  EXPECT_EQ(stage_.Open(), 1U);
}

TEST_F(WeChatApiTest, EveryWayToClearTheQuotaCounts) {
  for (const char* const path : {"/cgi-bin/clear_quota", "/cgi-bin/clear_quota/v2", "/cgi-bin/openapi/quota/clear"}) {
    Call("/cgi-bin/a");
    stage_.Answer(Refusal(45009));
    Call(path);
    stage_.Answer(Refusal(0));
    Call("/cgi-bin/a");
    ASSERT_EQ(stage_.Open(), 1U) << path;
    stage_.Answer(Refusal(0));
  }
}

TEST_F(WeChatApiTest, AQuotaClearedInTheConsoleIsNoticedByOneCallInHalfAnHour) {
  Call("/cgi-bin/a");
  stage_.Answer(Refusal(45009));
  for (int half_hours = 0; half_hours < 3; ++half_hours) {
    stage_.Advance(30min - 1ms);
    Call("/cgi-bin/a");
    EXPECT_EQ(stage_.Open(), 0U) << "too early";
    stage_.Advance(1ms);
    Call("/cgi-bin/a");
    Call("/cgi-bin/a");
    ASSERT_EQ(stage_.Open(), 1U) << "one tries, the others do not";
    EXPECT_EQ(got_.back()->errcode, 45009);
    if (half_hours == 1) {
      stage_.Fail(ErrorCode::kUnavailable);  // tells nothing about the quota
    } else {
      stage_.Answer(Refusal(half_hours == 0 ? 45009 : 0));
    }
  }
  for (int i = 0; i < 3; ++i) Call("/cgi-bin/a");
  EXPECT_EQ(stage_.Open(), 3U) << "it was cleared";
  EXPECT_TRUE(stage_.HasMetric(R"(yingda_wechat_quota_exhausted{account="main",path="/cgi-bin/a"} 0)"));
}

TEST_F(WeChatApiTest, MediaHaveAMinuteAndTheRestTenSeconds) {
  const std::pair<const char*, std::chrono::seconds> cases[] = {{"/cgi-bin/media/upload", 60s},
                                                                {"/cgi-bin/material/add_material", 60s},
                                                                {"/cgi-bin/mediacheck", 10s},
                                                                {"/cgi-bin/message/custom/send", 10s}};
  for (const auto& [path, deadline] : cases) {
    const size_t before = got_.size();
    Call(path);
    stage_.Advance(deadline - 1ms);
    EXPECT_EQ(got_.size(), before) << path;
    stage_.Advance(1ms);
    ASSERT_EQ(got_.size(), before + 1) << path;
    EXPECT_EQ(LastError(), ErrorCode::kDeadlineExceeded) << path;
  }
}

TEST_F(WeChatApiTest, NoMoreThanTheLimitIsUnderWay) {
  options_.max_calls = 2;
  Begin();
  for (int i = 0; i < 3; ++i) Call();
  EXPECT_EQ(stage_.Open(), 2U);
  EXPECT_EQ(LastError(), ErrorCode::kUnavailable);
}

TEST_F(WeChatApiTest, AnotherYingdaGetsItsKeyAndNoToken) {
  options_.api_base = "https://hub.example/wxapi/main";
  options_.api_key = "0123456789abcdef";
  Begin(false);
  Call({"GET", "/cgi-bin/user/info", "openid=o1", "", ""});
  const net::HttpClientRequest request = stage_.Request();
  EXPECT_EQ(request.url, "https://hub.example/wxapi/main/cgi-bin/user/info?openid=o1");
  ASSERT_EQ(request.headers.size(), 1U);
  EXPECT_EQ(request.headers[0].first, "Authorization");
  EXPECT_EQ(request.headers[0].second, "Bearer 0123456789abcdef");
  stage_.Answer(Refusal(40001));
  EXPECT_EQ(got_.back()->errcode, 40001) << "the other one has tried again already";
  EXPECT_EQ(stage_.Started(), 1U);
}

TEST_F(WeChatApiTest, WhatSomebodyMustMendIsLoggedOnceAnHourWithoutTokens) {
  for (int i = 0; i < 5; ++i) {
    Call();
    stage_.Answer(Refusal(40164, "invalid ip 1.2.3.4, not in whitelist"));
  }
  EXPECT_EQ(stage_.logger.Count("wechat_refuses"), 1);
  EXPECT_NE(stage_.logger.text.find("1.2.3.4"), std::string::npos);
  stage_.Advance(1h);
  Call();
  stage_.Answer(Refusal(40164));
  EXPECT_EQ(stage_.logger.Count("wechat_refuses"), 2);
  EXPECT_EQ(stage_.logger.text.find("t1"), std::string::npos);
  EXPECT_EQ(stage_.logger.text.find("access_token"), std::string::npos);
}

TEST_F(WeChatApiTest, CallsThatAreOpenWhenItEndsAreDropped) {
  Call();
  tokens_.holds = true;
  Call();
  stage_.On([&] { api_.reset(); });
  EXPECT_EQ(stage_.Open(), 0U);
  stage_.On([&] { tokens_.held.at(0)(AccessToken{"t1", 1, {}}); });
  EXPECT_TRUE(got_.empty());
}

}  // namespace
}  // namespace yingda::platform
