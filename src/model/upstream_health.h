// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/clock.h"
#include "model/chat_model.h"
#include "model/circuit_breaker.h"

namespace yingda::model {

/// What the calls to one upstream have shown of it, for whoever chooses among several: whether it may be asked, from
/// when on, and how soon its answers begin. An upstream that fails is left alone by a circuit breaker (熔断); one that
/// asked for patience, until then; one that refuses our key or has no money left is parked, longer each time, because
/// only an operator can mend that. Pure; not thread-safe.
class UpstreamHealth {
 public:
  struct Options {
    CircuitBreaker::Options breaker;
    base::Duration first_park = std::chrono::minutes(5);
    base::Duration longest_park = std::chrono::minutes(30);
    base::Duration rest = std::chrono::seconds(1);  // after "too many requests" that names no time
    base::Duration longest_rest = std::chrono::minutes(5);
  };
  enum class State { kWell, kResting, kProbing, kOpen, kParked };
  /// One call under way. End it exactly once.
  struct Ticket {
    bool probe = false;
  };

  UpstreamHealth() : UpstreamHealth(Options{}) {}
  explicit UpstreamHealth(const Options& options) : options_(options), breaker_(options.breaker) {}

  State StateAt(base::TimePoint now) const;
  /// When it may be asked; `now` or earlier: at once. While a probe is out, a moment after `now`.
  base::TimePoint ReadyFrom(base::TimePoint now) const;

  Ticket Began(base::TimePoint now) { return {breaker_.Began(now)}; }
  /// `first_token`: how long the answer's first piece took, if there was one. True: it has just been parked.
  bool Ended(base::TimePoint now, Ticket ticket, const ChatOutcome& outcome, std::optional<base::Duration> first_token);

  /// Nine of ten of the last answers began within this time; empty while there are too few to tell.
  std::optional<base::Duration> UsualFirstToken() const;

 private:
  static constexpr size_t kSamples = 64;

  const Options options_;
  CircuitBreaker breaker_;
  base::TimePoint rests_until_ = base::TimePoint::min();
  base::TimePoint parked_until_ = base::TimePoint::min();
  base::Duration park_{};
  std::array<base::Duration, kSamples> first_tokens_{};
  size_t samples_ = 0;
};

}  // namespace yingda::model
