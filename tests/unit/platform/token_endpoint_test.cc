// SPDX-License-Identifier: MIT
#include "platform/token_endpoint.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace yingda::platform {
namespace {

using Kind = TokenAnswer::Kind;
using nlohmann::json;

const TokenCredentials kCredentials = {"https://api.weixin.qq.com", "wx0123456789abcdef", "SECRET"};

json Vector(const std::string& id) {
  std::ifstream in(std::string(YINGDA_TEST_DATA) + "/vectors/api_requests.json");
  const json all = json::parse(in, nullptr, false);
  for (const json& entry : all["cases"]) {
    if (entry["id"] == id) return entry;
  }
  ADD_FAILURE() << "no vector " << id;
  return {};
}

TokenAnswer Read(const std::string& body, int status = 200) {
  return ReadTokenAnswer(HttpAnswer{status, "text/plain", body});
}

TEST(TokenEndpointTest, StableRequestIsTheVectors) {
  const json vector = Vector("stable_token");
  const net::HttpClientRequest request = TokenRequest(TokenEndpoint::kStable, kCredentials, false);
  EXPECT_EQ(request.method, vector["method"]);
  EXPECT_EQ(request.url, "https://api.weixin.qq.com" + vector["path"].get<std::string>());
  EXPECT_EQ(json::parse(request.body), vector["json"]);
  EXPECT_EQ(json::parse(TokenRequest(TokenEndpoint::kStable, kCredentials, true).body)["force_refresh"], true);
}

TEST(TokenEndpointTest, LegacyRequestIsTheVectors) {
  const json vector = Vector("token_get");
  const net::HttpClientRequest request = TokenRequest(TokenEndpoint::kLegacy, kCredentials, false);
  EXPECT_EQ(request.method, vector["method"]);
  EXPECT_EQ(request.url,
            "https://api.weixin.qq.com/cgi-bin/token?grant_type=client_credential"
            "&appid=wx0123456789abcdef&secret=SECRET");
  EXPECT_EQ(request.body, "");
  EXPECT_NE(TokenRequest(TokenEndpoint::kLegacy, {"https://a", "wx", "a&b=c%"}, false).url.find("a%26b%3Dc%25"),
            std::string::npos);
}

TEST(TokenEndpointTest, ReadsATokenWhateverItsContentType) {
  const TokenAnswer answer = Read(R"({"access_token":"98_abc-DEF_1","expires_in":7200})");
  EXPECT_EQ(answer.kind, Kind::kToken);
  EXPECT_EQ(answer.token, "98_abc-DEF_1");
  EXPECT_EQ(answer.lifetime, std::chrono::hours(2));
}

TEST(TokenEndpointTest, NonsenseIsNoToken) {
  for (const char* body :
       {"", "<html>", "[]", "{}", R"({"access_token":"a"})", R"({"access_token":"","expires_in":7200})",
        R"({"access_token":"a b","expires_in":7200})", R"({"access_token":"a\r\nb","expires_in":7200})",
        R"({"access_token":7,"expires_in":7200})", R"({"access_token":"a","expires_in":"7200"})",
        R"({"access_token":"a","expires_in":0})", R"({"access_token":"a","expires_in":-1})",
        R"({"access_token":"a","expires_in":99999999999})", R"({"access_token":"a","expires_in":7200)"}) {
    EXPECT_EQ(Read(body).kind, Kind::kBusy) << body;
    EXPECT_FALSE(Read(body).problem.empty());
  }
  EXPECT_EQ(Read(R"({"access_token":"a","expires_in":7200})", 502).kind, Kind::kBusy);
  EXPECT_EQ(Read(R"({"access_token":"a","expires_in":7200})", 301).kind, Kind::kBusy);
  EXPECT_EQ(ReadTokenAnswer(base::Error{base::ErrorCode::kUnavailable, "no route"}).kind, Kind::kBusy);
}

TEST(TokenEndpointTest, EveryRefusalSaysWhatToDo) {
  const struct {
    int errcode;
    Kind kind;
    const char* says;
  } cases[] = {{-1, Kind::kBusy, "busy"},
               {40001, Kind::kWrongSecret, "app_secret"},
               {40013, Kind::kWrongSecret, "app_id"},
               {40125, Kind::kWrongSecret, "console"},
               {41004, Kind::kWrongSecret, "app_secret"},
               {40243, Kind::kWrongSecret, "frozen"},
               {40164, Kind::kAddress, "1.2.3.4 is not on the account's IP whitelist"},
               {89503, Kind::kAddress, "confirm"},
               {45009, Kind::kQuota, "clear_quota"},
               {45011, Kind::kTooOften, "minute"},
               {47001, Kind::kRefused, "47001"}};
  for (const auto& c : cases) {
    const TokenAnswer answer =
        Read(R"({"errcode":)" + std::to_string(c.errcode) +
             R"(,"errmsg":"invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 6-7-8"})");
    EXPECT_EQ(answer.kind, c.kind) << c.errcode;
    EXPECT_EQ(answer.errcode, c.errcode);
    EXPECT_NE(answer.problem.find(c.says), std::string::npos) << answer.problem;
  }
}

TEST(TokenEndpointTest, FindsTheAddressThatWeChatNames) {
  EXPECT_EQ(AddressIn("invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 6"), "1.2.3.4");
  EXPECT_EQ(AddressIn("invalid ip 2001:db8::7, not in whitelist"), "2001:db8::7");
  EXPECT_EQ(AddressIn("invalid ip 999.2.3.4"), "");
  EXPECT_EQ(AddressIn(""), "");
  EXPECT_EQ(AddressIn("rid: 65f-12-34"), "");
}

}  // namespace
}  // namespace yingda::platform
