// SPDX-License-Identifier: MIT
#include "app/check_online.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/fetch_autoreply.h"
#include "net/curl_http_client.h"
#include "simulator/wechat_api.h"

namespace yingda::app {
namespace {

using simulator::ApiAccountOptions;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Kind = config::AccountConfig::Kind;

class CheckOnlineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(wechat_.Start());
    account_.name = "main";
    account_.api_base = wechat_.BaseUrl();
    account_.callback.app_id = ApiAccountOptions().app_id;
    account_.app_secret = ApiAccountOptions().secret;
  }
  void TearDown() override { wechat_.Stop(); }
  OnlineReport Check() {
    const OnlineReport report = CheckAccountOnline(account_, client_, loop_);
    EXPECT_THAT(report.lines, Each(HasSubstr("账号 main：")));
    EXPECT_THAT(report.lines, Each(Not(HasSubstr(account_.app_secret.empty() ? "\n" : account_.app_secret))));
    return report;
  }

  base::SystemClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  net::EventLoop loop_{clock_};
  simulator::WeChatApi wechat_{simulator::WeChatApi::Options(), loop_, clock_, *logger_, metrics_};
  net::CurlHttpClient client_{net::CurlHttpClient::Options(), loop_};
  config::AccountConfig account_;
};

TEST_F(CheckOnlineTest, AVerifiedAccountIsGood) {
  const OnlineReport report = Check();
  EXPECT_TRUE(report.good);
  EXPECT_THAT(report.lines,
              ElementsAre(HasSubstr("拿到了 access_token"), HasSubstr("可以发客服消息"), HasSubstr("回调地址")));
  EXPECT_TRUE(wechat_.AllDelivered().empty()) << "nobody notices";
}

TEST_F(CheckOnlineTest, WithoutTheRightItIsPassiveAndGoodUnlessPushIsWanted) {
  wechat_.Change([](ApiAccountOptions& account) { account.verified = false; });
  const OnlineReport automatic = Check();
  EXPECT_TRUE(automatic.good);
  EXPECT_THAT(automatic.lines, Contains(AllOf(HasSubstr("没有客服消息接口的权限"), HasSubstr("48001"))));
  account_.kind = Kind::kPush;
  const OnlineReport push = Check();
  EXPECT_FALSE(push.good);
  EXPECT_THAT(push.lines, Contains(AllOf(StartsWith("✗"), HasSubstr("kind: passive"))));
}

TEST_F(CheckOnlineTest, AWrongSecretIsSaid) {
  account_.app_secret = "ffffffffffffffffffffffffffffffff";
  const OnlineReport report = Check();
  EXPECT_FALSE(report.good);
  EXPECT_THAT(report.lines, ElementsAre(AllOf(StartsWith("✗"), HasSubstr("不接受 app_id 和 app_secret"))));
}

TEST_F(CheckOnlineTest, TheAddressToAllowIsNamed) {
  wechat_.Change([](ApiAccountOptions& account) { account.refused_ip = "1.2.3.4"; });
  const OnlineReport report = Check();
  EXPECT_FALSE(report.good);
  EXPECT_THAT(report.lines, ElementsAre(AllOf(HasSubstr("1.2.3.4"), HasSubstr("IP 白名单"))));
}

TEST_F(CheckOnlineTest, NoConnectionIsSaid) {
  ASSERT_TRUE(wechat_.SetNetwork(simulator::WeChatApi::Network::kRefuses));
  const OnlineReport report = Check();
  EXPECT_FALSE(report.good);
  EXPECT_THAT(report.lines, ElementsAre(HasSubstr("连不上微信的接口")));
}

TEST_F(CheckOnlineTest, NoSecretIsFineUnlessMessagesAreToBeSent) {
  account_.app_secret.clear();
  EXPECT_TRUE(Check().good);
  account_.kind = Kind::kMiniProgram;
  EXPECT_FALSE(Check().good);
  EXPECT_TRUE(wechat_.AllCalls().empty());
}

TEST_F(CheckOnlineTest, ItTakesNoTokenAway) {
  account_.token_endpoint = platform::TokenEndpoint::kLegacy;
  EXPECT_TRUE(Check().good);
  EXPECT_TRUE(wechat_.Calls("/cgi-bin/token").empty());
  EXPECT_EQ(wechat_.Calls("/cgi-bin/stable_token").size(), 1U);
}

TEST_F(CheckOnlineTest, TheConsolesRepliesAreFetchedWithTheAccountsToken) {
  const std::string replies = R"({"is_autoreply_open":1,"keyword_autoreply_info":{"list":[]}})";
  wechat_.Change([&](ApiAccountOptions& account) { account.auto_reply_info = replies; });
  const auto fetched = FetchAutoreply(account_, client_, loop_);
  ASSERT_TRUE(fetched.has_value()) << fetched.error().message;
  EXPECT_EQ(*fetched, replies);
  EXPECT_EQ(wechat_.Calls("/cgi-bin/get_current_autoreply_info").size(), 1U);
}

TEST_F(CheckOnlineTest, WhyTheConsolesRepliesCannotBeFetchedIsSaid) {
  const auto trouble = [&] {
    const auto fetched = FetchAutoreply(account_, client_, loop_);
    return fetched ? std::string() : fetched.error().message;
  };
  wechat_.FailNext("/cgi-bin/get_current_autoreply_info", 48001);
  EXPECT_THAT(trouble(), AllOf(HasSubstr("48001"), HasSubstr("没有权限")));
  wechat_.FailNextWithStatus("/cgi-bin/get_current_autoreply_info", 502);
  EXPECT_THAT(trouble(), HasSubstr("502"));
  account_.app_secret = "ffffffffffffffffffffffffffffffff";
  EXPECT_THAT(trouble(), HasSubstr("app_secret"));
  account_.app_secret.clear();
  EXPECT_THAT(trouble(), HasSubstr("没有写 app_secret"));
}

}  // namespace
}  // namespace yingda::app
