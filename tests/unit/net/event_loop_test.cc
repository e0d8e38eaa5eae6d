// SPDX-License-Identifier: MIT
#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <future>
#include <string>
#include <thread>

#include "support/manual_clock.h"
#include "unit/net/server_fixture.h"

namespace yingda::net {
namespace {

using testing::Eventually;
constexpr auto kSecond = std::chrono::seconds(1);

class EventLoopTest : public ::testing::Test {
 protected:
  /// Runs `function` on the loop and waits for its end.
  void OnLoop(const std::function<void()>& function) {
    std::promise<void> done;
    loop_.Post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
  void WaitUntilIdle() {
    ASSERT_TRUE(Eventually([&] { return loop_.Idle(); }));
  }

  testing::ManualClock clock_;
  EventLoop loop_{clock_};
};

TEST_F(EventLoopTest, RunsPostedFunctionsInOrderOnItsThread) {
  std::vector<int> order;
  bool on_loop = false;
  for (int i = 0; i < 100; ++i) loop_.Post([&order, i] { order.push_back(i); });
  OnLoop([&] { on_loop = loop_.HasTurn(); });
  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_TRUE(on_loop);
  EXPECT_FALSE(loop_.HasTurn());
}

TEST_F(EventLoopTest, FunctionPostedByAPostedOneRuns) {
  std::promise<void> done;
  loop_.Post([&] { loop_.Post([&] { done.set_value(); }); });
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(EventLoopTest, TimersRunInTheOrderOfTheirTimesAndEqualOnesAsTheyWereSet) {
  std::string order;
  loop_.After(3 * kSecond, [&] { order += "c"; });
  loop_.After(1 * kSecond, [&] { order += "a"; });
  loop_.After(2 * kSecond, [&] { order += "b1"; });
  loop_.After(2 * kSecond, [&] { order += "b2"; });
  WaitUntilIdle();
  EXPECT_EQ(order, "");
  clock_.Advance(std::chrono::milliseconds(999));
  WaitUntilIdle();
  EXPECT_EQ(order, "");
  clock_.Advance(std::chrono::milliseconds(1));
  WaitUntilIdle();
  EXPECT_EQ(order, "a");
  clock_.Advance(10 * kSecond);
  WaitUntilIdle();
  EXPECT_EQ(order, "ab1b2c");
}

TEST_F(EventLoopTest, CancelledTimerDoesNotRun) {
  bool ran = false;
  const auto id = loop_.After(kSecond, [&] { ran = true; });
  EXPECT_NE(id, 0U);
  EXPECT_TRUE(loop_.Cancel(id));
  EXPECT_FALSE(loop_.Cancel(id));
  EXPECT_FALSE(loop_.Cancel(0));
  clock_.Advance(2 * kSecond);
  WaitUntilIdle();
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, TimerThatRanCannotBeCancelled) {
  EventLoop::TimerId id = 0;
  bool cancelled_itself = true;
  OnLoop([&] { id = loop_.After(kSecond, [&] { cancelled_itself = loop_.Cancel(id); }); });
  clock_.Advance(kSecond);
  WaitUntilIdle();
  EXPECT_FALSE(cancelled_itself);
  EXPECT_FALSE(loop_.Cancel(id));
}

TEST_F(EventLoopTest, TimerMayCancelOneThatIsDueAtTheSameTime) {
  bool second_ran = false;
  EventLoop::TimerId second = 0;
  OnLoop([&] {
    loop_.After(kSecond, [&] { EXPECT_TRUE(loop_.Cancel(second)); });
    second = loop_.After(kSecond, [&] { second_ran = true; });
  });
  clock_.Advance(kSecond);
  WaitUntilIdle();
  EXPECT_FALSE(second_ran);
}

TEST_F(EventLoopTest, TimerSetFromATimerRunsWhenItsTimeComes) {
  int ticks = 0;
  std::function<void()> tick = [&] {
    if (++ticks < 5) loop_.After(kSecond, tick);
  };
  loop_.After(kSecond, tick);
  for (int i = 1; i <= 5; ++i) {
    clock_.Advance(kSecond);
    WaitUntilIdle();
    EXPECT_EQ(ticks, i);
  }
}

TEST_F(EventLoopTest, WatcherIsToldAboutItsDescriptorUntilItIsUnwatched) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::atomic<int> bytes{0};
  OnLoop([&] {
    loop_.Watch(pipe[0], EPOLLIN, [&](uint32_t events) {
      EXPECT_NE(events & EPOLLIN, 0U);
      char byte = 0;
      if (::read(pipe[0], &byte, 1) == 1) ++bytes;
    });
  });
  ASSERT_EQ(::write(pipe[1], "ab", 2), 2);
  EXPECT_TRUE(Eventually([&] { return bytes == 2; }));
  OnLoop([&] { loop_.Unwatch(pipe[0]); });
  ASSERT_EQ(::write(pipe[1], "c", 1), 1);
  OnLoop([] {});
  OnLoop([] {});
  EXPECT_EQ(bytes, 2);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(EventLoopTest, EventOfADescriptorThatWasClosedIsNotForTheNextOneOfItsNumber) {
  std::array<std::array<int, 2>, 2> pipes{};
  for (auto& pipe : pipes) ASSERT_EQ(::pipe(pipe.data()), 0);
  int told = 0;
  int told_wrongly = 0;
  const auto replace = [&](size_t at) {
    ++told;
    loop_.Unwatch(pipes[at][0]);
    const int number = pipes[at][0];
    ::close(pipes[at][0]);
    ::close(pipes[at][1]);
    ASSERT_EQ(::pipe(pipes[at].data()), 0);
    ASSERT_TRUE(pipes[at][0] == number || ::dup2(pipes[at][0], number) == number);
    loop_.Watch(number, EPOLLIN, [&](uint32_t) { ++told_wrongly; });
  };
  OnLoop([&] {
    for (size_t i = 0; i < 2; ++i) {
      loop_.Watch(pipes[i][0], EPOLLIN, [&, i](uint32_t) {
        char byte = 0;
        EXPECT_EQ(::read(pipes[i][0], &byte, 1), 1);
        replace(1 - i);
      });
    }
    for (const auto& pipe : pipes) EXPECT_EQ(::write(pipe[1], "a", 1), 1);  // both in one round
  });
  EXPECT_TRUE(Eventually([&] {
    bool done = false;
    OnLoop([&] { done = told > 0; });
    return done;
  }));
  OnLoop([&] {
    EXPECT_EQ(told, 1);
    EXPECT_EQ(told_wrongly, 0);
    for (const auto& pipe : pipes) loop_.Unwatch(pipe[0]);
  });
  for (const auto& pipe : pipes) {
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
}

TEST_F(EventLoopTest, WatchingAgainReplacesAndAWatcherMayUnwatchItself) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::atomic<int> first{0};
  std::atomic<int> second{0};
  OnLoop([&] {
    loop_.Watch(pipe[0], EPOLLIN, [&](uint32_t) { ++first; });
    loop_.Watch(pipe[0], EPOLLIN, [&](uint32_t) {
      ++second;
      loop_.Unwatch(pipe[0]);
    });
  });
  ASSERT_EQ(::write(pipe[1], "x", 1), 1);
  EXPECT_TRUE(Eventually([&] { return second == 1; }));
  OnLoop([] {});
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(EventLoopStopTest, StopRunsWhatIsPostedAndDropsTheRest) {
  testing::ManualClock clock;
  EventLoop loop(clock);
  int ran = 0;
  bool timer_ran = false;
  loop.After(kSecond, [&] { timer_ran = true; });
  for (int i = 0; i < 10; ++i) loop.Post([&] { ++ran; });
  loop.Stop();
  EXPECT_EQ(ran, 10);
  loop.Post([&] { ++ran; });
  loop.Stop();
  EXPECT_EQ(ran, 10);
  EXPECT_FALSE(timer_ran);
}

TEST(EventLoopRealTimeTest, TimersFollowTheSystemClock) {
  base::SystemClock clock;
  EventLoop loop(clock);
  std::promise<base::TimePoint> ran;
  const base::TimePoint due = clock.Now() + std::chrono::milliseconds(20);
  loop.At(due, [&] { ran.set_value(clock.Now()); });
  EXPECT_GE(ran.get_future().get(), due);
}

TEST(EventLoopRealTimeTest, TimerIsOnTimeThoughAnEarlierOneWasCancelled) {
  base::SystemClock clock;
  EventLoop loop(clock);
  std::promise<base::TimePoint> ran;
  base::TimePoint begun;
  bool cancelled = false;
  for (int i = 0; i < 100 && !cancelled; ++i) {  // on a busy machine it may have run before it can be cancelled
    begun = clock.Now();
    const auto early = loop.At(begun + std::chrono::milliseconds(10), [] {});
    ASSERT_TRUE(Eventually([&] { return loop.Idle(); })) << "it sleeps until the early one";
    cancelled = loop.Cancel(early);
  }
  ASSERT_TRUE(cancelled);
  const base::TimePoint due = begun + std::chrono::milliseconds(30);
  loop.At(due, [&] { ran.set_value(clock.Now()); });
  auto at = ran.get_future();
  ASSERT_EQ(at.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_GE(at.get(), due);
}

TEST_F(EventLoopTest, WhoFindsTheLoopAsleepRunsHisFunctionAndWhatItPostsHimself) {
  WaitUntilIdle();
  std::string order;
  const auto here = std::this_thread::get_id();
  loop_.RunOrPost([&] {
    order += "a";
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_TRUE(loop_.HasTurn());
    EXPECT_FALSE(loop_.Idle());
    loop_.RunOrPost([&] { order += "c"; });  // the turn is taken
    loop_.Post([&] { order += "d"; });
    order += "b";
  });
  EXPECT_EQ(order, "abcd");
  EXPECT_FALSE(loop_.HasTurn());
  EXPECT_TRUE(loop_.Idle());
}

TEST_F(EventLoopTest, WhoFindsTheLoopAtWorkDoesNotWaitForItsTurn) {
  std::promise<void> began;
  std::promise<void> go_on;
  std::promise<std::thread::id> ran_on;
  loop_.Post([&] {
    began.set_value();
    go_on.get_future().wait();
  });
  began.get_future().wait();
  loop_.RunOrPost([&] { ran_on.set_value(std::this_thread::get_id()); });
  auto ran = ran_on.get_future();
  EXPECT_EQ(ran.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  go_on.set_value();
  EXPECT_NE(ran.get(), std::this_thread::get_id());
}

TEST_F(EventLoopTest, TimerWatcherAndPostOfABorrowedTurnReachTheSleepingLoop) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::atomic<bool> rang{false};
  std::atomic<bool> read{false};
  WaitUntilIdle();
  loop_.RunOrPost([&] {
    loop_.After(kSecond, [&] { rang = true; });
    loop_.Watch(pipe[0], EPOLLIN, [&](uint32_t) {
      char byte = 0;
      read = ::read(pipe[0], &byte, 1) == 1;
    });
  });
  clock_.Advance(kSecond);
  EXPECT_TRUE(Eventually([&] { return rang.load(); }));
  ASSERT_EQ(::write(pipe[1], "a", 1), 1);
  EXPECT_TRUE(Eventually([&] { return read.load(); }));
  OnLoop([&] { loop_.Unwatch(pipe[0]); });
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(EventLoopTest, BorrowedTurnEndsThoughItsFunctionsPostWithoutEnd) {
  WaitUntilIdle();
  int here = 0;
  std::atomic<int> elsewhere{0};
  std::atomic<bool> enough{false};
  std::function<void()> again = [&, borrower = std::this_thread::get_id()] {
    if (std::this_thread::get_id() == borrower) {
      ++here;
    } else {
      ++elsewhere;
    }
    if (!enough) loop_.Post(again);
  };
  loop_.RunOrPost([&] { again(); });
  EXPECT_EQ(here, 4) << "itself, and three batches";
  EXPECT_TRUE(Eventually([&] { return elsewhere > 100; })) << "the loop goes on with it";
  enough = true;
  WaitUntilIdle();
}

TEST_F(EventLoopTest, StopWaitsForABorrowedTurnAndNothingRunsAfterwards) {
  WaitUntilIdle();
  std::promise<void> began;
  std::promise<void> go_on;
  bool ended = false;
  std::thread borrower([&] {
    loop_.RunOrPost([&] {
      began.set_value();
      go_on.get_future().wait();
      ended = true;
    });
  });
  began.get_future().wait();
  std::thread stopper([&] {
    loop_.Stop();
    EXPECT_TRUE(ended);
  });
  EXPECT_TRUE(Eventually([&] {
    const auto probe = std::make_shared<int>();
    loop_.Post([probe] {});
    return probe.use_count() == 1;
  })) << "nothing is taken any more";
  go_on.set_value();
  stopper.join();
  borrower.join();
  loop_.RunOrPost([] { ADD_FAILURE() << "the loop has stopped"; });
  EXPECT_FALSE(loop_.HasTurn());
}

TEST(EventLoopRealTimeTest, TimerOfABorrowedTurnRings) {
  base::SystemClock clock;
  EventLoop loop(clock);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Eventually([&] { return loop.Idle(); }));
    std::promise<void> ran;
    loop.RunOrPost([&] { loop.After(std::chrono::milliseconds(2), [&] { ran.set_value(); }); });
    ASSERT_EQ(ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  }
}

TEST(EventLoopRealTimeTest, OneFunctionRunsAtATimeWhoeverRunsIt) {
  base::SystemClock clock;
  EventLoop loop(clock);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  int runs = 0;  // no atomic: the turn is what guards it
  std::atomic<bool> inside{false};
  const auto work = [&] {
    EXPECT_FALSE(inside.exchange(true));
    EXPECT_TRUE(loop.HasTurn());
    ++runs;
    inside = false;
  };
  loop.RunOrPost([&] {
    loop.Watch(pipe[0], EPOLLIN, [&](uint32_t) {
      char byte = 0;
      if (::read(pipe[0], &byte, 1) == 1) work();
    });
  });
  constexpr int kEach = 1000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        if (t == 0) loop.After(std::chrono::microseconds(i % 20), work);
        if (t == 1) {
          EXPECT_EQ(::write(pipe[1], "x", 1), 1);
        }
        loop.RunOrPost([&, i] {
          work();
          if (i % 2 == 0) loop.Post(work);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto seen = [&] {
    std::promise<int> now;
    loop.Post([&] { now.set_value(runs); });
    return now.get_future().get();
  };
  EXPECT_TRUE(Eventually([&] { return seen() == kEach * 5 + kEach * 3 / 2; }));
  loop.Stop();
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(EventLoopRealTimeTest, ThoseWhoBorrowTheTurnDoNotKeepItFromTheLoop) {
  base::SystemClock clock;
  EventLoop loop(clock);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  std::atomic<int> told{0};
  std::atomic<bool> enough{false};
  loop.RunOrPost([&] {
    loop.Watch(pipe[0], EPOLLIN, [&](uint32_t) {
      char byte = 0;
      if (::read(pipe[0], &byte, 1) == 1) ++told;
    });
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!enough) {
        std::atomic<bool> ran{false};
        loop.RunOrPost([&] { ran = true; });
        EXPECT_TRUE(Eventually([&] { return ran.load(); }));
      }
    });
  }
  for (int i = 1; i <= 100; ++i) {
    EXPECT_EQ(::write(pipe[1], "x", 1), 1);
    EXPECT_TRUE(Eventually([&] { return told == i; }));
  }
  enough = true;
  for (std::thread& thread : threads) thread.join();
  loop.Stop();
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(EventLoopRealTimeTest, ManyThreadsMayPostSetAndCancelAtOnce) {
  base::SystemClock clock;
  EventLoop loop(clock);
  std::atomic<int> ran{0};
  std::atomic<int> cancelled{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        loop.Post([&] { ++ran; });
        const auto id = loop.After(std::chrono::microseconds(i % 50), [&] { ++ran; });
        if (i % 3 == 0 && loop.Cancel(id)) ++cancelled;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(Eventually([&] { return ran + cancelled == 4000; }));
}

}  // namespace
}  // namespace yingda::net
