// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace yingda::base {

using Duration = std::chrono::nanoseconds;
/// A moment on the monotonic time line; only differences mean anything.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// A moment as calendars know it; may jump. For timestamps that leave the process or outlive it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

/// Keeps a jump listener registered for as long as it lives.
class ClockSubscription {
 public:
  virtual ~ClockSubscription() = default;
};

/// The time, as something that can be handed in: tests play a 15-second story in milliseconds.
/// Thread-safety: all members.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual TimePoint Now() const = 0;
  virtual WallTime WallNow() const = 0;

  /// How long a thread may really sleep and still be on time for `deadline`; zero when it has passed. A clock that
  /// tests move by hand answers Duration::max(): the sleeper is woken by its jump listener.
  virtual Duration RealTimeUntil(TimePoint deadline) const = 0;

  /// Has `wake` called after each jump of a hand-moved clock, on the thread that moves it. The system clock never
  /// calls. `wake` must not call back into the clock's subscriptions.
  virtual std::unique_ptr<ClockSubscription> OnJump(std::function<void()> wake) = 0;
};

/// Seconds since 1970, as WeChat writes CreateTime and timestamps.
inline int64_t UnixSeconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}
inline int64_t UnixMilliseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Days since 1970 as calendars in China count them (UTC+8, no summer time), where WeChat's own daily quotas begin
/// anew.
inline int64_t ChinaDay(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time + std::chrono::hours(8)).time_since_epoch().count();
}

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  TimePoint Now() const override;
  WallTime WallNow() const override;
  Duration RealTimeUntil(TimePoint deadline) const override;
  std::unique_ptr<ClockSubscription> OnJump(std::function<void()> wake) override;
};

}  // namespace yingda::base
