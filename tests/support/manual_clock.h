// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <mutex>

#include "base/clock.h"

namespace yingda::testing {

/// A clock that stands still until a test moves it. Monotonic and calendar time move together.
/// Thread-safety: all members.
class ManualClock final : public base::Clock {
 public:
  explicit ManualClock(base::WallTime start = base::WallTime(std::chrono::seconds(1'800'000'000)))
      : wall_start_(start) {}

  base::TimePoint Now() const override;
  base::WallTime WallNow() const override;
  base::Duration RealTimeUntil(base::TimePoint deadline) const override;
  std::unique_ptr<base::ClockSubscription> OnJump(std::function<void()> wake) override;

  /// Moves time forward and wakes every listener. What is due runs on the listeners' own threads, soon after.
  void Advance(base::Duration by);

 private:
  class Subscription;

  mutable std::mutex mutex_;
  base::Duration elapsed_{std::chrono::hours(1)};
  const base::WallTime wall_start_;
  std::mutex listeners_mutex_;
  std::list<std::function<void()>> listeners_;
};

}  // namespace yingda::testing
