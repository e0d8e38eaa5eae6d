// SPDX-License-Identifier: MIT
#include "server/api_proxy_handler.h"

#include <nlohmann/json.hpp>

#include "programs_stage.h"

namespace yingda::server {
namespace {

using namespace std::chrono_literals;
using platform::HttpAnswer;
using platform::Refusal;

const std::string kCrm = "crm-key-0123456789", kAll = "all-key-0123456789", kSlow = "slow-key-0123456789";

std::vector<ApiClient> Clients() {
  return {{"crm", kCrm, {"main"}, true, {"/cgi-bin/menu/*", "/cgi-bin/user/info"}, 600},
          {"all", kAll, {"main", "hub", "bare"}, false, {"/*"}, 600},
          {"slow", kSlow, {"main"}, false, {"/*"}, 2}};
}

TEST(ApiProxyHandlerTest, PassesACallOnWithTheToken) {
  ProgramsStage stage(Clients());
  stage.Begin(ProgramsStage::Request("POST", "/wxapi/main/cgi-bin/menu/create?a=1&access_token=MINE&b=%E4%BD%A0", kCrm,
                                     "{\"button\":[]}"));
  ASSERT_TRUE(stage.Asked());
  const net::HttpClientRequest request = stage.wechat.Request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://wechat.example/cgi-bin/menu/create?access_token=TOKEN1&a=1&b=%E4%BD%A0");
  EXPECT_EQ(request.body, "{\"button\":[]}");
  ASSERT_EQ(request.headers.size(), 1U) << "the client's key stays here";
  EXPECT_EQ(request.headers[0], (std::pair<std::string, std::string>("Content-Type", "application/json")));
  stage.wechat.Answer(Refusal(65303), 200, "text/plain");
  const HttpAnswer answer = stage.Result();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain");
  EXPECT_EQ(answer.body, Refusal(65303));
  EXPECT_TRUE(stage.wechat.HasMetric(R"(yingda_api_proxy_calls_total{account="main",client="crm",status="200"} 1)"));
}

TEST(ApiProxyHandlerTest, MediaComeBackAsTheyAre) {
  ProgramsStage stage(Clients());
  std::string bytes = "\xff\xd8\xff";
  bytes += std::string(3, '\0') + "\r\n{\"errcode\":40001}";
  stage.Begin(ProgramsStage::Request("GET", "/wxapi/main/cgi-bin/media/get?media_id=M", kAll));
  ASSERT_TRUE(stage.Asked());
  stage.wechat.Answer(bytes, 200, "image/jpeg");
  const HttpAnswer answer = stage.Result();
  EXPECT_EQ(answer.body, bytes);
  EXPECT_EQ(answer.content_type, "image/jpeg");
}

TEST(ApiProxyHandlerTest, ARefusedTokenIsRenewedOnTheWay) {
  ProgramsStage stage(Clients());
  stage.Begin(ProgramsStage::Request("GET", "/wxapi/main/cgi-bin/menu/get", kCrm));
  ASSERT_TRUE(stage.Asked());
  stage.wechat.Answer(Refusal(42001));
  ASSERT_TRUE(stage.Asked(2));
  EXPECT_EQ(stage.wechat.Request().url, "https://wechat.example/cgi-bin/menu/get?access_token=TOKEN2");
  stage.wechat.Answer("{\"menu\":{}}");
  EXPECT_EQ(stage.Result().body, "{\"menu\":{}}");
}

TEST(ApiProxyHandlerTest, AnAccountBehindAnotherYingdaIsPassedOnWithItsKey) {
  ProgramsStage stage(Clients());
  stage.Begin(ProgramsStage::Request("GET", "/wxapi/hub/cgi-bin/user/info?openid=o1", kAll));
  ASSERT_TRUE(stage.Asked());
  EXPECT_EQ(stage.wechat.Request().url, "https://hub.example/wxapi/main/cgi-bin/user/info?openid=o1");
  EXPECT_EQ(stage.wechat.Request().headers.at(0).second, "Bearer key-of-the-hub-here");
  stage.wechat.Answer("{}");
  EXPECT_EQ(stage.Result().status, 200);
}

TEST(ApiProxyHandlerTest, ClientsCallWhatTheyMayAndNothingElse) {
  ProgramsStage stage(Clients());
  const struct {
    const char* path;
    std::string key;
    int status;
  } cases[] = {{"/wxapi/main/cgi-bin/menu/get", "", 401},
               {"/wxapi/main/cgi-bin/menu/get", "unknown-key-0123456789", 401},
               {"/wxapi/hub/cgi-bin/menu/get", kCrm, 403},
               {"/wxapi/other/cgi-bin/menu/get", kAll, 403},
               {"/wxapi/main/cgi-bin/user/list", kCrm, 403},
               {"/wxapi/main/cgi-bin/user/info/x", kCrm, 403},
               {"/wxapi/main/cgi-bin/menus", kCrm, 403},
               {"/wxapi/main/cgi-bin/token", kAll, 403},
               {"/wxapi/main/cgi-bin/stable_token", kAll, 403},
               {"/wxapi/bare/cgi-bin/menu/get", kAll, 404},
               {"/wxapi/main", kAll, 400},
               {"/wxapi/main/", kAll, 400}};
  for (const auto& c : cases) EXPECT_EQ(stage.Get(c.path, c.key).status, c.status) << c.path;
  EXPECT_EQ(stage.wechat.Started(), 0U);
}

TEST(ApiProxyHandlerTest, NoPathClimbsOrLeavesTheHost) {
  ProgramsStage stage(Clients());
  for (const char* path :
       {"/cgi-bin/menu/%2e%2e/token", "/cgi-bin/menu/%2E%2E%2Ftoken", "/cgi-bin/%2e/menu", "/%2f%2fevil.example/x",
        "/cgi-bin//menu", "/cgi-bin/menu/", "/cgi-bin/menu%5Cget", "/@evil.example/x", "/x:80/y", "/cgi-bin/menu%00",
        "/cgi-bin/menu%3Faccess_token=x", "/cgi-bin/menu%23", "/cgi-bin/menu%0d%0aHost:x", "/.hidden"}) {
    EXPECT_EQ(stage.Get(std::string("/wxapi/main") + path, kAll).status, 400) << path;
  }
  EXPECT_EQ(stage.wechat.Started(), 0U);
}

TEST(ApiProxyHandlerTest, OtherMethodsAreNotServed) {
  ProgramsStage stage(Clients());
  for (const char* method : {"PUT", "DELETE", "HEAD"}) {
    stage.Begin(ProgramsStage::Request(method, "/wxapi/main/cgi-bin/menu/get", kAll));
    EXPECT_EQ(stage.Result().status, 405) << method;
  }
}

TEST(ApiProxyHandlerTest, EachClientHasItsOwnRate) {
  ProgramsStage stage(Clients());
  for (size_t i = 1; i <= 2; ++i) {
    stage.Begin(ProgramsStage::Request("GET", "/wxapi/main/cgi-bin/menu/get", kSlow));
    ASSERT_TRUE(stage.Asked(i));
    stage.wechat.Answer("{}");
    EXPECT_EQ(stage.Result().status, 200);
  }
  const HttpAnswer third = stage.Get("/wxapi/main/cgi-bin/menu/get", kSlow);
  EXPECT_EQ(third.status, 429);
  EXPECT_NE(third.body.find("per_minute"), std::string::npos);
  EXPECT_EQ(stage.wechat.Started(), 2U);
}

TEST(ApiProxyHandlerTest, AUsedUpDayIsAnsweredHereUntilItEnds) {
  ProgramsStage stage(Clients());
  stage.Begin(ProgramsStage::Request("GET", "/wxapi/main/cgi-bin/menu/get", kCrm));
  ASSERT_TRUE(stage.Asked());
  stage.wechat.Answer(Refusal(45009));
  EXPECT_EQ(stage.Result().body, Refusal(45009));
  const HttpAnswer second = stage.Get("/wxapi/main/cgi-bin/menu/get", kCrm);
  EXPECT_EQ(second.status, 200) << "as WeChat says it";
  EXPECT_EQ(nlohmann::json::parse(second.body)["errcode"], 45009);
  EXPECT_EQ(stage.wechat.Started(), 1U);
  EXPECT_TRUE(stage.wechat.HasMetric(R"(yingda_wechat_quota_exhausted{account="main",path="/cgi-bin/menu/get"} 1)"));
  stage.wechat.Advance(platform::UntilMidnightInBeijing(stage.wechat.clock.WallNow()));
  stage.Begin(ProgramsStage::Request("GET", "/wxapi/main/cgi-bin/menu/get", kCrm));
  ASSERT_TRUE(stage.Asked(2));
  stage.wechat.Answer("{}");
  EXPECT_EQ(stage.Result().body, "{}");
}

TEST(ApiProxyHandlerTest, FailuresTellWhetherWeChatMayHaveTheCall) {
  const struct {
    std::function<void(platform::Stage&)> fails;
    int status;
  } cases[] = {{[](auto& wechat) { wechat.Fail(base::ErrorCode::kUnavailable); }, 503},
               {[](auto& wechat) { wechat.Fail(base::ErrorCode::kUpstream); }, 502},
               {[](auto& wechat) { wechat.Advance(10s); }, 504}};
  for (const auto& c : cases) {
    ProgramsStage stage(Clients());
    stage.Begin(ProgramsStage::Request("POST", "/wxapi/main/cgi-bin/menu/get", kCrm, "{}"));
    ASSERT_TRUE(stage.Asked());
    c.fails(stage.wechat);
    EXPECT_EQ(stage.Result().status, c.status);
  }
}

TEST(ApiProxyHandlerTest, KnowsPathsOfTheApi) {
  for (const char* good :
       {"/cgi-bin/menu/get", "/wxa/msg_sec_check", "/customservice/msgrecord/getmsglist", "/a.b/c-d"})
    EXPECT_TRUE(IsApiPath(good)) << good;
  for (const char* bad : {"",    "/",    "a",    "//a", "/a//b", "/a/",  "/..",  "/../a", "/a/..", "/a..b",
                          "/a.", "/./a", "/a b", "/a%", "/a?b",  "/a#b", "/a:b", "/a@b",  "/a\\b", "/ä"})
    EXPECT_FALSE(IsApiPath(bad)) << bad;
  EXPECT_FALSE(IsApiPath("/" + std::string(256, 'a')));
}

TEST(ApiProxyHandlerTest, ClientsTokensAreTakenOutHoweverTheyAreWritten) {
  EXPECT_EQ(WithoutToken(""), "");
  EXPECT_EQ(WithoutToken("a=1&b=2"), "a=1&b=2");
  EXPECT_EQ(WithoutToken("access_token=x"), "");
  EXPECT_EQ(WithoutToken("access_token=x&a=1&access_token=y&&b"), "a=1&b");
  EXPECT_EQ(WithoutToken("%61ccess%5Ftoken=x&a=1"), "a=1");
  EXPECT_EQ(WithoutToken("a=access_token"), "a=access_token");
  EXPECT_EQ(WithoutToken("a=%"), "a=%");
  EXPECT_EQ(WithoutToken("a=1#b"), std::nullopt);
  EXPECT_EQ(WithoutToken("a=1 2"), std::nullopt);
}

}  // namespace
}  // namespace yingda::server
