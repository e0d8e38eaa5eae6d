// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "describe.h"
#include "support/temp_dir.h"

namespace yingda::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(ConfigMistakesTest, AllAreReportedAtOnceInTheOrderOfTheFile) {
  const auto mistakes = Mistakes(
      "server:\n"
      "  listen: 8080\n"
      "  drain: 6\n"
      "store: {max_queued_writes: many}\n"
      "log:\n"
      "  levle: info\n"
      "window: {tries: 7}\n"
      "answers: {page_bytes: 4096}\n"
      "accounts:\n"
      "  - name: 应答\n"
      "    token: abcdef\n"
      "    mode: sfae\n"
      "  - {name: b, path: wx/b}\n"
      "upstreams:\n"
      "  - {name: main, base_url: 'ftp://x', max_tokens: 0, extra_body: '[1]'}\n");
  EXPECT_THAT(mistakes, ElementsAre(AllOf(StartsWith("2:11: "), HasSubstr("host:port")),
                                    AllOf(StartsWith("3:10: "), HasSubstr("from 0 to 1m, not \"6\"")),
                                    AllOf(StartsWith("4:28: "), HasSubstr("a whole number from 100 to 1000000")),
                                    AllOf(StartsWith("6:3: "), HasSubstr("did you mean \"level\"?")),
                                    AllOf(StartsWith("7:17: "), HasSubstr("from 1 to 3, not \"7\"")),
                                    AllOf(StartsWith("8:23: "), HasSubstr("from 300 to 2047")),
                                    AllOf(StartsWith("10:11: "), HasSubstr("up to 32 letters")),
                                    AllOf(StartsWith("12:11: "), HasSubstr("one of plain, compatible, safe")),
                                    AllOf(StartsWith("13:5: "), HasSubstr("token: is missing")),
                                    AllOf(StartsWith("13:21: "), HasSubstr("must begin with /")),
                                    AllOf(StartsWith("15:5: "), HasSubstr("\"model\" is missing")),
                                    AllOf(StartsWith("15:28: "), HasSubstr("base_url")),
                                    AllOf(StartsWith("15:51: "), HasSubstr("\"max_tokens\" must be")),
                                    AllOf(StartsWith("15:66: "), HasSubstr("not a JSON object"))));
}

struct Case {
  const char* name;
  std::string text;
  const char* where;
  const char* what;

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.text; }
};

class ConfigMistakeTest : public ::testing::TestWithParam<Case> {};

TEST_P(ConfigMistakeTest, IsTheOnlyLineAndHasItsPlace) {
  EXPECT_THAT(Mistakes(GetParam().text), ElementsAre(AllOf(StartsWith(GetParam().where), HasSubstr(GetParam().what))));
}

const std::string kAccounts = "accounts: [{name: a, token: abcdef}]\n";
const std::string kUpstream = "upstreams:\n  - name: main\n    base_url: http://llm\n    model: m\n";

INSTANTIATE_TEST_SUITE_P(
    One, ConfigMistakeTest,
    ::testing::Values(
        Case{"EmptyFile", "", "1:1: ", "\"accounts\" is missing"},
        Case{"NoAccounts", "store: {}\n", "1:1: ", "\"accounts\" is missing"},
        Case{"AccountsWithoutAValue", "accounts:\n", "1:1: ", "\"accounts\" is missing"},
        Case{"EmptyAccounts", "accounts: []\n", "1:11: ", "there is no account"},
        Case{"AccountsAreNotAList", "accounts: {name: a, token: abcdef}\n", "1:11: ", "must be a list"},
        Case{"SyntaxError", kAccounts + "server: [\n", "2:9: ", "bracket is never closed"},
        Case{"KeyTwice", kAccounts + "log: {}\nlog: {}\n", "3:1: ", "here twice"},
        Case{"UnknownSection", kAccounts + "sever: {}\n", "2:1: ", "did you mean \"server\"?"},
        Case{"UnknownKeyLikeNone", kAccounts + "log: {colour: red}\n", "2:7: ", "write one of level, file, content"},
        Case{"UnknownText", "accounts:\n- {name: a, token: abcdef, texts: {thinkng: x}}\n", "2:36: ", "\"thinking\"?"},
        Case{"LongText", "accounts:\n- {name: a, token: abcdef, texts: {busy: " + std::string(601, 'x') + "}}\n",
             "2:42: ", "longer than 600 bytes"},
        Case{"Redis", kAccounts + "store:\n  redis: localhost\n", "3:10: ", "SQLite only"},
        Case{"NoStoreFile", kAccounts + "store:\n  sqlite: ''\n", "3:11: ", "name a file"},
        Case{"ListenWithoutPort", kAccounts + "server: {listen: localhost}\n", "2:18: ", "host:port"},
        Case{"ListenPortTooLarge", kAccounts + "server: {listen: 'a:65536'}\n", "2:18: ", "host:port"},
        Case{"ListenPortNegative", kAccounts + "server: {listen: 'a:-1'}\n", "2:18: ", "host:port"},
        Case{"ListenPortNotANumber", kAccounts + "server: {listen: 'a:80x'}\n", "2:18: ", "host:port"},
        Case{"ListenPortEmpty", kAccounts + "server: {listen: 'a:'}\n", "2:18: ", "host:port"},
        Case{"ListenIsAList", kAccounts + "server: {listen: [a]}\n", "2:18: ", "must be one value"},
        Case{"PublicUrlWithoutScheme", kAccounts + "public_url: bot.example.com\n",
             "2:13: ", "https://bot.example.com"},
        Case{"PublicUrlWithoutHost", kAccounts + "public_url: https:///a\n", "2:13: ", "browsers reach"},
        Case{"PublicUrlWithQuery", kAccounts + "public_url: https://a?b\n", "2:13: ", "browsers reach"},
        Case{"PublicUrlWithQuote", kAccounts + "public_url: 'https://a\"b'\n", "2:13: ", "browsers reach"},
        Case{"PublicUrlTooLong", kAccounts + "public_url: https://" + std::string(200, 'a') + "\n",
             "2:13: ", "browsers reach"},
        Case{"OperationsListen", kAccounts + "server: {operations_listen: x}\n", "2:29: ", "host:port"},
        Case{"NameMissing", "accounts:\n  - token: abcdef\n", "2:5: ", "\"name\" is missing"},
        Case{"NameTooLong", "accounts: [{name: " + std::string(33, 'n') + ", token: abcdef}]", "1:19: ", "up to 32"},
        Case{"TokenMissing", "accounts:\n  - name: a\n", "2:5: ", "token: is missing"},
        Case{"TokenEmpty", "accounts:\n  - {name: a, token: ''}\n", "2:22: ", "token: is missing"},
        Case{"TokenIsAList", "accounts:\n  - {name: a, token: [abcdef]}\n", "2:22: ", "\"token\" must be one value"},
        Case{"TokenWithBlank", "accounts:\n  - {name: a, token: 'ab cd'}\n", "2:22: ", "token: must not hold blanks"},
        Case{"PathRoot", "accounts:\n  - {name: a, token: abcdef, path: /}\n", "2:36: ", "must begin with /"},
        Case{"PathEndsWithSlash", "accounts:\n  - {name: a, token: abcdef, path: /a/}\n", "2:36: ", "not end with it"},
        Case{"SafeWithoutKey", "accounts:\n  - {name: a, token: abcdef, app_id: wx1, mode: safe}\n",
             "2:49: ", "encoding_aes_key: is missing"},
        Case{"ShortKey", "accounts:\n  - {name: a, token: abcdef, app_id: wx1, mode: safe, encoding_aes_key: abc}\n",
             "2:73: ", "encoding_aes_key"},
        Case{"BlankInAppId", "accounts:\n  - {name: a, token: abcdef, app_id: 'wx 1'}\n", "2:38: ", "app_id"},
        Case{"DuplicateAccount", "accounts:\n  - {name: a, token: abcdef}\n  - {name: a, token: abcdef, path: /b}\n",
             "3:12: ", "two accounts are named \"a\""},
        Case{"DuplicatePath", "accounts:\n  - {name: a, token: abcdef}\n  - {name: b, token: abcdef, path: /wx/a}\n",
             "3:36: ", "two accounts are served at \"/wx/a\""},
        Case{"DuplicateUpstream", kAccounts + kUpstream + "  - {name: main, base_url: 'http://b', model: m}\n",
             "6:12: ", "two upstreams are named \"main\""},
        Case{"UnknownUpstream", kUpstream + "accounts:\n  - {name: a, token: abcdef, upstreams: [mian]}\n",
             "6:41: ", "upstream \"mian\" is not under upstreams:"},
        Case{"NoUpstreamsAtAll", "accounts:\n  - {name: a, token: abcdef, upstreams: main}\n",
             "2:41: ", "\"main\" is not under upstreams:"},
        Case{"UpstreamTwice", kUpstream + "accounts:\n  - {name: a, token: abcdef, upstreams: [main, main]}\n",
             "6:41: ", "stands there twice"},
        Case{"UpstreamWeight",
             kUpstream + "accounts:\n  - {name: a, token: abcdef, upstreams: [{name: main, weight: 0}]}\n",
             "6:63: ", "from 1 to 1000"},
        Case{"Dialect", kAccounts + "upstreams:\n  - {name: m, base_url: 'http://h', model: m, dialect: deepsek}\n",
             "3:56: ", "deepseek"},
        Case{"ExtraHeaders",
             kAccounts + "upstreams:\n  - {name: m, base_url: 'http://h', model: m, extra_headers: [a]}\n",
             "3:62: ", "names and values"},
        Case{"RoutingKey", kAccounts + "routing: {hedge_afer: 1s}\n", "2:11: ", "hedge_after"},
        Case{"SeesMisspelt", "accounts:\n  - {name: a, token: abcdef, model_sees: [link, locaton]}\n",
             "2:42: ", "did you mean \"location\"?"},
        Case{"SeesUnknown", "accounts:\n  - {name: a, token: abcdef, model_sees: [video]}\n",
             "2:42: ", "any of location, link, picture"},
        Case{"SeesPicturesThatNoUpstreamTakes",
             kUpstream + "  - {name: b, base_url: 'http://b', model: m, pictures: true}\n"
                         "accounts:\n  - {name: a, token: abcdef, upstreams: main, model_sees: [picture]}\n",
             "7:59: ", "no upstream of this account takes pictures"},
        Case{"PictureTimeout", kAccounts + "routing: {picture_timeout: 1h}\n", "2:28: ", "from 100ms to 30s"},
        Case{"PictureSize", kAccounts + "routing: {max_picture: 1GiB}\n", "2:24: ", "max_picture"},
        Case{"BaseUrlScheme", kAccounts + "upstreams:\n  - {name: m, base_url: llm:11434, model: m}\n",
             "3:25: ", "http:// or https://"},
        Case{"BaseUrlWithoutHost", kAccounts + "upstreams:\n  - {name: m, base_url: 'https://', model: m}\n",
             "3:25: ", "name a host"},
        Case{"EmptyModel", kAccounts + "upstreams:\n  - {name: m, base_url: 'http://b', model: ''}\n",
             "3:44: ", "model is empty"},
        Case{"ExtraBodyIsNotJson", kAccounts + kUpstream + "    extra_body: '{\"a\": '\n",
             "6:17: ", "extra_body is not a JSON object"},
        Case{"ExtraBodyIsYaml", kAccounts + kUpstream + "    extra_body: {a: 1}\n", "6:17: ", "\"quotes\""},
        Case{"KeepWarmAllTheTime", kAccounts + kUpstream + "    keep_warm: 1s\n", "6:16: ", "shorter than 10s"},
        Case{"RepeatAnswersIsNoSwitch", "accounts:\n  - {name: a, token: abcdef, repeat_answers: true}\n",
             "2:46: ", "expected a section"},
        Case{"KeyWithLineEnd", kAccounts + kUpstream + "    api_key: |\n      sk-x\n",
             "6:14: ", "api_key has a line end"}),
    [](const auto& test) { return test.param.name; });

TEST(ConfigMistakesTest, MissingFileIsNamed) {
  const auto config = Load("/nonexistent/config.yml", {});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, StartsWith("/nonexistent/config.yml:1:1: the file cannot be read"));
}

TEST(ConfigMistakesTest, AFolderIsNotAFile) {
  const testing::TempDir folder;
  EXPECT_FALSE(Load(folder.path().string(), {}));
}

}  // namespace
}  // namespace yingda::config
