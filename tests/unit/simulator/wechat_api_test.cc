// SPDX-License-Identifier: MIT
#include "simulator/wechat_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "unit/simulator/api_caller.h"

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kFollower = "oABCD1234efgh5678IJKL9012mnQ";

nlohmann::json Vectors(const std::string& name) {
  std::ifstream file(std::string(YINGDA_TEST_DATA) + "/vectors/" + name);
  return nlohmann::json::parse(file);
}

class WeChatApiTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(stage_.started); }
  ApiStage stage_;
};

TEST_F(WeChatApiTest, EachLegacyTokenIsNewAndTheOneBeforeLivesFiveMinutesMore) {
  const ApiReply first = stage_.LegacyToken();
  EXPECT_EQ(first.json["expires_in"], 7200);
  const std::string old = ApiStage::TokenIn(first);
  const std::string current = ApiStage::TokenIn(stage_.LegacyToken());
  EXPECT_NE(old, current);
  stage_.clock.Advance(299s);
  EXPECT_EQ(stage_.Check(old), 0);
  stage_.clock.Advance(2s);
  EXPECT_EQ(stage_.Check(old), 40001);
  EXPECT_EQ(stage_.Check(current), 0);
}

TEST_F(WeChatApiTest, TheStableTokenStaysUntilItsLastFiveMinutesAndThenBothLive) {
  const std::string token = stage_.Token();
  stage_.clock.Advance(6000s);
  const ApiReply again = stage_.StableToken();
  EXPECT_EQ(ApiStage::TokenIn(again), token);
  EXPECT_EQ(again.json["expires_in"], 1200);
  stage_.clock.Advance(900s);
  const std::string next = stage_.Token();
  EXPECT_NE(next, token);
  EXPECT_EQ(stage_.Check(token), 0);
  stage_.clock.Advance(300s);
  EXPECT_EQ(stage_.Check(token), 42001);
  EXPECT_EQ(stage_.Check(next), 0);
  EXPECT_EQ(stage_.api.TokensIssued(), 2);
}

TEST_F(WeChatApiTest, AForcedStableTokenKillsTheOldOneAtOnceButNotTwiceInHalfAMinute) {
  const std::string first = stage_.Token();
  const std::string second = ApiStage::TokenIn(stage_.StableToken(true));
  EXPECT_NE(second, first);
  EXPECT_EQ(stage_.Check(first), 40001);
  stage_.clock.Advance(29s);
  EXPECT_EQ(ApiStage::TokenIn(stage_.StableToken(true)), second);
  stage_.clock.Advance(1s);
  EXPECT_NE(ApiStage::TokenIn(stage_.StableToken(true)), second);
}

TEST_F(WeChatApiTest, AStableTokenCanBeForcedTwentyTimesADay) {
  std::string token = stage_.Token();
  for (int i = 0; i < 20; ++i) {
    const std::string next = ApiStage::TokenIn(stage_.StableToken(true));
    ASSERT_NE(next, token) << i;
    token = next;
    stage_.clock.Advance(30s);
  }
  EXPECT_EQ(ApiStage::TokenIn(stage_.StableToken(true)), token);
}

TEST_F(WeChatApiTest, TheTwoEndpointsDoNotTouchEachOthersTokens) {
  const std::string stable = stage_.Token();
  const std::string legacy = ApiStage::TokenIn(stage_.LegacyToken());
  stage_.LegacyToken();
  stage_.clock.Advance(301s);
  EXPECT_EQ(stage_.Check(legacy), 40001);
  EXPECT_EQ(stage_.Check(stable), 0);
}

TEST_F(WeChatApiTest, ATokenThatIsMissingMalformedOrForeignHasItsOwnErrcode) {
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/getcallbackip").errcode, 41001);
  EXPECT_EQ(stage_.Check("short"), 40014);
  EXPECT_EQ(stage_.Check(std::string(80, 'a')), 40001);
}

TEST_F(WeChatApiTest, WhoMayNotHaveATokenIsToldWhy) {
  const auto errcode = [&](const std::string& query) { return stage_.Call("GET", "/cgi-bin/token?" + query).errcode; };
  const ApiAccountOptions account;
  const std::string good = "grant_type=client_credential&appid=" + account.app_id + "&secret=";
  EXPECT_EQ(errcode(good + "wrong"), 40125);
  EXPECT_EQ(errcode(good), 41004);
  EXPECT_EQ(errcode("grant_type=client_credential&secret=s"), 41002);
  EXPECT_EQ(errcode("grant_type=client_credential&appid=wxother&secret=s"), 40013);
  EXPECT_EQ(errcode("grant_type=password&appid=a&secret=s"), 40002);
  EXPECT_EQ(stage_.Call("POST", "/cgi-bin/token?" + good + account.secret).errcode, 43001);
  stage_.api.Change([](ApiAccountOptions& options) { options.refused_ip = "203.0.113.7"; });
  const ApiReply refused = stage_.StableToken();
  EXPECT_EQ(refused.errcode, 40164);
  EXPECT_THAT(refused.json["errmsg"].get<std::string>(), HasSubstr("invalid ip 203.0.113.7"));
  EXPECT_EQ(stage_.api.TokensIssued(), 0);
}

TEST_F(WeChatApiTest, AMessageReachesTheFollowerWithItsLabel) {
  stage_.api.FollowerSpoke(kFollower);
  const std::string body = R"({"touser":"oABCD1234efgh5678IJKL9012mnQ","msgtype":"text","text":{"content":"你好"},)"
                           R"("aimsgcontext":{"is_ai_msg":1}})";
  EXPECT_EQ(stage_.Call("POST", ApiStage::kSend + "?access_token=" + stage_.Token(), body).errcode, 0);
  const auto delivered = stage_.api.Delivered(kFollower);
  ASSERT_THAT(delivered, SizeIs(1));
  EXPECT_EQ(delivered[0].text, "你好");
  EXPECT_TRUE(delivered[0].made_by_model);
  EXPECT_EQ(delivered[0].token_generation, 1);
}

TEST_F(WeChatApiTest, FiveMessagesMayFollowTheFollowersLastOneFor48Hours) {
  const std::string token = stage_.Token();
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 45015);
  stage_.api.FollowerSpoke(kFollower);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 0);
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 45047);
  stage_.api.FollowerSpoke(kFollower);
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 0);
  stage_.clock.Advance(48h);
  EXPECT_EQ(stage_.Say(stage_.Token(), kFollower, "x").errcode, 45015);
  EXPECT_THAT(stage_.api.Delivered(kFollower), SizeIs(6));
}

TEST_F(WeChatApiTest, AnActionAllowsThreeMessagesInAMinuteAndLeavesTheOtherWindowAlone) {
  const std::string token = stage_.Token();
  stage_.api.FollowerActed(kFollower);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 0);
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 45047);
  stage_.clock.Advance(1min);
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 45015);
  stage_.api.FollowerSpoke(kFollower);
  stage_.api.FollowerLeft(kFollower);
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 45015);
}

TEST_F(WeChatApiTest, TypingIsShownOnceAndOnlyRightAfterTheFollower) {
  const std::string token = stage_.Token();
  EXPECT_EQ(stage_.Typing(token, kFollower), 45080);
  stage_.api.FollowerSpoke(kFollower);
  EXPECT_EQ(stage_.Typing(token, kFollower, "Dancing"), 45072);
  EXPECT_EQ(stage_.Typing(token, kFollower), 0);
  EXPECT_EQ(stage_.Typing(token, kFollower), 45081);
  EXPECT_EQ(stage_.Typing(token, kFollower, "CancelTyping"), 0);
  EXPECT_EQ(stage_.Typing(token, kFollower), 0);
  stage_.clock.Advance(31s);
  EXPECT_EQ(stage_.Typing(token, kFollower), 45080);
}

TEST_F(WeChatApiTest, AnUnverifiedAccountHasATokenAndNothingToSendWith) {
  stage_.api.Change([](ApiAccountOptions& options) { options.verified = false; });
  const std::string token = stage_.Token();
  stage_.api.FollowerSpoke(kFollower);
  EXPECT_EQ(stage_.Check(token), 0);
  EXPECT_EQ(stage_.Say(token, kFollower, "x").errcode, 48001);
  EXPECT_EQ(stage_.Typing(token, kFollower), 48001);
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/menu/get?access_token=" + token).errcode, 48001);
}

TEST_F(WeChatApiTest, QuotasEndAtMidnightInBeijingAndRatesWithTheMinute) {
  stage_.api.Change([](ApiAccountOptions& options) {
    options.calls_a_day["/cgi-bin/getcallbackip"] = 3;
    options.calls_a_minute["/cgi-bin/getcallbackip"] = 2;
  });
  const std::string token = stage_.Token();
  EXPECT_EQ(stage_.Check(token), 0);
  EXPECT_EQ(stage_.Check(token), 0);
  EXPECT_EQ(stage_.Check(token), 45011);
  stage_.clock.Advance(60s);
  EXPECT_EQ(stage_.Check(token), 0);
  EXPECT_EQ(stage_.Check(token), 45009);
  const std::string clear = "/cgi-bin/clear_quota?access_token=" + token;
  EXPECT_EQ(stage_.Call("POST", clear, R"({"appid":"wx0123456789abcdef"})").errcode, 0);
  EXPECT_EQ(stage_.Check(token), 0);
  stage_.clock.Advance(24h);
  EXPECT_EQ(stage_.Check(stage_.Token()), 0);
}

TEST_F(WeChatApiTest, AMenuCanBeMadeReadAndDeleted) {
  const std::string query = "?access_token=" + stage_.Token();
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/menu/get" + query).errcode, 46003);
  EXPECT_EQ(stage_.Call("POST", "/cgi-bin/menu/create" + query, R"({"button":[]})").errcode, 40016);
  const std::string menu = R"({"button":[{"type":"click","name":"帮助","key":"HELP"}]})";
  EXPECT_EQ(stage_.Call("POST", "/cgi-bin/menu/create" + query, menu).errcode, 0);
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/menu/get" + query).json["menu"], nlohmann::json::parse(menu));
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/menu/delete" + query).errcode, 0);
  EXPECT_EQ(stage_.Call("GET", "/cgi-bin/menu/get" + query).errcode, 46003);
}

TEST_F(WeChatApiTest, EveryRequestOfTheVectorsIsUnderstood) {
  stage_.api.Change([](ApiAccountOptions& options) {
    options.secret = "SECRET";
    options.mini_program = true;
  });
  stage_.api.AddMedia("MEDIA");
  stage_.api.AddMedia("MEDIA_NEWS");
  const auto token_reply =
      stage_.Call("GET", "/cgi-bin/token?grant_type=client_credential&appid=wx0123456789abcdef&secret=SECRET");
  const std::string token = ApiStage::TokenIn(token_reply);
  for (const auto& request : Vectors("api_requests.json")["cases"]) {
    stage_.api.FollowerSpoke(kFollower);
    std::string url = request["path"].get<std::string>() + "?access_token=" + token;
    if (request["params"].is_object()) {
      for (const auto& [key, value] : request["params"].items()) url += "&" + key + "=" + value.get<std::string>();
    }
    std::string body = request["json"].is_null() ? "" : request["json"].dump();
    if (request.value("multipart", false)) body = "--b\r\n\r\npicture\r\n--b--\r\n";
    // The conditional menu of the vectors comes after the menu was deleted, which WeChat refuses.
    const int expected = request["id"] == "menu_addconditional" ? 65303 : 0;
    const ApiReply reply = stage_.Call(request["method"], url, body);
    EXPECT_EQ(reply.status, 200) << request["id"];
    EXPECT_EQ(reply.errcode, expected) << request["id"] << reply.body;
  }
}

}  // namespace
}  // namespace yingda::simulator
