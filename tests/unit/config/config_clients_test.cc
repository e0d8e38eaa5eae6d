// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "describe.h"

namespace yingda::config {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kAccount = "accounts: [{name: main, token: abcdef, app_id: wx7, app_secret: s}]\n";

std::string Account(const std::string& keys) { return "accounts: [{name: main, token: abcdef, " + keys + "}]\n"; }
std::string Client(const std::string& keys) { return kAccount + "clients:\n  - {" + keys + "}\n"; }

TEST(ConfigClientsTest, ClientGoesToTheHandlers) {
  const Config config =
      Good(Client("name: crm, key: 0123456789abcdef, accounts: [main], token: true, "
                  "api: ['/cgi-bin/menu/*', /cgi-bin/user/info], per_minute: 5"));
  ASSERT_EQ(config.clients.size(), 1U);
  const server::ApiClient& client = config.clients[0];
  EXPECT_EQ(client.name, "crm");
  EXPECT_EQ(client.key, "0123456789abcdef");
  EXPECT_THAT(client.accounts, ElementsAre("main"));
  EXPECT_TRUE(client.token);
  EXPECT_THAT(client.api, ElementsAre("/cgi-bin/menu/*", "/cgi-bin/user/info"));
  EXPECT_EQ(client.per_minute, 5);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigClientsTest, AClientThatMayCallMaySendMedia) {
  EXPECT_LT(Good(kAccount).operations_server.max_body_bytes, 1024U * 1024);
  EXPECT_LT(
      Good(Client("name: a, key: 0123456789abcdef, accounts: main, token: true")).operations_server.max_body_bytes,
      1024U * 1024);
  EXPECT_GT(Good(Client("name: a, key: 0123456789abcdef, accounts: main, api: '/*'")).operations_server.max_body_bytes,
            10U * 1024 * 1024);
}

TEST(ConfigClientsTest, EnvironmentFindsClientsByTheirName) {
  const Config config =
      Good(Client("name: my-crm, accounts: main, token: true"), {{"YINGDA__CLIENTS__MY_CRM__KEY", "fedcba9876543210"}});
  EXPECT_EQ(config.clients.at(0).key, "fedcba9876543210");
}

TEST(ConfigClientsTest, MistakesPointAtTheirKeys) {
  const struct {
    std::string keys;
    std::string at;  // line:column of the value, or of the client
    std::string says;
  } cases[] = {
      {"name: a, key: short, accounts: main, token: true", "3:20", "at least 16"},
      {"name: a, key: 'has a space in its mid', accounts: main, token: true", "3:20", "at least 16"},
      {"name: a, accounts: main, token: true", "3:", "key: is missing"},
      {"key: 0123456789abcdef, accounts: main, token: true", "3:", "name"},
      {"name: a/b, key: 0123456789abcdef, accounts: main, token: true", "3:12", "letters, digits"},
      {"name: a, key: 0123456789abcdef, token: true", "3:", "accounts"},
      {"name: a, key: 0123456789abcdef, accounts: other, token: true", "3:48", "\"other\""},
      {"name: a, key: 0123456789abcdef, accounts: main, api: menu/get", "3:59", "no path"},
      {"name: a, key: 0123456789abcdef, accounts: main, api: /a/../b", "3:59", "no path"},
      {"name: a, key: 0123456789abcdef, accounts: main, api: '/a*b'", "3:59", "no path"},
      {"name: a, key: 0123456789abcdef, accounts: main, token: true, per_minute: 0", "3:79", "1"},
      {"name: a, key: 0123456789abcdef, accounts: main, token: true, tokn: true", "3:", "tokn"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Mistakes(Client(c.keys)), Contains(AllOf(StartsWith(c.at), HasSubstr(c.says)))) << c.keys;
  }
}

TEST(ConfigClientsTest, NamesAndKeysAreNotGivenTwice) {
  const auto mistakes = Mistakes(kAccount +
                                 "clients:\n  - {name: a, key: 0123456789abcdef, accounts: main, token: true}\n"
                                 "  - {name: a, key: 0123456789abcdef, accounts: main, token: true}\n");
  EXPECT_THAT(mistakes, ElementsAre(HasSubstr("two clients are named \"a\""), HasSubstr("same key")));
}

TEST(ConfigClientsTest, AClientThatMayDoNothingIsAWarning) {
  EXPECT_THAT(Good(Client("name: a, key: 0123456789abcdef, accounts: main")).warnings,
              ElementsAre(HasSubstr("may do nothing")));
}

TEST(ConfigClientsTest, ATokenOfAnAccountWithoutSecretIsAWarning) {
  const Config config = Good(
      "accounts: [{name: main, token: abcdef}]\n"
      "clients: [{name: a, key: 0123456789abcdef, accounts: main, token: true}]\n");
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("no app_secret")));
}

TEST(ConfigClientsTest, ApiBaseIsWeChatsAndStableUnlessSaidOtherwise) {
  const AccountConfig account = Good(kAccount).accounts.at(0);
  EXPECT_EQ(account.api_base, "https://api.weixin.qq.com");
  EXPECT_EQ(account.token_endpoint, platform::TokenEndpoint::kStable);
  EXPECT_EQ(account.api_key, "");
}

TEST(ConfigClientsTest, AnAccountMayUseAnotherYingdasProxy) {
  const Config config = Good(Account("api_base: 'https://hub.example.com/wxapi/main/', api_key: 0123456789abcdef"));
  EXPECT_EQ(config.accounts.at(0).api_base, "https://hub.example.com/wxapi/main") << "without the slash";
  EXPECT_EQ(config.accounts.at(0).api_key, "0123456789abcdef");
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigClientsTest, PlatformMistakesSayWhatToDo) {
  const struct {
    const char* keys;
    const char* says;
  } cases[] = {
      {"app_secret: s", "needs app_id"},
      {"app_id: wx7, app_secret: s, api_key: k, api_base: 'https://x'", "keep one of the two"},
      {"api_key: k", "needs api_base"},
      {"api_base: hub.example.com", "expected the beginning of an address"},
      {"api_base: 'https://'", "expected the beginning of an address"},
      {"api_base: 'https://a.example/?x=1'", "expected the beginning of an address"},
      {"token_endpoint: fast", "stable"},
  };
  for (const auto& c : cases) EXPECT_THAT(Mistakes(Account(c.keys)), ElementsAre(HasSubstr(c.says))) << c.keys;
}

TEST(ConfigClientsTest, SecretsOverAPlainConnectionAreAWarning) {
  EXPECT_THAT(Good(Account("app_id: wx7, app_secret: s, api_base: 'http://hub.example.com'")).warnings,
              ElementsAre(HasSubstr("not encrypted")));
  const auto warnings = [](const std::string& base) {
    return Good(Account("app_id: wx7, app_secret: s, api_base: '" + base + "'")).warnings;
  };
  for (const char* const here : {"http://127.0.0.1:99", "http://127.0.0.1", "http://localhost/wxapi/main",
                                 "http://[::1]:8080/x", "http://[::1]"}) {
    EXPECT_THAT(warnings(here), IsEmpty()) << here;
  }
  for (const char* const elsewhere :
       {"http://127.0.0.1.evil.example", "http://localhost.evil.example:99/x", "http://localhosts", "http://[::1]x",
        "http://127.0.0.11", "http://127.0.0.1:99.evil.example"}) {
    EXPECT_THAT(warnings(elsewhere), ElementsAre(HasSubstr("not encrypted"))) << elsewhere;
  }
}

}  // namespace
}  // namespace yingda::config
