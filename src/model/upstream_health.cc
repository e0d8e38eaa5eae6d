// SPDX-License-Identifier: MIT
#include "model/upstream_health.h"

#include <algorithm>

namespace yingda::model {
namespace {

/// Whoever finds a probe under way looks again after this.
constexpr base::Duration kLookAgain = std::chrono::milliseconds(500);
constexpr size_t kEnoughSamples = 10;

}  // namespace

UpstreamHealth::State UpstreamHealth::StateAt(base::TimePoint now) const {
  if (now < parked_until_) return State::kParked;
  if (breaker_.StateAt(now) == CircuitBreaker::State::kOpen) return State::kOpen;
  if (now < rests_until_) return State::kResting;
  return breaker_.StateAt(now) == CircuitBreaker::State::kHalfOpen ? State::kProbing : State::kWell;
}

base::TimePoint UpstreamHealth::ReadyFrom(base::TimePoint now) const {
  const base::TimePoint from = std::max({parked_until_, rests_until_, breaker_.AllowsFrom()});
  return from <= now && !breaker_.Allows(now) ? now + kLookAgain : from;
}

bool UpstreamHealth::Ended(base::TimePoint now, Ticket ticket, const ChatOutcome& outcome,
                           std::optional<base::Duration> first_token) {
  if (first_token) first_tokens_.at(samples_++ % kSamples) = *first_token;
  if (outcome.retry_after) {
    rests_until_ = std::max(rests_until_, now + std::min(*outcome.retry_after, options_.longest_rest));
  }
  switch (outcome.failure) {
    case ChatFailure::kNone:
    case ChatFailure::kContentPolicy:
    case ChatFailure::kBadRequest:
    case ChatFailure::kEmpty:
      breaker_.Succeeded(now);
      park_ = {};
      return false;
    case ChatFailure::kTimeout:
    case ChatFailure::kUnreachable:
    case ChatFailure::kBadAnswer:
    case ChatFailure::kOverloaded:
      if (outcome.unsent) {
        breaker_.Ended(ticket.probe);
      } else {
        breaker_.Failed(now, ticket.probe);
      }
      return false;
    case ChatFailure::kRateLimited:
      if (!outcome.retry_after) rests_until_ = std::max(rests_until_, now + options_.rest);
      breaker_.Ended(ticket.probe);
      return false;
    case ChatFailure::kCancelled:
      breaker_.Ended(ticket.probe);
      return false;
    case ChatFailure::kRefused:
      break;
  }
  breaker_.Ended(ticket.probe);
  if (now < parked_until_) return false;  // a call from before it was parked
  park_ = park_ == base::Duration::zero() ? options_.first_park : std::min(park_ * 2, options_.longest_park);
  parked_until_ = now + park_;
  return true;
}

std::optional<base::Duration> UpstreamHealth::UsualFirstToken() const {
  const size_t count = std::min(samples_, kSamples);
  if (count < kEnoughSamples) return std::nullopt;
  auto sorted = first_tokens_;
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(count * 9 / 10);
  std::nth_element(sorted.begin(), at, sorted.begin() + static_cast<std::ptrdiff_t>(count));
  return *at;
}

}  // namespace yingda::model
