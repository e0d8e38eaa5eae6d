// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator/wechat_api.h"
#include "support/wait.h"
#include "unit/simulator/api_caller.h"

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

constexpr const char* kFollower = "oABCD1234efgh5678IJKL9012mnQ";

class WeChatApiFaultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(stage_.started);
    token_ = stage_.Token();
    stage_.api.FollowerSpoke(kFollower);
  }
  ApiStage stage_;
  std::string token_;
};

TEST_F(WeChatApiFaultsTest, AnInjectedErrcodeHitsItsPathSoManyTimesAndDeliversNothing) {
  stage_.api.FailNext(ApiStage::kSend, -1, 2);
  EXPECT_EQ(stage_.Check(token_), 0);
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").errcode, -1);
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").errcode, -1);
  EXPECT_THAT(stage_.api.Delivered(kFollower), SizeIs(0));
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").errcode, 0);
  const auto calls = stage_.api.Calls(ApiStage::kSend);
  ASSERT_THAT(calls, SizeIs(3));
  EXPECT_EQ(calls[0].errcode, -1);
  EXPECT_EQ(calls[2].errcode, 0);
  EXPECT_EQ(calls[2].token_generation, 1);
}

TEST_F(WeChatApiFaultsTest, AnInjectedStatusComesAsAPageThatIsNotJson) {
  stage_.api.FailNextWithStatus("", 502);
  const ApiReply reply = stage_.Say(token_, kFollower, "x");
  EXPECT_EQ(reply.status, 502);
  EXPECT_FALSE(reply.json.is_object());
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").errcode, 0);
}

TEST_F(WeChatApiFaultsTest, ALostAnswerHasStillDelivered) {
  stage_.api.LoseNextAnswer(ApiStage::kSend);
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").status, 0);
  EXPECT_THAT(stage_.api.Delivered(kFollower), SizeIs(1));
  EXPECT_TRUE(stage_.api.Calls(ApiStage::kSend).front().answer_lost);
}

TEST_F(WeChatApiFaultsTest, SlowAnswersComeWhenTheClockSaysSoAlthoughAllIsDone) {
  stage_.api.SetLatency(3s);
  auto reply = stage_.Begin("POST", ApiStage::kSend + "?access_token=" + token_,
                            R"({"touser":"oABCD1234efgh5678IJKL9012mnQ","msgtype":"text","text":{"content":"x"}})");
  ASSERT_TRUE(testing::WaitFor([&] { return stage_.api.Waiting() == 1; }));
  EXPECT_THAT(stage_.api.Delivered(kFollower), SizeIs(1));
  stage_.clock.Advance(2999ms);
  EXPECT_EQ(reply.wait_for(20ms), std::future_status::timeout);
  stage_.clock.Advance(1ms);
  EXPECT_EQ(reply.get().errcode, 0);
}

TEST_F(WeChatApiFaultsTest, AnOutageRefusesResetsOrKeepsSilentAndThenWorksOnTheSamePort) {
  ASSERT_TRUE(stage_.api.SetNetwork(WeChatApi::Network::kRefuses));
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").status, 0);
  ASSERT_TRUE(stage_.api.SetNetwork(WeChatApi::Network::kResets));
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").status, 0);
  ASSERT_TRUE(stage_.api.SetNetwork(WeChatApi::Network::kSilent));
  auto waiting = stage_.Begin("GET", "/cgi-bin/getcallbackip?access_token=" + token_);
  ASSERT_TRUE(testing::WaitFor([&] { return stage_.api.Waiting() == 1; }));
  ASSERT_TRUE(stage_.api.SetNetwork(WeChatApi::Network::kRefuses));
  EXPECT_EQ(waiting.get().status, 0);
  ASSERT_TRUE(stage_.api.SetNetwork(WeChatApi::Network::kWorks));
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").errcode, 0);
  EXPECT_THAT(stage_.api.Delivered(kFollower), SizeIs(1));
  // The refused call never came in; the two others did, and did nothing.
  EXPECT_THAT(stage_.api.Calls(ApiStage::kSend), SizeIs(2));
}

TEST_F(WeChatApiFaultsTest, RevokedTokensAreNotTheLatestAnyMore) {
  stage_.api.RevokeTokens();
  EXPECT_EQ(stage_.Say(token_, kFollower, "x").errcode, 40001);
  EXPECT_EQ(stage_.Say(stage_.Token(), kFollower, "x").errcode, 0);
  EXPECT_EQ(stage_.api.TokensIssued(), 2);
}

TEST_F(WeChatApiFaultsTest, AnUnknownPathIsNotFound) {
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/nothing?access_token=" + token_).status, 404);
}

TEST(WeChatApiAccountsTest, TwoAccountsKeepTheirTokensAndFollowersApart) {
  WeChatApi::Options options;
  options.accounts.resize(2);
  options.accounts[1].app_id = "wxfedcba9876543210";
  std::vector<std::string> seen;
  options.on_delivery = [&](const ApiDelivery& delivery) { seen.push_back(delivery.app_id); };
  ApiStage stage(options);
  const std::string first = stage.Token();
  const std::string second = ApiStage::TokenIn(stage.Call(
      "GET",
      "/cgi-bin/token?grant_type=client_credential&appid=wxfedcba9876543210&secret=" + ApiAccountOptions().secret));
  stage.api.FollowerSpoke(kFollower, "wxfedcba9876543210");
  EXPECT_EQ(stage.Say(first, kFollower, "x").errcode, 45015);
  EXPECT_EQ(stage.Say(second, kFollower, "x").errcode, 0);
  EXPECT_EQ(seen, std::vector<std::string>{"wxfedcba9876543210"});
  EXPECT_EQ(stage.api.TokensIssued(), 1);
  EXPECT_EQ(stage.api.TokensIssued("wxfedcba9876543210"), 1);
}

}  // namespace
}  // namespace yingda::simulator
