// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "describe.h"

namespace yingda::config {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kFile =
    "server: {drain: 6s}\n"
    "accounts:\n"
    "  - {name: main, token: abcdef}\n"
    "  - {name: My-Shop, token: ghijkl}\n"
    "upstreams:\n"
    "  - {name: main, base_url: 'http://llm', model: m}\n";

std::string TokenFrom(const std::string& value, const Environment& environment) {
  return Good("accounts: [{name: a, token: " + value + "}]", environment).accounts.at(0).callback.token;
}

TEST(ConfigInterpolationTest, PutsVariablesWhereTheyAreNamed) {
  EXPECT_EQ(TokenFrom("'${T}'", {{"T", "value"}}), "value");
  EXPECT_EQ(TokenFrom("'x-${T}-${U}-y'", {{"T", "1"}, {"U", "2"}}), "x-1-2-y");
  EXPECT_EQ(TokenFrom("'$T-$-${T}$'", {{"T", "1"}}), "$T-$-1$") << "only ${} is special";
}

TEST(ConfigInterpolationTest, TakesTheDefaultWhenTheVariableIsUnsetOrEmpty) {
  EXPECT_EQ(TokenFrom("'${T:-other}'", {{"T", "value"}}), "value");
  EXPECT_EQ(TokenFrom("'${T:-other}'", {}), "other");
  EXPECT_EQ(TokenFrom("'${T:-other}'", {{"T", ""}}), "other");
  EXPECT_EQ(TokenFrom("'${T:-a:-b}'", {}), "a:-b");
}

TEST(ConfigInterpolationTest, DoubledDollarStandsForItself) {
  EXPECT_EQ(TokenFrom("'$${T}'", {{"T", "value"}}), "${T}");
  EXPECT_EQ(TokenFrom("'$${'", {}), "${");
  EXPECT_EQ(TokenFrom("'$$x'", {}), "$$x");
}

TEST(ConfigInterpolationTest, ValuesAreNotLookedAtAgain) { EXPECT_EQ(TokenFrom("'${T}'", {{"T", "${U}"}}), "${U}"); }

TEST(ConfigInterpolationTest, ReachesEveryTypeAndTheItemsOfLists) {
  const Config config = Good(
      "server: {drain: '${D}'}\n"
      "accounts:\n  - {name: '${N}', token: abcdef, rules: ['${R}/a', '${R}/b']}\n",
      {{"D", "7s"}, {"N", "shop"}, {"R", "/rules"}});
  EXPECT_EQ(config.drain, 7s);
  EXPECT_EQ(config.accounts.at(0).name, "shop");
  EXPECT_THAT(config.accounts.at(0).rules, ElementsAre("/rules/a", "/rules/b"));
}

TEST(ConfigInterpolationTest, WithoutQuotesAnEmptyValueMeansTheDefault) {
  const std::string accounts = "accounts: [{name: a, token: abcdef}]\n";
  EXPECT_EQ(Good(accounts + "server:\n  drain: ${D:-}\n").drain, 6s);
  EXPECT_THAT(Mistakes("accounts:\n  - name: a\n    token: ${T:-}\n"),
              ElementsAre(AllOf(StartsWith("2:5: "), HasSubstr("token: is missing"))));
}

TEST(ConfigInterpolationTest, MissingVariableIsOneMistakeWithItsNameAndPlace) {
  EXPECT_THAT(Mistakes("accounts:\n  - name: a\n    token: ${NO_TOKEN}\n"),
              ElementsAre("3:12: the environment has no NO_TOKEN; set it, or write ${NO_TOKEN:-default}"));
  EXPECT_THAT(Mistakes("accounts:\n  - name: a\n    token: '${A} ${B}'\n", {{"A", "1"}}),
              ::testing::Contains(HasSubstr("the environment has no B;")));
}

TEST(ConfigInterpolationTest, UnclosedBraceIsAMistake) {
  EXPECT_THAT(Mistakes("accounts:\n  - name: a\n    token: '${TOKEN'\n", {{"TOKEN", "x"}}),
              ElementsAre(AllOf(StartsWith("3:12: "), HasSubstr("without \"}\""))));
}

TEST(ConfigInterpolationTest, WhatCannotBeAVariableIsNotShown) {
  for (const std::string written : {"${sk-7f3a9c}", "${}", "${1st}", "${:-x}"}) {
    const auto mistakes = Mistakes("accounts:\n  - name: a\n    token: '" + written + "'\n");
    EXPECT_THAT(mistakes, ElementsAre(AllOf(StartsWith("3:12: "), HasSubstr("not the name of a variable"),
                                            ::testing::Not(HasSubstr("7f3a9c")))));
  }
}

TEST(ConfigOverrideTest, ReplacesValuesAndAddsKeysAndSections) {
  const Config config = Good(kFile, {{"YINGDA__SERVER__DRAIN", "7s"},
                                     {"YINGDA__SERVER__LISTEN", "127.0.0.1:1"},
                                     {"YINGDA__LOG__LEVEL", "error"},
                                     {"YINGDA__ANSWERS__PAGE_BYTES", "777"},
                                     {"YINGDA__PUBLIC_URL", "https://a.example"},
                                     {"YINGDA_SERVER_DRAIN", "not ours"}});
  EXPECT_EQ(config.drain, 7s);
  EXPECT_EQ(config.push_server.port, 1);
  EXPECT_EQ(config.log_level, base::LogLevel::kError);
  EXPECT_EQ(config.desk.page_bytes, 777U);
  EXPECT_EQ(config.pages.public_url, "https://a.example");
}

TEST(ConfigOverrideTest, FindsItemsOfListsByTheirName) {
  const Config config = Good(kFile, {{"YINGDA__ACCOUNTS__MAIN__TOKEN", "other1"},
                                     {"YINGDA__ACCOUNTS__MY_SHOP__TOKEN", "other2"},
                                     {"YINGDA__ACCOUNTS__MY_SHOP__TEXTS__BUSY", "later"},
                                     {"YINGDA__UPSTREAMS__MAIN__API_KEY", "sk-1"}});
  EXPECT_EQ(config.accounts.at(0).callback.token, "other1");
  EXPECT_EQ(config.accounts.at(1).callback.token, "other2");
  EXPECT_EQ(config.accounts.at(1).texts.busy, "later");
  EXPECT_EQ(config.upstreams.at(0).api_key, "sk-1");
}

TEST(ConfigOverrideTest, ValuesAreTakenLiterally) {
  for (const std::string value : {"a${b}c", "$${", "${", "$$${x", "a$b", ""}) {
    EXPECT_EQ(Good(kFile, {{"YINGDA__UPSTREAMS__MAIN__API_KEY", value}}).upstreams.at(0).api_key, value);
  }
}

TEST(ConfigOverrideTest, StandsInForAVariableThatIsMissing) {
  EXPECT_EQ(Good("accounts: [{name: a, token: '${NO_TOKEN}'}]", {{"YINGDA__ACCOUNTS__A__TOKEN", "abc"}})
                .accounts.at(0)
                .callback.token,
            "abc");
}

TEST(ConfigOverrideTest, UnknownOnesAreReportedByTheNameOfTheVariable) {
  for (const std::string variable : {"YINGDA__SERVER__LISEN", "YINGDA__SEVER__LISTEN", "YINGDA__ACCOUNTS__MIAN__TOKEN",
                                     "YINGDA__ACCOUNTS__MAIN__TOKN", "YINGDA__ACCOUNTS__TOKEN", "YINGDA__SERVER",
                                     "YINGDA__", "YINGDA__SERVER__DRAIN__MORE", "YINGDA____"}) {
    SCOPED_TRACE(variable);
    const auto mistakes = Mistakes(kFile, {{variable, "hidden-value"}});
    EXPECT_THAT(mistakes, ::testing::Contains(HasSubstr(variable)));
    EXPECT_THAT(mistakes, ::testing::Each(::testing::Not(HasSubstr("hidden-value"))));
  }
}

TEST(ConfigOverrideTest, AreNamedBesideTheMistakesOfTheFile) {
  EXPECT_THAT(Mistakes(kFile, {{"YINGDA__SERVER__DRAIN", "soon"}}),
              ElementsAre(AllOf(StartsWith("1:17: "), HasSubstr("not \"soon\"")),
                          "note: the environment overrides the file: YINGDA__SERVER__DRAIN"));
}

TEST(ConfigEnvironmentTest, TheProcessesOwnIsReadWhole) {
  ASSERT_EQ(::setenv("YINGDA_CONFIG_TEST", "a=b=c", 1), 0);
  EXPECT_EQ(ProcessEnvironment().at("YINGDA_CONFIG_TEST"), "a=b=c");
  ASSERT_EQ(::unsetenv("YINGDA_CONFIG_TEST"), 0);
  EXPECT_FALSE(ProcessEnvironment().contains("YINGDA_CONFIG_TEST"));
}

}  // namespace
}  // namespace yingda::config
