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
  const auto text = StatisticsText(server::StatisticsJson("main", report));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, AllOf(HasSubstr("账号 main，2026-11-21 至 2026-11-21"), HasSubstr("  12  关键词规则回复\n"),
                           HasSubstr("  15  合计\n"), HasSubstr("10  营业时间  reply_rules/a.yml:7\n"),
                           HasSubstr("reply_rules/b.yml（已删除）"), HasSubstr("规则19  reply_rules/a.yml:39\n"),
                           HasSubstr("…还有 5 条")));
  EXPECT_THAT(*text,
              AllOf(HasSubstr("4  deny/a.txt  拦截  粉丝发来的\n"), HasSubstr("1  deny/b.txt  打码  模型回答里的\n"),
                    HasSubstr("2026-11-21 08:00 起"), HasSubstr("3～4  怎么退货\n"), Not(HasSubstr("\x1b"))));
}

TEST(StatisticsTextTest, WithoutContentInTheLogItSaysWhyThereIsNoText) {
  const std::string json = server::StatisticsJson("main", Report());
  EXPECT_THAT(json, Not(HasSubstr("怎么退货")));
  const auto text = StatisticsText(json);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, AllOf(HasSubstr("log: {content: true}"), HasSubstr("问过不止一次的问题有 1 个")));
}

TEST(StatisticsTextTest, WhatIsNoAnswerOfOursIsRefused) {
  EXPECT_FALSE(StatisticsText("<html>"));
  EXPECT_FALSE(StatisticsText("{}"));
  EXPECT_FALSE(StatisticsText("{\"account\": 7}"));
}

}  // namespace
}  // namespace yingda::app
