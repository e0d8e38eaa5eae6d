// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
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

/// One thread that runs what is due: posted functions, timers, and watchers of file descriptors (epoll). Model calls,
/// jobs and their deadlines live on such a loop, so their state needs no locks. Thread-safety: Post, At, Cancel and
/// OnLoopThread from anywhere; Watch and Unwatch on the loop's thread only. Functions run one at a time on the loop's
/// thread, must not block and must not throw. Timers follow the injected clock.
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

  /// Stops after the functions that are already posted, and joins the thread. Timers that are not due are dropped, as
  /// is what is posted afterwards.
  void Stop();

  void Post(Function function);
  TimerId At(base::TimePoint when, Function function);
  TimerId After(base::Duration delay, Function function) { return At(clock_.Now() + delay, std::move(function)); }
  /// False when the timer ran already, runs now, or never was.
  bool Cancel(TimerId id);
  bool OnLoopThread() const { return std::this_thread::get_id() == thread_.get_id(); }

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

  void Run();
  void RunPosted();
  void RunDueTimers();
  /// For epoll_wait: at once, or until something happens.
  int PrepareToWait();
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
  bool busy_ = true;  // will look at what is posted before it waits, so it needs no wake-up

  base::TimePoint armed_for_ = base::TimePoint::max();  // of timer_fd_; the loop thread's own
  std::atomic<bool> clock_jumped_{false};
  std::unordered_map<int, std::shared_ptr<std::function<void(uint32_t)>>> watchers_;
  std::unique_ptr<base::ClockSubscription> jump_subscription_;
  std::thread thread_;
};

}  // namespace yingda::net
