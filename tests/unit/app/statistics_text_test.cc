// SPDX-License-Identifier: MIT
#include "app/statistics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/statistics_handler.h"

namespace yingda::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

bot::StatisticsReport Report() {
  bot::StatisticsReport report;
  report.first_day = report.last_day = 20'778;  // 2026-11-21
  report.messages = {{"rule", 12}, {"model", 3}};
  report.rules = {{"营业时间", "reply_rules/a.yml", 7, 10}, {"\x1b[31m红", "reply_rules/b.yml", 0, 2}};
  for (int i = 0; i < 25; ++i) report.never.push_back({"规则" + std::to_string(i), "reply_rules/a.yml", i + 20, 0});
  report.files = {{"deny/a.txt", true, "block", 4}, {"deny/b.txt", false, "mask", 1}};
  report.questions_since = base::WallTime(std::chrono::days(20'778));
  report.questions = 9;
  report.repeated_questions = 3;
  report.common_questions = {{"怎么退货", 3, 4}};
  return report;
}

TEST(StatisticsTextTest, WhatTheServerAnswersBecomesTables) {
  bot::StatisticsReport report = Report();
  report.keeps_texts = true;
  const auto text = StatisticsText(server::StatisticsJson("main", report, {"main", "店铺"}));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(
      *text, AllOf(HasSubstr("账号 main，2026-11-21（北京时间）\n还有账号 店铺，"), HasSubstr("  12  关键词规则回复\n"),
                   HasSubstr("  15  合计\n"), HasSubstr("10  营业时间  reply_rules/a.yml:7\n"),
                   HasSubstr("reply_rules/b.yml（已删除或改名）"), HasSubstr("规则19  reply_rules/a.yml:39\n"),
                   HasSubstr("…还有 5 个"), Not(HasSubstr("注意")), Not(HasSubstr("另有"))));
  EXPECT_THAT(*text,
              AllOf(HasSubstr("4  deny/a.txt  拦截  粉丝发来的\n"), HasSubstr("1  deny/b.txt  打码  模型回答里的\n"),
                    HasSubstr("2026-11-21 08:00 起"), HasSubstr("3～4  怎么退货\n"), Not(HasSubstr("\x1b"))));
}

TEST(StatisticsTextTest, WithoutContentInTheLogItSaysWhyThereIsNoText) {
  const std::string json = server::StatisticsJson("main", Report(), {"main"});
  EXPECT_THAT(json, Not(HasSubstr("怎么退货")));
  const auto text = StatisticsText(json);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, AllOf(HasSubstr("log: {content: true}"), HasSubstr("问过不止一次的问题有 1 个")));
}

TEST(StatisticsTextTest, WhatIsNotKnownIsSaid) {
  bot::StatisticsReport report = Report();
  report.first_day -= 6;
  report.by_gone_rules = 7;
  report.by_unnamed_rules = 5;
  report.tags = {{"", true, "", 3}};
  const auto text = StatisticsText(server::StatisticsJson("main", report, {"main"}));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, AllOf(HasSubstr("账号 main，2026-11-15 至 2026-11-21（北京时间）\n\n"), HasSubstr("另有 7 条消息"),
                           HasSubstr("有 5 条消息没能记下是哪条规则回复的"), HasSubstr("3  （太多了，没有分开数的）")));
}

TEST(StatisticsTextTest, AccountThatIsNotThereIsToldWithThoseThatAre) {
  const auto text = StatisticsText(R"({"error": "no such account", "accounts": ["main", "店铺"]})");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, base::ErrorCode::kNotFound);
  EXPECT_THAT(text.error().message, HasSubstr("main、店铺"));
}

TEST(StatisticsTextTest, WhatIsNoAnswerOfOursIsRefused) {
  EXPECT_FALSE(StatisticsText("<html>"));
  EXPECT_FALSE(StatisticsText("{}"));
  EXPECT_FALSE(StatisticsText("{\"account\": 7}"));
}

}  // namespace
}  // namespace yingda::app
