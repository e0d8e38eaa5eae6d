// SPDX-License-Identifier: MIT
#include "simulator/virtual_clock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "net/event_loop.h"
#include "support/wait.h"

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;

TEST(VirtualClockTest, StandsStillUntilItIsMovedAndMovesForAllWhoShareIt) {
  auto leader = *VirtualClock::Create();
  auto other = *VirtualClock::Attach(dup(leader->fd()));
  const base::TimePoint before = other->Now();
  EXPECT_EQ(leader->Now(), before);
  leader->Advance(90s);
  EXPECT_EQ(other->Now() - before, 90s);
  EXPECT_EQ(other->WallNow(), leader->WallNow());
  EXPECT_EQ(other->RealTimeUntil(before), 0s);
  EXPECT_EQ(other->RealTimeUntil(other->Now() + 1ns), base::Duration::max());
}

TEST(VirtualClockTest, TimersRunWhenTheOtherProcessIsToldThatTimeMoved) {
  auto leader = *VirtualClock::Create();
  auto other = *VirtualClock::Attach(dup(leader->fd()));
  net::EventLoop loop(*other);
  std::atomic<bool> ran{false};
  loop.After(5s, [&] { ran = true; });
  leader->Advance(5s);
  other->Wake();
  EXPECT_TRUE(testing::WaitFor([&] { return ran.load(); }));
}

}  // namespace
}  // namespace yingda::simulator
