// SPDX-License-Identifier: MIT
#include "server/token_handler.h"

#include <nlohmann/json.hpp>

#include "programs_stage.h"

namespace yingda::server {
namespace {

using namespace std::chrono_literals;

const std::string kCrm = "crm-key-0123456789", kMenu = "menu-key-0123456789", kSlow = "slow-key-0123456789";

std::vector<ApiClient> Clients() {
  return {{"crm", kCrm, {"main", "hub", "bare"}, true, {}, 600},
          {"menu", kMenu, {"main"}, false, {"/cgi-bin/menu/*"}, 600},
          {"slow", kSlow, {"main"}, true, {}, 3}};
}

TEST(TokenHandlerTest, GivesTheTokenAsWeChatWould) {
  ProgramsStage stage(Clients());
  const platform::HttpAnswer answer = stage.Get("/token/main", kCrm);
  EXPECT_EQ(answer.status, 200);
  const auto body = nlohmann::json::parse(answer.body);
  EXPECT_EQ(body["access_token"], "TOKEN1");
  EXPECT_EQ(body["expires_in"], 7199);
  EXPECT_TRUE(stage.wechat.HasMetric(R"(yingda_tokens_given_total{account="main",client="crm"} 1)"));
}

TEST(TokenHandlerTest, WithoutAKeyThatIsKnownNothingIsTold) {
  ProgramsStage stage(Clients());
  const std::string near = kCrm.substr(0, kCrm.size() - 1);
  for (const std::string& key : {std::string(), near, kCrm + "9", std::string("x")}) {
    for (const char* path : {"/token/main", "/token/nothing", "/token/"}) {
      EXPECT_EQ(stage.Get(path, key).status, 401) << key << " " << path;
    }
  }
  net::HttpClientRequest basic = ProgramsStage::Request("GET", "/token/main", "");
  basic.headers.emplace_back("Authorization", "Basic " + kCrm);
  stage.Begin(basic);
  EXPECT_EQ(stage.Result().status, 401);
  EXPECT_EQ(stage.Get("/token/main?key=" + kCrm).status, 401) << "keys in addresses end up in logs";
}

TEST(TokenHandlerTest, RefusalsSayWhatToChange) {
  ProgramsStage stage(Clients());
  const struct {
    const char* path;
    std::string key;
    int status;
    const char* says;
  } cases[] = {{"/token/main", kMenu, 403, "token: true"},
               {"/token/other", kCrm, 403, "may not act for this account"},
               {"/token/main/x", kCrm, 403, "may not act"},
               {"/token/bare", kCrm, 404, "no app_secret"},
               {"/token/hub", kCrm, 404, "no app_secret"}};
  for (const auto& c : cases) {
    const platform::HttpAnswer answer = stage.Get(c.path, c.key);
    EXPECT_EQ(answer.status, c.status) << c.path;
    EXPECT_NE(nlohmann::json::parse(answer.body)["error"].get<std::string>().find(c.says), std::string::npos)
        << answer.body;
  }
}

TEST(TokenHandlerTest, EachClientHasItsOwnRate) {
  ProgramsStage stage(Clients());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.Get("/token/main", kSlow).status, 200);
  EXPECT_EQ(stage.Get("/token/main", kSlow).status, 429);
  EXPECT_EQ(stage.Get("/token/main", kCrm).status, 200) << "others are not held back";
  stage.wechat.Advance(20s);
  EXPECT_EQ(stage.Get("/token/main", kSlow).status, 200);
  EXPECT_EQ(stage.Get("/token/main", kSlow).status, 429);
  stage.wechat.Advance(1h);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.Get("/token/main", kSlow).status, 200);
  EXPECT_EQ(stage.Get("/token/main", kSlow).status, 429) << "an hour's rest is worth a minute";
}

TEST(TokenHandlerTest, WhyThereIsNoTokenIsSaid) {
  ProgramsStage stage(Clients());
  stage.wechat.On([&] { stage.token.error = base::Error{base::ErrorCode::kUnavailable, "add 1.2.3.4 to the list"}; });
  const platform::HttpAnswer answer = stage.Get("/token/main", kCrm);
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("add 1.2.3.4 to the list"), std::string::npos);
}

// printf TOKEN1 | sha256sum | head -c 16, and of TOKEN2.
const std::string kFirst = "64fecfe1ce6bf026", kSecond = "2e5f7fb8fe8691a5";

TEST(TokenHandlerTest, ARefusedTokenIsRenewedOnceHoweverManyReportIt) {
  ProgramsStage stage(Clients());
  const auto token = [&](const std::string& path) {
    return nlohmann::json::parse(stage.Get(path, kCrm).body).value("access_token", "");
  };
  EXPECT_EQ(token("/token/main"), "TOKEN1");
  EXPECT_EQ(token("/token/main?refused=" + kSecond), "TOKEN1") << "not the one that is given out";
  EXPECT_EQ(token("/token/main?refused=" + kFirst), "TOKEN2");
  EXPECT_EQ(token("/token/main?refused=" + kFirst), "TOKEN2") << "the second report is of what is gone";
  stage.wechat.On([&] {
    EXPECT_EQ(stage.token.refusals, 1);
    EXPECT_EQ(stage.token.generation, 2);
  });
  EXPECT_EQ(token("/token/main?refused=" + kSecond), "TOKEN3");
}

TEST(TokenHandlerTest, ReportsThatNameNothingAreRefusedAndRenewNothing) {
  ProgramsStage stage(Clients());
  for (const std::string& refused : {std::string(), std::string("TOKEN1"), kFirst + "0", "g" + kFirst.substr(1)}) {
    const platform::HttpAnswer answer = stage.Get("/token/main?refused=" + refused, kCrm);
    EXPECT_EQ(answer.status, 400) << refused;
    EXPECT_NE(answer.body.find("SHA-256"), std::string::npos) << answer.body;
  }
  EXPECT_EQ(stage.Get("/token/main?refused=" + kFirst, kMenu).status, 403) << "it may not have tokens either";
  EXPECT_EQ(stage.Get("/token/main?refused=" + kFirst).status, 401);
  stage.wechat.On([&] { EXPECT_EQ(stage.token.refusals, 0); });
}

TEST(TokenHandlerTest, ReportsCountForTheRate) {
  ProgramsStage stage(Clients());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.Get("/token/main?refused=" + kFirst, kSlow).status, 200);
  EXPECT_EQ(stage.Get("/token/main?refused=" + kFirst, kSlow).status, 429);
}

TEST(TokenHandlerTest, NeitherTokensNorKeysAreLogged) {
  ProgramsStage stage(Clients());
  stage.Get("/token/main", kCrm);
  stage.Get("/token/main", "wrong-key-0123456789");
  EXPECT_EQ(stage.wechat.logger.text.find("TOKEN1"), std::string::npos);
  EXPECT_EQ(stage.wechat.logger.text.find("key-0123456789"), std::string::npos);
}

}  // namespace
}  // namespace yingda::server
