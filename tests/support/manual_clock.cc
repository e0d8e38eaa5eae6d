// SPDX-License-Identifier: MIT
#include "support/manual_clock.h"

namespace yingda::testing {

class ManualClock::Subscription final : public base::ClockSubscription {
 public:
  Subscription(ManualClock& clock, std::list<std::function<void()>>::iterator at) : clock_(clock), at_(at) {}
  ~Subscription() override {
    std::lock_guard lock(clock_.listeners_mutex_);
    clock_.listeners_.erase(at_);
  }

 private:
  ManualClock& clock_;
  std::list<std::function<void()>>::iterator at_;
};

base::TimePoint ManualClock::Now() const {
  std::lock_guard lock(mutex_);
  return base::TimePoint(elapsed_);
}

base::WallTime ManualClock::WallNow() const {
  std::lock_guard lock(mutex_);
  return wall_start_ + elapsed_;
}

base::Duration ManualClock::RealTimeUntil(base::TimePoint deadline) const {
  return deadline <= Now() ? base::Duration::zero() : base::Duration::max();
}

std::unique_ptr<base::ClockSubscription> ManualClock::OnJump(std::function<void()> wake) {
  std::lock_guard lock(listeners_mutex_);
  listeners_.push_front(std::move(wake));
  return std::make_unique<Subscription>(*this, listeners_.begin());
}

void ManualClock::Advance(base::Duration by) {
  {
    std::lock_guard lock(mutex_);
    elapsed_ += by;
  }
  std::lock_guard lock(listeners_mutex_);
  for (auto& wake : listeners_) wake();
}

}  // namespace yingda::testing
