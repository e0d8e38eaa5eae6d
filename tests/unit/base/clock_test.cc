// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <gtest/gtest.h>

namespace yingda::base {
namespace {

WallTime At(int64_t unix_seconds) { return WallTime(std::chrono::seconds(unix_seconds)); }

TEST(ClockTest, ADayInChinaBeginsAt16HoursUtc) {
  EXPECT_EQ(ChinaDay(At(0)), 0);  // 8:00 in China
  EXPECT_EQ(ChinaDay(At(16 * 3600 - 1)), 0);
  EXPECT_EQ(ChinaDay(At(16 * 3600)), 1);
  EXPECT_EQ(ChinaDay(At(-8 * 3600)), 0);
  EXPECT_EQ(ChinaDay(At(-8 * 3600 - 1)), -1);
  EXPECT_EQ(ChinaDay(At(1'700'000'000)), 19'676);  // 2023-11-15 06:13:20 in China
}

}  // namespace
}  // namespace yingda::base
