// SPDX-License-Identifier: MIT
#include "platform/daily_quota.h"

#include <gtest/gtest.h>

#include "stage.h"

namespace yingda::platform {
namespace {

using namespace std::chrono_literals;

base::WallTime Utc(int64_t seconds) { return base::WallTime(std::chrono::seconds(seconds)); }

TEST(DailyQuotaTest, DaysEndAtMidnightInBeijing) {
  // 2026-11-21T15:59:59Z is one second before midnight there.
  EXPECT_EQ(UntilMidnightInBeijing(Utc(1'795'276'799)), 1s);
  EXPECT_EQ(UntilMidnightInBeijing(Utc(1'795'276'800)), 24h);
  EXPECT_EQ(UntilMidnightInBeijing(Utc(1'795'276'801)), 24h - 1s);
}

TEST(DailyQuotaTest, WhatIsUsedUpIsSoUntilTheDayEnds) {
  Stage stage;
  std::unique_ptr<DailyQuota> quota;
  stage.On([&] { quota = std::make_unique<DailyQuota>("main", stage.loop, stage.metrics); });
  const auto exhausted = [&](const std::string& path) {
    bool is = false;
    stage.On([&] { is = quota->IsExhausted(path); });
    return is;
  };
  stage.On([&] { quota->Exhausted("/a"); });
  EXPECT_TRUE(exhausted("/a"));
  EXPECT_FALSE(exhausted("/b"));
  EXPECT_TRUE(stage.HasMetric(R"(yingda_wechat_quota_exhausted{account="main",path="/a"} 1)"));
  stage.Advance(UntilMidnightInBeijing(stage.clock.WallNow()) - 1s);
  EXPECT_TRUE(exhausted("/a"));
  stage.Advance(1s);
  EXPECT_FALSE(exhausted("/a"));
  EXPECT_TRUE(stage.HasMetric(R"(yingda_wechat_quota_exhausted{account="main",path="/a"} 0)"));
  stage.On([&] { quota.reset(); });
}

TEST(DailyQuotaTest, RemembersABoundedNumberOfPaths) {
  Stage stage;
  stage.On([&] {
    DailyQuota quota("main", stage.loop, stage.metrics);
    for (int i = 0; i < 1000; ++i) quota.Exhausted("/" + std::to_string(i));
    EXPECT_TRUE(quota.IsExhausted("/63"));
    EXPECT_FALSE(quota.IsExhausted("/64"));
    quota.Clear();
    EXPECT_FALSE(quota.IsExhausted("/63"));
  });
}

}  // namespace
}  // namespace yingda::platform
