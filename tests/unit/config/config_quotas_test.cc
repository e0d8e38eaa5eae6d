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
using ::testing::Not;
using ::testing::StartsWith;

std::string Quotas(const std::string& keys) {
  return "accounts:\n  - name: main\n    token: abcdef\n    quotas: {" + keys + "}\n";
}

TEST(ConfigQuotasTest, NothingIsLimitedUnlessSaid) {
  const bot::QuotaLimits limits = Good("accounts: [{name: main, token: abcdef}]").accounts.at(0).quotas;
  EXPECT_EQ(limits.follower_per_minute, 0);
  EXPECT_EQ(limits.follower_per_day, 0);
  EXPECT_EQ(limits.messages_per_day, 0);
  EXPECT_EQ(limits.tokens_per_day, 0);
  EXPECT_THAT(limits.staff, IsEmpty());
}

TEST(ConfigQuotasTest, EachLimitGoesToItsPlace) {
  const Config config =
      Good(Quotas("follower_per_minute: 5, follower_per_day: 100, messages_per_day: 5000, tokens_per_day: 2000000, "
                  "staff: [oABC_def-123, oXYZ]"),
           {{"YINGDA__ACCOUNTS__MAIN__QUOTAS__TOKENS_PER_DAY", "3000000"}});
  const bot::QuotaLimits& limits = config.accounts.at(0).quotas;
  EXPECT_EQ(limits.follower_per_minute, 5);
  EXPECT_EQ(limits.follower_per_day, 100);
  EXPECT_EQ(limits.messages_per_day, 5000);
  EXPECT_EQ(limits.tokens_per_day, 3'000'000) << "the environment goes before the file";
  EXPECT_THAT(limits.staff, ElementsAre("oABC_def-123", "oXYZ"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigQuotasTest, EachAccountHasItsOwn) {
  const Config config = Good(
      "accounts:\n  - {name: a, token: abcdef, quotas: {follower_per_day: 3}}\n"
      "  - {name: b, token: abcdef}\n");
  EXPECT_EQ(config.accounts.at(0).quotas.follower_per_day, 3);
  EXPECT_EQ(config.accounts.at(1).quotas.follower_per_day, 0);
}

TEST(ConfigQuotasTest, MistakesPointAtTheirKeys) {
  const struct {
    std::string keys;
    std::string at;
    std::string says;
  } cases[] = {
      {"follower_per_minute: 1001", "4:35", "1000"},
      {"follower_per_day: -1", "4:32", "0"},
      {"messages_per_day: many", "4:32", "number"},
      {"tokens_per_day: 1000000000001", "4:30", "1000000000000"},
      {"staff: [oAbc, 'two words']", "4:21", "entry 2 is no OpenID"},
      {"staff: ['']", "4:21", "entry 1 is no OpenID"},
      {"staff: [" + std::string(65, 'o') + "]", "4:21", "entry 1 is no OpenID"},
      {"staff: [中文名字]", "4:21", "entry 1 is no OpenID"},
      {"follower_per_hour: 3", "4:", "follower_per_hour"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(Mistakes(Quotas(c.keys)), Contains(AllOf(StartsWith(c.at), HasSubstr(c.says)))) << c.keys;
  }
  EXPECT_THAT(Mistakes("accounts: [{name: main, token: abcdef, quotas: 100}]"),
              ElementsAre(StartsWith("1:48: expected a section")));
}

TEST(ConfigQuotasTest, MessagesNameNobody) {
  for (const std::string& mistake : Mistakes(Quotas("staff: ['o secret name']"))) {
    EXPECT_THAT(mistake, Not(HasSubstr("secret name")));
  }
}

TEST(ConfigQuotasTest, TooManyStaffAreRefused) {
  std::string staff = "o0";
  for (int i = 1; i <= 1000; ++i) staff += ", o" + std::to_string(i);
  EXPECT_THAT(Mistakes(Quotas("staff: [" + staff + "]")), ElementsAre(HasSubstr("more than 1,000")));
}

TEST(ConfigQuotasTest, WhatCannotActIsAWarning) {
  EXPECT_THAT(Good(Quotas("staff: [oAbc]")).warnings,
              ElementsAre(AllOf(HasSubstr("account main"), HasSubstr("nobody is limited"), Not(HasSubstr("oAbc")))));
  EXPECT_THAT(Good(Quotas("messages_per_day: 10, follower_per_day: 11")).warnings,
              ElementsAre(HasSubstr("follower_per_day is more than messages_per_day")));
  EXPECT_THAT(Good(Quotas("messages_per_day: 10, follower_per_day: 10")).warnings, IsEmpty());
}

}  // namespace
}  // namespace yingda::config
