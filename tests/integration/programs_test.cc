// SPDX-License-Identifier: MIT
// The operator's other programs at the operations listener of the whole application: tokens and API calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>

#include "integration/world.h"
#include "simulator/wechat_api.h"

namespace yingda::testing {
namespace {

using nlohmann::json;
using simulator::ApiAccountOptions;
using ::testing::HasSubstr;

/// WeChat's API with a clock of its own.
struct FakeWeChat {
  FakeWeChat() { EXPECT_TRUE(api.Start()); }
  ~FakeWeChat() { api.Stop(); }

  base::SystemClock clock;
  std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::Metrics metrics;
  net::EventLoop loop{clock};
  simulator::WeChatApi api{simulator::WeChatApi::Options(), loop, clock, *logger, metrics};
};

/// An application whose account "shop" has WeChat's API at `api_base`.
World::Options WithShop(const std::string& account_keys) {
  World::Options options;
  options.more_accounts = "  - { name: shop, token: abcdef, " + account_keys + " }\n";
  options.more_config =
      "clients:\n"
      "  - { name: crm, key: crm-key-0123456789, accounts: [shop], token: true, api: [/cgi-bin/*] }\n";
  return options;
}

std::string Secret(const FakeWeChat& wechat) {
  const ApiAccountOptions account;
  return "kind: passive, app_id: " + account.app_id + ", app_secret: \"" + account.secret + "\", api_base: \"" +
         wechat.api.BaseUrl() + "\"";
}

struct Program {
  explicit Program(World& world) : client("127.0.0.1", world.application().OperationsPort()) {
    client.set_bearer_token_auth("crm-key-0123456789");
  }
  json Get(const std::string& path, int status = 200) {
    const auto result = client.Get(path);
    EXPECT_TRUE(result) << path;
    if (!result) return {};
    EXPECT_EQ(result->status, status) << path << ": " << result->body;
    return json::parse(result->body, nullptr, false);
  }
  httplib::Client client;
};

TEST(ProgramsTest, GetTheTokenAndTheSameOneAfterARestart) {
  FakeWeChat wechat;
  World world(WithShop(Secret(wechat)));
  const json first = Program(world).Get("/token/shop");
  EXPECT_GT(first["expires_in"].get<int>(), 7000);
  world.Restart();
  EXPECT_EQ(Program(world).Get("/token/shop")["access_token"], first["access_token"]);
  EXPECT_EQ(wechat.api.TokensIssued(), 1);
}

TEST(ProgramsTest, CallTheApiWithATokenThatHasDied) {
  FakeWeChat wechat;
  World world(WithShop(Secret(wechat)));
  Program program(world);
  program.Get("/token/shop");
  wechat.api.RevokeTokens();
  EXPECT_THAT(program.Get("/wxapi/shop/cgi-bin/getcallbackip").dump(), HasSubstr("ip_list"));
  EXPECT_EQ(wechat.api.TokensIssued(), 2);
  EXPECT_EQ(world.Metric(R"(yingda_api_proxy_calls_total{account="shop",client="crm",status="200"})"), 1);
}

TEST(ProgramsTest, AnAccountWithoutSecretHasNoToken) {
  World world(WithShop("app_id: wx7"));
  Program program(world);
  program.Get("/token/shop", 404);
  program.Get("/wxapi/shop/cgi-bin/getcallbackip", 404);
}

TEST(ProgramsTest, AYingdaWithoutAWhitelistedAddressCallsThroughAnother) {
  FakeWeChat wechat;
  World hub(WithShop(Secret(wechat)));
  World behind(WithShop("kind: passive, api_key: crm-key-0123456789, api_base: \"http://127.0.0.1:" +
                        std::to_string(hub.application().OperationsPort()) + "/wxapi/shop\""));
  Program program(behind);
  EXPECT_THAT(program.Get("/wxapi/shop/cgi-bin/getcallbackip").dump(), HasSubstr("ip_list"));
  EXPECT_EQ(wechat.api.Calls("/cgi-bin/getcallbackip").size(), 1U);
  program.Get("/token/shop", 404);
  EXPECT_EQ(hub.Metric(R"(yingda_api_proxy_calls_total{account="shop",client="crm",status="200"})"), 1);
}

TEST(ProgramsTest, WithoutClientsTheDoorsAreNotThere) {
  World world({});
  Program program(world);
  program.Get("/token/main", 404);
  program.Get("/wxapi/main/cgi-bin/getcallbackip", 404);
}

}  // namespace
}  // namespace yingda::testing
