// SPDX-License-Identifier: MIT
#include "support/conductor.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/event_loop.h"

namespace yingda::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ConductorTest, EachTimerRunsAtItsMoment) {
  ManualClock clock;
  net::EventLoop loop(clock);
  Conductor conductor(clock, {[&] { return loop.Idle(); }});
  const base::TimePoint start = clock.Now();
  std::vector<base::Duration> ran;  // on the loop's thread, read when it has settled
  std::function<void()> tick = [&] {
    ran.push_back(clock.Now() - start);
    if (ran.size() < 10) loop.After(seconds(1), tick);
  };
  loop.After(seconds(1), tick);
  ASSERT_TRUE(conductor.RunFor(seconds(10), milliseconds(100)));
  EXPECT_EQ(clock.Now() - start, seconds(10));
  ASSERT_EQ(ran.size(), 10u);
  for (size_t i = 0; i < ran.size(); ++i) EXPECT_EQ(ran[i], seconds(i + 1));
}

TEST(ConductorTest, TheLastStepIsCutToTheTotal) {
  ManualClock clock;
  const base::TimePoint start = clock.Now();
  ASSERT_TRUE(Conductor(clock, {}).RunFor(milliseconds(250), milliseconds(100)));
  EXPECT_EQ(clock.Now() - start, milliseconds(250));
}

TEST(ConductorTest, WaitsForAThreadThatStillWorks) {
  ManualClock clock;
  std::atomic<bool> working{true};
  std::atomic<uint64_t> work{0};
  std::thread worker([&] {
    const auto end = std::chrono::steady_clock::now() + milliseconds(30);
    while (std::chrono::steady_clock::now() < end) ++work;
    working = false;
  });
  EXPECT_TRUE(Conductor(clock, {}).Settle());
  EXPECT_FALSE(working);
  worker.join();
}

TEST(ConductorTest, StopsAsSoonAsThePredicateHolds) {
  ManualClock clock;
  const base::TimePoint start = clock.Now();
  EXPECT_TRUE(
      Conductor(clock, {}).RunUntil([&] { return clock.Now() - start >= seconds(3); }, seconds(60), seconds(1)));
  EXPECT_EQ(clock.Now() - start, seconds(3));
}

TEST(ConductorTest, FailsTheTestWhenTheLimitIsReached) {
  ManualClock clock;
  Conductor conductor(clock, {});
  EXPECT_NONFATAL_FAILURE(conductor.RunUntil([] { return false; }, seconds(2), seconds(1)), "still not so after 2 s");
}

TEST(ConductorTest, FailsTheTestAndNamesTheProbeThatNeverSettles) {
  ManualClock clock;
  const base::TimePoint start = clock.Now();
  Conductor conductor(clock, {[] { return true; }, [] { return false; }}, milliseconds(20));
  EXPECT_NONFATAL_FAILURE(conductor.RunFor(seconds(1), seconds(1)), "probe 1 is false");
  EXPECT_EQ(clock.Now(), start);
}

}  // namespace
}  // namespace yingda::testing
