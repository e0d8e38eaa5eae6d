// SPDX-License-Identifier: MIT
// Quotas, from the push to the follower's chat: who is told what, and when they may ask again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const bot::Texts kTexts;

simulator::UpstreamAnswer Echoes(base::Duration after = 100ms) {
  return [after](const simulator::UpstreamCall& call) {
    return simulator::SpreadAnswer("答案" + std::string(call.Question()) + "。", after, after);
  };
}

std::string Quotas(const std::string& keys) { return "    quotas: {" + keys + "}\n"; }

/// Over midnight or an hour in one step: nothing of what waits meanwhile is looked at.
void Jump(World& world, base::Duration by) { ASSERT_TRUE(world.conductor().RunFor(by, by)); }

base::Duration UntilMidnightInChina(World& world) {
  const int64_t seconds = base::UnixSeconds(world.clock().WallNow()) + 8 * 3600;
  return std::chrono::seconds(24 * 3600 - seconds % (24 * 3600));
}

TEST(QuotaTest, WhoAsksTooFastIsToldSoAndMayAskAgainAMinuteLater) {
  World world({.answer = Echoes(), .more_account = Quotas("follower_per_minute: 2")});
  const auto fast = world.NewFollower();
  const auto other = world.NewFollower();
  EXPECT_EQ(world.Say(*fast, "一").Text(), "答案一。");
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_EQ(world.Say(*fast, "二").Text(), "答案二。");
  const auto refused = world.Say(*fast, "三");
  EXPECT_EQ(refused.Text(), kTexts.quota_minute);
  EXPECT_EQ(refused.try_number, 1);
  EXPECT_LT(refused.after, 1s) << "told at once";
  EXPECT_EQ(world.Say(*other, "四").Text(), "答案四。");
  ASSERT_TRUE(world.RunFor(31s));
  EXPECT_EQ(world.Say(*fast, "五").Text(), "答案五。") << "the first question is a minute old";
  EXPECT_EQ(world.Say(*fast, "六").Text(), kTexts.quota_minute);
  EXPECT_EQ(world.model().Journal().calls, 4u);
  EXPECT_EQ(world.Metric("yingda_quota_refused_total{account=\"main\",limit=\"follower_per_minute\"}"), 2);
}

TEST(QuotaTest, EveryTryOfARefusedQuestionGetsTheSameText) {
  World world({.answer = Echoes(), .more_account = Quotas("follower_per_day: 1")});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  simulator::Faults faults;
  faults.on_try[1].lose_reply = true;
  faults.on_try[1].duplicate = true;
  faults.on_try[2].lose_reply = true;
  const auto refused = world.Say(*follower, "二", faults);
  EXPECT_EQ(refused.Text(), kTexts.quota_day);
  EXPECT_EQ(refused.try_number, 3);
  for (const simulator::TryRecord& each : refused.tries) {
    ASSERT_TRUE(each.reply);
    EXPECT_EQ(std::get<wechat::TextReply>(*each.reply).content, kTexts.quota_day);
  }
  EXPECT_EQ(world.Metric("yingda_quota_refused_total{account=\"main\",limit=\"follower_per_day\"}"), 1)
      << "one question, however often it is pushed";
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(QuotaTest, RetriesOfAQuestionThatWasTakenAreNotRefused) {
  World world({.answer = Echoes(8s), .more_account = Quotas("follower_per_minute: 1, follower_per_day: 1")});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "一");
  EXPECT_EQ(outcome.try_number, 2);
  EXPECT_EQ(outcome.Text(), "答案一。");
}

TEST(QuotaTest, DayBeginsAnewAtMidnightInChina) {
  World world({.answer = Echoes(), .more_account = Quotas("follower_per_day: 2")});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "一").Text(), "答案一。");
  EXPECT_EQ(world.Say(*follower, "二").Text(), "答案二。");
  Jump(world, UntilMidnightInChina(world) - 10s);
  EXPECT_EQ(world.Say(*follower, "三").Text(), kTexts.quota_day);
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 2);
  Jump(world, 11s);
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 0) << "without anybody asking";
  EXPECT_EQ(world.Say(*follower, "四").Text(), "答案四。");
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 1);
}

TEST(QuotaTest, CountsOutliveARestart) {
  World world({.answer = Echoes(), .more_account = Quotas("follower_per_minute: 2, follower_per_day: 3")});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "一").Text(), "答案一。");
  EXPECT_EQ(world.Say(*follower, "二").Text(), "答案二。");
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "三").Text(), kTexts.quota_minute);
  Jump(world, 61s);
  EXPECT_EQ(world.Say(*follower, "四").Text(), "答案四。");
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "五").Text(), kTexts.quota_day);
  Jump(world, UntilMidnightInChina(world));
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "六").Text(), "答案六。");
}

TEST(QuotaTest, QuestionThatARestartInterruptedIsAnsweredAndNotCountedTwice) {
  World world({.answer = Echoes(20s), .more_account = Quotas("follower_per_day: 1")});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "一").try_number, 3) << "told to wait";
  world.Restart();
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 1);
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("答案一。"));
}

TEST(QuotaTest, AccountsMessagesAreSharedByItsFollowers) {
  World world({.answer = Echoes(), .more_account = Quotas("messages_per_day: 2")});
  const auto first = world.NewFollower();
  const auto second = world.NewFollower();
  world.Say(*first, "一");
  world.Say(*first, "二");
  EXPECT_EQ(world.Say(*second, "三").Text(), kTexts.quota_account);
  world.Restart();
  EXPECT_EQ(world.Say(*second, "四").Text(), kTexts.quota_account);
  Jump(world, UntilMidnightInChina(world));
  EXPECT_EQ(world.Say(*second, "五").Text(), "答案五。");
}

TEST(QuotaTest, WhenTheTokensAreUsedUpRulesAndCommandsGoOn) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  World world({.answer = AnswersAfter(100ms, text), .more_account = Quotas("tokens_per_day: 100")});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "长问题").Text(), HasSubstr("(1/3)")) << "the answer that uses them up is whole";
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("(2/3)"));
  const std::string refused = world.Say(*follower, "再问").Text();
  EXPECT_THAT(refused, HasSubstr("(3/3)")) << "nothing that waits is lost";
  EXPECT_THAT(refused, EndsWith(kTexts.quota_account));
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "再问").Text(), kTexts.quota_account) << "tokens outlive a restart";
  EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
  EXPECT_EQ(world.Say(*follower, "继续").Text(), kTexts.nothing_more);
  EXPECT_EQ(world.Say(*follower, "帮助").Text(), kTexts.help);
  EXPECT_EQ(world.Say(*follower, "清空").Text(), kTexts.cleared);
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(QuotaTest, TokensAreTheUpstreamsOwn) {
  World world({.answer = Echoes(), .more_account = "    quotas: {tokens_per_day: 1000000}\n"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  const auto told = world.Metric("yingda_quota_tokens_today{account=\"main\"}");
  EXPECT_GT(told, 0);
  world.Restart();
  EXPECT_EQ(world.Metric("yingda_quota_tokens_today{account=\"main\"}"), told);
  EXPECT_EQ(world.Metric("yingda_quota_messages_today{account=\"main\"}"), 1);
}

TEST(QuotaTest, TokensAreEstimatedWhereTheUpstreamTellsNone) {
  // A stream that is cut tells no usage.
  World world({.answer = [](const auto&) {
    simulator::UpstreamScript script = simulator::SpreadAnswer("这是一个被截断的回答。", 100ms, 200ms);
    script.end = simulator::UpstreamEnd::kCut;
    return script;
  }});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  EXPECT_GT(world.Metric("yingda_quota_tokens_today{account=\"main\"}"), 8);
  EXPECT_LT(world.Metric("yingda_quota_tokens_today{account=\"main\"}"), 80);
}

TEST(QuotaTest, StaffIsExemptAndUsesUpNothing) {
  World world({.answer = Echoes(),
               .more_account = Quotas("follower_per_minute: 1, follower_per_day: 1, messages_per_day: 2, "
                                      "tokens_per_day: 1000, staff: [o-follower-1]")});
  const auto staff = world.NewFollower();
  const auto first = world.NewFollower();
  const auto second = world.NewFollower();
  for (const char* question : {"一", "二", "三", "四"}) {
    EXPECT_EQ(world.Say(*staff, question).Text(), "答案" + std::string(question) + "。");
  }
  EXPECT_EQ(world.Say(*first, "五").Text(), "答案五。");
  EXPECT_EQ(world.Say(*first, "六").Text(), kTexts.quota_day);
  EXPECT_EQ(world.Say(*second, "七").Text(), "答案七。");
  EXPECT_EQ(world.Say(*staff, "八").Text(), "答案八。");
  world.Restart();
  EXPECT_EQ(world.Say(*staff, "九").Text(), "答案九。");
}

TEST(QuotaTest, StaffGoesOnWhenTheAccountsTokensAreUsedUp) {
  World world({.answer = Echoes(), .more_account = Quotas("tokens_per_day: 5, staff: [o-follower-1]")});
  const auto staff = world.NewFollower();
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*staff, "一").Text(), "答案一。");
  EXPECT_EQ(world.Metric("yingda_quota_tokens_today{account=\"main\"}"), 0);
  EXPECT_EQ(world.Say(*follower, "二").Text(), "答案二。") << "the answer that uses them up";
  EXPECT_EQ(world.Say(*follower, "三").Text(), kTexts.quota_account);
  EXPECT_EQ(world.Say(*staff, "四").Text(), "答案四。");
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "五").Text(), kTexts.quota_account);
  EXPECT_EQ(world.Say(*staff, "六").Text(), "答案六。");
}

TEST(QuotaTest, WhoeverLeavesIsForgottenWithTheirCounts) {
  World world({.answer = Echoes(), .more_account = Quotas("follower_per_day: 1, messages_per_day: 3")});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  EXPECT_EQ(world.Say(*follower, "二").Text(), kTexts.quota_day);
  world.Send(*follower, simulator::UnsubscribeEvent());
  world.Send(*follower, simulator::SubscribeEvent());
  EXPECT_EQ(world.Say(*follower, "三").Text(), "答案三。");
  world.Send(*follower, simulator::UnsubscribeEvent());
  world.Restart();
  EXPECT_EQ(world.Say(*follower, "四").Text(), "答案四。") << "in the store, too";
  world.Send(*follower, simulator::UnsubscribeEvent());
  EXPECT_EQ(world.Say(*follower, "五").Text(), kTexts.quota_account) << "the account's count stays";
}

TEST(QuotaTest, WhatIsUnreadGoesInFrontOfTheRefusal) {
  World world({.answer = Echoes(30s), .more_account = Quotas("follower_per_minute: 1")});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  ASSERT_TRUE(world.RunFor(20s));
  const std::string both = world.Say(*follower, "二").Text();
  EXPECT_THAT(both, StartsWith("关于“一”：\n答案一。"));
  EXPECT_THAT(both, HasSubstr(kTexts.quota_minute));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), Not(HasSubstr("答案一。")));
}

TEST(QuotaTest, TextsAreTheAccountsOwn) {
  World world(
      {.answer = Echoes(), .more_account = Quotas("follower_per_day: 1") + "    texts: { quota_day: 明天见。 }\n"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  EXPECT_EQ(world.Say(*follower, "二").Text(), "明天见。");
}

TEST(QuotaTest, EmptyTextSaysNothing) {
  World world({.answer = Echoes(), .more_account = Quotas("follower_per_day: 1") + "    texts: { quota_day: \"\" }\n"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  EXPECT_TRUE(world.Say(*follower, "二").acknowledged());
}

TEST(QuotaTest, AccountThatMayPushRefusesInItsReply) {
  World world({.answer = Echoes(), .kind = "push", .more_account = Quotas("follower_per_day: 1")});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  EXPECT_EQ(world.Say(*follower, "二").Text(), kTexts.quota_day);
  ASSERT_TRUE(world.RunFor(5s));
  EXPECT_THAT(world.Pushed(*follower), IsEmpty());
}

TEST(QuotaTest, MiniProgramRefusesByCustomerServiceMessageOnce) {
  World world({.answer = Echoes(), .json = true, .kind = "miniprogram", .more_account = Quotas("follower_per_day: 1")});
  const auto follower = world.NewFollower();
  EXPECT_TRUE(world.Say(*follower, "一").acknowledged());
  ASSERT_TRUE(world.RunFor(5s));
  simulator::Faults faults;
  faults.on_try[1].lose_reply = true;
  EXPECT_TRUE(world.Say(*follower, "二", faults).acknowledged());
  ASSERT_TRUE(world.RunFor(5s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案一。", kTexts.quota_day));
}

TEST(QuotaTest, AccountsHaveTheirOwnQuotas) {
  World world({.answer = Echoes(),
               .more_accounts = "  - { name: second, token: integrationToken, upstreams: [main] }\n",
               .more_account = Quotas("messages_per_day: 1")});
  const auto follower = world.NewFollower();
  world.Say(*follower, "一");
  EXPECT_EQ(world.Say(*follower, "二").Text(), kTexts.quota_account);
  simulator::WeChatSimulator::Options options;
  options.url = world.url().substr(0, world.url().rfind('/')) + "/second";
  options.account = {"integrationToken", "", "", wechat::CallbackMode::kPlain, false};
  auto other = simulator::WeChatSimulator::Create(options, world.loop(), world.client());
  ASSERT_TRUE(other);
  world.AlsoWatch(**other);
  simulator::Follower there(**other, follower->open_id(), world.clock());
  EXPECT_EQ(world.Say(there, "三").Text(), "答案三。");
}

}  // namespace
}  // namespace yingda::testing
