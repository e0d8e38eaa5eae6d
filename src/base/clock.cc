// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <algorithm>

namespace yingda::base {

TimePoint SystemClock::Now() const { return std::chrono::steady_clock::now(); }

WallTime SystemClock::WallNow() const { return std::chrono::system_clock::now(); }

Duration SystemClock::RealTimeUntil(TimePoint deadline) const { return std::max(Duration::zero(), deadline - Now()); }

std::unique_ptr<ClockSubscription> SystemClock::OnJump(std::function<void()>) {
  return std::make_unique<ClockSubscription>();
}

}  // namespace yingda::base
