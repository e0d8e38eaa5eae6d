// SPDX-License-Identifier: MIT
#include "model/circuit_breaker.h"

#include <algorithm>

namespace yingda::model {

CircuitBreaker::State CircuitBreaker::StateAt(base::TimePoint now) const {
  if (!open_) return State::kClosed;
  return now < open_until_ ? State::kOpen : State::kHalfOpen;
}

bool CircuitBreaker::Allows(base::TimePoint now) const {
  const State state = StateAt(now);
  return state == State::kClosed || (state == State::kHalfOpen && !probing_);
}

base::TimePoint CircuitBreaker::AllowsFrom() const { return open_ ? open_until_ : base::TimePoint::min(); }

bool CircuitBreaker::Began(base::TimePoint now) {
  if (StateAt(now) != State::kHalfOpen || probing_) return false;
  probing_ = true;
  return true;
}

void CircuitBreaker::Succeeded(base::TimePoint now) {
  if (open_) {
    // Also when it is the answer to a question from before it opened: the upstream answers.
    open_ = false;
    probing_ = false;
    pause_ = {};
    slices_.fill(Slice{});
  }
  ++SliceAt(now).calls;
}

void CircuitBreaker::Failed(base::TimePoint now, bool probe) {
  Slice& slice = SliceAt(now);
  ++slice.calls;
  ++slice.failures;
  if (open_) {
    // Those under way when it opened say nothing new; the probe does.
    if (probe) Open(now);
    return;
  }
  int calls = 0;
  int failures = 0;
  for (const Slice& each : slices_) {
    if (each.number <= slice.number - static_cast<int64_t>(kSlices)) continue;
    calls += each.calls;
    failures += each.failures;
  }
  if (calls >= options_.least_samples && failures >= options_.failing_share * calls) Open(now);
}

void CircuitBreaker::Ended(bool probe) {
  if (probe) probing_ = false;
}

CircuitBreaker::Slice& CircuitBreaker::SliceAt(base::TimePoint now) {
  const base::Duration width = std::max<base::Duration>(options_.window / kSlices, std::chrono::milliseconds(1));
  const int64_t number = now.time_since_epoch() / width;
  Slice& slice = slices_.at(static_cast<size_t>(number % static_cast<int64_t>(kSlices)));
  if (slice.number != number) slice = Slice{number, 0, 0};
  return slice;
}

void CircuitBreaker::Open(base::TimePoint now) {
  pause_ = open_ ? std::min(pause_ * 2, options_.longest_pause) : options_.first_pause;
  open_ = true;
  probing_ = false;
  open_until_ = now + pause_;
}

}  // namespace yingda::model
