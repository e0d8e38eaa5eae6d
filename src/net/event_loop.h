// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/clock.h"

namespace yingda::net {

/// Runs what is due, one after the other: posted functions, timers, and watchers of file descriptors (epoll). Model
/// calls, jobs and their deadlines live on such a loop, so their state needs no locks. A thread of its own has the
/// turn, unless it is asleep: then another one may take it with RunOrPost. Thread-safety: Post, RunOrPost, At, Cancel
/// and HasTurn from anywhere; Watch and Unwatch only by who has the turn. Functions must not block, must not throw, and
/// must not depend on the thread that runs them. Timers follow the injected clock.
class EventLoop {
 public:
  using Function = std::function<void()>;
  /// Never 0, so 0 can mean "no timer".
  using TimerId = uint64_t;

  /// Errors: throws std::system_error when the kernel gives no descriptors (start-up only).
  explicit EventLoop(base::Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Stops after the functions that are already posted, and joins the thread; not from a function of the loop. Timers
  /// that are not due are dropped, as is what is posted afterwards.
  void Stop();

  void Post(Function function);
  /// Like Post, but when the loop sleeps, `function` runs before this returns, on the caller's thread, and so do up to
  /// three batches of what is posted meanwhile, by others too; the rest is left to the loop's own thread. A hand-over
  /// to a sleeping thread costs tens of microseconds, and hundreds when the processors are busy. For a thread that
  /// holds no lock and whose next work can wait as long. Must have returned before the loop is destroyed, as Post must.
  void RunOrPost(Function function);
  TimerId At(base::TimePoint when, Function function);
  TimerId After(base::Duration delay, Function function) { return At(clock_.Now() + delay, std::move(function)); }
  /// False when the timer ran already, runs now, or never was.
  bool Cancel(TimerId id);
  /// The caller is a function that this loop runs.
  bool HasTurn() const { return runner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  /// `events` as for epoll_ctl; watching a descriptor again replaces its events and function.
  void Watch(int fd, uint32_t events, std::function<void(uint32_t)> function);
  void Unwatch(int fd);

  base::Clock& clock() { return clock_; }
  /// Nothing posted is waiting, nothing runs, and no timer is due: for tests that move the clock.
  bool Idle() const;

 private:
  struct TimerKey {
    base::TimePoint when;
    TimerId id;
    auto operator<=>(const TimerKey&) const = default;
  };

  struct Watcher {
    uint32_t generation = 0;  // an event on its way to an earlier one of the same descriptor is not for this one
    std::shared_ptr<std::function<void(uint32_t)>> function;
  };

  void Run();
  void TakeTurn();
  void RunHere(Function& function) noexcept;
  bool RunPosted();
  void RunDueTimers();
  /// Gives the turn up. False, and keeps it, when there is something to do at once.
  bool GiveUpTurn();
  void ArmTimer(base::TimePoint when, base::Duration left);
  void Wake();

  base::Clock& clock_;
  const int epoll_fd_;
  const int wake_fd_;
  const int timer_fd_;

  mutable std::mutex mutex_;
  std::vector<Function> posted_;
  std::map<TimerKey, Function> timers_;
  std::unordered_map<TimerId, base::TimePoint> timer_times_;
  TimerId next_timer_ = 1;
  bool stopping_ = false;
  bool busy_ = true;           // somebody has the turn, and looks at what is posted before he gives it up
  bool thread_waits_ = false;  // the loop's own thread, for the turn
  std::condition_variable turn_given_up_;

  // Of who has the turn.
  std::atomic<std::thread::id> runner_;
  base::TimePoint armed_for_ = base::TimePoint::max();  // of timer_fd_
  std::atomic<bool> clock_jumped_{false};
  std::unordered_map<int, Watcher> watchers_;
  uint32_t next_generation_ = 1;
  std::unique_ptr<base::ClockSubscription> jump_subscription_;
  std::thread thread_;
};

}  // namespace yingda::net
