// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "describe.h"
#include "support/temp_dir.h"

namespace yingda::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ConfigSecretFileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text, std::filesystem::perms permissions) {
    std::ofstream(folder_.File(name), std::ios::binary) << text;
    std::filesystem::permissions(folder_.File(name), permissions);
    return folder_.File(name);
  }
  std::string WritePrivate(const std::string& name, const std::string& text) {
    return Write(name, text, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }

  yingda::testing::TempDir folder_;
};

TEST_F(ConfigSecretFileTest, EverySecretCanBeAFile) {
  const std::string aes_key(43, 'a'), older_key(43, 'b');
  const Config config = Good(
      "accounts:\n  - {name: a, app_id: wx7, token_file: " + WritePrivate("token", "tokentoken\n") +
      ", app_secret_file: " + WritePrivate("app", "appsecret") +
      ", encoding_aes_key_file: " + WritePrivate("aes", aes_key + "\r\n") +
      ", previous_encoding_aes_key_file: " + WritePrivate("old", older_key + "  \nmore\n") +
      "}\nupstreams:\n  - {name: m, base_url: 'http://b', model: m, api_key_file: " + WritePrivate("key", "sk-file\n") +
      "}\nclients:\n  - {name: c, accounts: a, token: true, key_file: " + WritePrivate("client", "0123456789abcdef\n") +
      "}\n");
  EXPECT_EQ(config.clients.at(0).key, "0123456789abcdef");
  EXPECT_EQ(config.accounts.at(0).callback.token, "tokentoken");
  EXPECT_EQ(config.accounts.at(0).app_secret, "appsecret");
  EXPECT_EQ(config.accounts.at(0).callback.encoding_aes_key, aes_key);
  EXPECT_EQ(config.accounts.at(0).callback.previous_encoding_aes_key, older_key);
  EXPECT_EQ(config.upstreams.at(0).api_key, "sk-file");
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST_F(ConfigSecretFileTest, IsFoundBesideTheConfiguration) {
  WritePrivate("token", "tokentoken\n");
  const auto config = LoadText(folder_.File("config.yml"), "accounts: [{name: a, token_file: token}]", {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->accounts[0].callback.token, "tokentoken");
}

TEST_F(ConfigSecretFileTest, ThatCannotBeReadIsOneMistake) {
  for (const std::string& path : {folder_.File("missing"), folder_.path().string(), WritePrivate("empty", "")}) {
    EXPECT_THAT(Mistakes("accounts:\n  - {name: a, token_file: " + path + "}\n"),
                ElementsAre(AllOf(StartsWith("2:27: "), HasSubstr("cannot read " + path))));
  }
  EXPECT_THAT(Mistakes("accounts: [{name: a, token: abcdef}]\nupstreams:\n"
                       "  - {name: m, base_url: 'http://b', model: m, api_key_file: /nonexistent/key}\n"),
              ElementsAre(AllOf(StartsWith("3:61: "), HasSubstr("cannot read /nonexistent/key"))));
}

TEST_F(ConfigSecretFileTest, AndTheValueAreOneTooMany) {
  EXPECT_THAT(
      Mistakes("accounts:\n  - {name: a, token: abcdef, token_file: " + WritePrivate("token", "tokentoken") + "}\n"),
      ElementsAre(AllOf(StartsWith("2:42: "), HasSubstr("keep one"))));
}

TEST_F(ConfigSecretFileTest, ThatEverybodyCanReadIsAWarning) {
  using std::filesystem::perms;
  const std::string path = Write("token", "tokentoken\n", perms::owner_read | perms::others_read);
  const Config config = Good("accounts: [{name: a, token_file: " + path + "}]");
  EXPECT_THAT(config.warnings, ElementsAre(AllOf(HasSubstr(path), HasSubstr("chmod 600"))));
}

const std::string kMarker = "MARKERmarkerMARKERmarkerMARKERmarker1234567";

// A file with the marker as every secret; `other` replaces the value of every other key.
std::string WithMarkers(const std::string& other, const std::string& also_in_account = {}) {
  std::string text = "accounts:\n  - token: " + kMarker + "\n    app_secret: " + kMarker + "\n    api_key: " + kMarker +
                     "\n    encoding_aes_key: " + kMarker + "\n    previous_encoding_aes_key: " + kMarker + "\n" +
                     also_in_account;
  for (const char* key : {"name", "path", "app_id", "mode", "kind", "timestamp_window", "api_base", "rules", "filters",
                          "token_endpoint", "system_prompt", "max_question_bytes", "upstreams", "texts", "unknown"}) {
    text += std::string("    ") + key + ": " + other + "\n";
  }
  text += "upstreams:\n  - api_key: " + kMarker + "\n";
  for (const char* key :
       {"name", "base_url", "model", "max_tokens", "temperature", "connect_timeout", "first_token_timeout",
        "idle_timeout", "total_timeout", "max_calls", "max_queued", "thinking", "extra_body", "unknown"}) {
    text += std::string("    ") + key + ": " + other + "\n";
  }
  text += "clients:\n  - key: " + kMarker + "\n";
  for (const char* key : {"name", "accounts", "token", "api", "per_minute", "unknown"})
    text += std::string("    ") + key + ": " + other + "\n";
  for (const char* key : {"server", "store", "log", "window", "answers"})
    text += std::string(key) + ": " + other + "\n";
  return text;
}

TEST(ConfigSecretsTest, AreInNoMessageHoweverBrokenTheRestIs) {
  for (const std::string other : {"''", "'x y'", "-1", "[]", "[[a]]", "{a: b}", "{listen: x, level: y, tries: z}",
                                  "'${MISSING}'", "'${'", "|\n      a"}) {
    const auto mistakes = Mistakes(WithMarkers(other));
    EXPECT_GT(mistakes.size(), 5U) << other;
    EXPECT_THAT(mistakes, ::testing::Each(Not(HasSubstr("MARKER")))) << other;
  }
}

TEST(ConfigSecretsTest, AreInNoMessageAboutThemselves) {
  const std::string broken[] = {
      "token: '" + kMarker + " '",
      "token: [" + kMarker + "]",
      "token: {" + kMarker + ": " + kMarker + "}",
      "token: " + kMarker + "\n    token_file: /nonexistent",
      "token: ${" + kMarker.substr(0, 20) + "-" + kMarker + "}",
      "token: abc${" + kMarker,
      "token: abcdef\n    mode: safe\n    encoding_aes_key: " + kMarker + "tooLong",
      "token: abcdef\n    mode: safe\n    encoding_aes_key: '" + kMarker.substr(1) + "!'",
      "token: " + kMarker + "\n    tokn: " + kMarker,
      "token: &" + kMarker + " x",
      "token: *" + kMarker,
      "token: !" + kMarker + " x",
      "token: \"" + kMarker,
      "token: \"\\" + kMarker + "\"",
      "token: " + kMarker + ": x",
      "token：" + kMarker,
      "token:" + kMarker,
      "token: [" + kMarker,
      "token: @" + kMarker,
      "\ttoken: " + kMarker,
  };
  for (const std::string& line : broken) {
    const auto mistakes = Mistakes("accounts:\n  - name: main\n    " + line + "\n");
    EXPECT_THAT(mistakes, Not(IsEmpty())) << line;
    EXPECT_THAT(mistakes, ::testing::Each(Not(HasSubstr("MARKER")))) << line;
  }
}

TEST(ConfigSecretsTest, AreInNoMessageWhenTheyComeFromTheEnvironment) {
  const Environment environment = {{"TOKEN", kMarker + " with a blank"},
                                   {"YINGDA__UPSTREAMS__MAIN__API_KEY", kMarker + "\n"},
                                   {"YINGDA__ACCOUNTS__NOBODY__TOKEN", kMarker}};
  const auto mistakes = Mistakes(
      "accounts:\n  - {name: main, token: '${TOKEN}'}\nupstreams:\n  - {name: main, base_url: 'http://b', model: m}\n",
      environment);
  EXPECT_GE(mistakes.size(), 3U);
  EXPECT_THAT(mistakes, ::testing::Each(Not(HasSubstr("MARKER"))));
}

TEST(ConfigSecretsTest, AreInNoWarning) {
  const Config config =
      Good("public_url: http://x\naccounts: [{name: a, app_id: wx7, api_base: 'http://x', token: " + kMarker +
           ", app_secret: " + kMarker + "}]");
  EXPECT_THAT(config.warnings, ::testing::SizeIs(2));
  EXPECT_THAT(config.warnings, ::testing::Each(Not(HasSubstr("MARKER"))));
}

}  // namespace
}  // namespace yingda::config
