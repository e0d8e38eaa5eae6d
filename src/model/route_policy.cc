// SPDX-License-Identifier: MIT
#include "model/route_policy.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace yingda::model {
namespace {

constexpr int kMostFailures = 3;  // of one upstream, for one question
constexpr int kMostDoublings = 4;

/// Well mixed bits of two numbers (the finaliser of MurmurHash3).
uint64_t Mix(uint64_t a, uint64_t b) {
  uint64_t x = a + 0x9e3779b97f4a7c15 * (b + 1);
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

/// Weighted rendezvous hashing: the highest draw is first, and who is first changes for few when the list changes.
double Draw(uint64_t follower, const RouteChoice& choice) {
  const double uniform = (static_cast<double>(Mix(follower, choice.upstream) >> 11) + 0.5) * 0x1p-53;
  return -static_cast<double>(choice.weight) / std::log(uniform);
}

bool Usable(const RouteCandidate& candidate) { return !candidate.out && candidate.failures < kMostFailures; }

}  // namespace

std::vector<size_t> RouteOrder(std::span<const RouteChoice> choices, uint64_t follower) {
  std::vector<size_t> order(choices.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (choices[begin].weight > 0 && end < order.size() && choices[end].weight > 0) ++end;
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin), order.begin() + static_cast<std::ptrdiff_t>(end),
              [&](size_t a, size_t b) { return a != b && Draw(follower, choices[a]) > Draw(follower, choices[b]); });
    begin = end;
  }
  return order;
}

RouteStep NextStep(std::span<const RouteCandidate> candidates, int calls_made, base::TimePoint now,
                   base::TimePoint asked, base::TimePoint deadline, const RouteOptions& options) {
  using What = RouteStep::What;
  if (calls_made >= options.most_calls || now + options.least_time > deadline) return {};
  for (size_t i = 0; i < candidates.size(); ++i) {
    const RouteCandidate& candidate = candidates[i];
    if (!Usable(candidate) || candidate.others_first) continue;
    if (candidate.ready_from <= now) return {What::kAsk, i, {}};
    const base::TimePoint longest = std::min(now + options.longest_wait, deadline - options.least_time);
    if (candidate.failures > 0 && candidate.ready_from <= longest) return {What::kWait, i, candidate.ready_from};
  }
  // Nobody fresh is there: whoever is ready soonest, in their order.
  size_t best = candidates.size();
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!Usable(candidates[i])) continue;
    if (candidates[i].ready_from <= now) return {What::kAsk, i, {}};
    if (best == candidates.size() || candidates[i].ready_from < candidates[best].ready_from) best = i;
  }
  if (best == candidates.size()) return {};
  const base::TimePoint from = candidates[best].ready_from;
  if (from > asked + options.longest_wait_alone || from + options.least_time > deadline) return {};
  return {What::kWait, best, from};
}

size_t SecondCandidate(std::span<const RouteCandidate> candidates, base::TimePoint now) {
  for (size_t i = 0; i < candidates.size(); ++i) {
    const RouteCandidate& candidate = candidates[i];
    const bool fresh = Usable(candidate) && !candidate.under_way && !candidate.others_first;
    if (fresh && candidate.ready_from <= now) return i;
  }
  return candidates.size();
}

void NoteFailure(RouteCandidate& candidate, const ChatOutcome& outcome, base::TimePoint now,
                 const RouteOptions& options) {
  const int earlier = candidate.failures++;
  switch (outcome.failure) {
    case ChatFailure::kRefused:
    case ChatFailure::kBadRequest:
      candidate.out = true;
      return;
    case ChatFailure::kTimeout:
    case ChatFailure::kUnreachable:
    case ChatFailure::kBadAnswer:
    case ChatFailure::kEmpty:
      candidate.others_first = true;
      break;
    default:
      // What did not pass once may not soon. Our own limits are there to say no at once, not to be asked again.
      candidate.others_first = candidate.failures > 1;
      candidate.out = outcome.unsent;
      break;
  }
  const base::Duration pause = options.first_pause * (int64_t{1} << std::min(earlier, kMostDoublings));
  candidate.paused_until = now + outcome.retry_after.value_or(pause);
}

bool IsFinal(ChatFailure failure) {
  return failure == ChatFailure::kNone || failure == ChatFailure::kContentPolicy || failure == ChatFailure::kCancelled;
}

}  // namespace yingda::model
