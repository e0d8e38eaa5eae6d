// SPDX-License-Identifier: MIT
#include "model/circuit_breaker.h"

#include <gtest/gtest.h>

namespace yingda::model {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

const base::TimePoint kStart{1h};

void Fail(CircuitBreaker& breaker, base::TimePoint now, int times) {
  for (int i = 0; i < times; ++i) breaker.Failed(now, breaker.Began(now));
}

TEST(CircuitBreakerTest, OpensAtHalfFailingAndNotBefore) {
  CircuitBreaker breaker;
  Fail(breaker, kStart, 4);
  EXPECT_TRUE(breaker.Allows(kStart)) << "four calls are too few to tell";
  Fail(breaker, kStart, 1);
  EXPECT_EQ(breaker.StateAt(kStart), State::kOpen);
  EXPECT_FALSE(breaker.Allows(kStart + 4999ms));
  EXPECT_TRUE(breaker.Allows(kStart + 5s));

  CircuitBreaker mixed;
  for (int i = 0; i < 6; ++i) mixed.Succeeded(kStart);
  Fail(mixed, kStart, 5);
  EXPECT_EQ(mixed.StateAt(kStart), State::kClosed);
  Fail(mixed, kStart, 1);
  EXPECT_EQ(mixed.StateAt(kStart), State::kOpen);
}

TEST(CircuitBreakerTest, ForgetsWhatIsOlderThanItsWindow) {
  CircuitBreaker breaker;
  Fail(breaker, kStart, 4);
  Fail(breaker, kStart + 31s, 1);
  EXPECT_EQ(breaker.StateAt(kStart + 31s), State::kClosed);
}

TEST(CircuitBreakerTest, LetsOneProbeThroughAtATime) {
  CircuitBreaker breaker;
  Fail(breaker, kStart, 5);
  const base::TimePoint later = kStart + 5s;
  const bool probe = breaker.Began(later);
  EXPECT_TRUE(probe);
  EXPECT_FALSE(breaker.Allows(later));
  breaker.Ended(probe);
  EXPECT_TRUE(breaker.Allows(later)) << "the probe told nothing, so another may go";
  EXPECT_TRUE(breaker.Began(later));
  breaker.Succeeded(later);
  EXPECT_EQ(breaker.StateAt(later), State::kClosed);
  Fail(breaker, later, 3);
  EXPECT_EQ(breaker.StateAt(later), State::kClosed) << "the failures from before do not count any more";
}

TEST(CircuitBreakerTest, WaitsTwiceAsLongAfterEachProbeThatFails) {
  CircuitBreaker breaker;
  Fail(breaker, kStart, 5);
  base::TimePoint now = kStart;
  for (const base::Duration pause : {5s, 10s, 20s, 40s, 60s, 60s}) {
    EXPECT_FALSE(breaker.Allows(now + pause - 1ms)) << pause / 1s;
    now += pause;
    ASSERT_TRUE(breaker.Allows(now)) << pause / 1s;
    Fail(breaker, now, 1);
  }
}

TEST(CircuitBreakerTest, CallsFromBeforeItOpenedDoNotProlongThePause) {
  CircuitBreaker breaker;
  const bool early = breaker.Began(kStart);
  Fail(breaker, kStart, 5);
  breaker.Failed(kStart + 4s, early);
  EXPECT_TRUE(breaker.Allows(kStart + 5s));
}

}  // namespace
}  // namespace yingda::model
