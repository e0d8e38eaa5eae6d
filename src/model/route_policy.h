// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/chat_model.h"

namespace yingda::model {

/// How one question finds its upstream among several, as operators may set it.
struct RouteOptions {
  int most_calls = 4;  // upstream calls that one question may cost, second calls (hedges) included
  /// Before the same upstream is asked again after a failure that may pass: the first pause, doubled each time.
  base::Duration first_pause = std::chrono::milliseconds(500);
  /// A pause, or an upstream's own Retry-After, up to this long is waited for; for a longer one the next upstream is
  /// asked at once. Where there is no other, an attempt may begin up to `longest_wait_alone` after the question.
  base::Duration longest_wait = std::chrono::seconds(1);
  base::Duration longest_wait_alone = std::chrono::seconds(20);
  /// An attempt that would begin with less than this left is not worth it.
  base::Duration least_time = std::chrono::seconds(2);
  /// No word of the answer after this, or after the upstream's usual time if that is longer: the next upstream is asked
  /// as well, and whoever speaks first answers. Zero: never.
  base::Duration hedge_after = std::chrono::milliseconds(2500);
  double hedge_share = 0.1;  // of the questions, at most
  /// No word after this, and another upstream is ready that has not been asked: the attempt is given up for it.
  base::Duration give_up_after = std::chrono::seconds(8);
};

/// One place in an account's list of upstreams. Neighbours with a weight share their places in that proportion.
struct RouteChoice {
  size_t upstream = 0;
  unsigned weight = 0;  // 0: a place of its own
};
/// The order in which a follower's questions try the upstreams: as listed, and among those who share a place, who is
/// first is drawn by weight, always the same way for the same follower. Indexes into `choices`.
std::vector<size_t> RouteOrder(std::span<const RouteChoice> choices, uint64_t follower);

/// What one question knows of one upstream it may ask.
struct RouteCandidate {
  base::TimePoint ready_from{};    // by the upstream's health and by `paused_until`
  base::TimePoint paused_until{};  // after its last failure
  int failures = 0;                // of this question
  bool under_way = false;          // a call to it is
  bool out = false;                // not for this question any more
  bool others_first = false;       // it failed in a way that makes any other one more promising
};

struct RouteStep {
  enum class What { kAsk, kWait, kGiveUp };
  What what = What::kGiveUp;
  size_t candidate = 0;     // of kAsk
  base::TimePoint until{};  // of kWait: then look again
};

/// What to do for a question none of whose calls is under way. `candidates`: in the question's order.
RouteStep NextStep(std::span<const RouteCandidate> candidates, int calls_made, base::TimePoint now,
                   base::TimePoint asked, base::TimePoint deadline, const RouteOptions& options);

/// The next candidate that could be asked beside those under way, or candidates.size().
size_t SecondCandidate(std::span<const RouteCandidate> candidates, base::TimePoint now);

/// What a failure before any text means for the question's next step.
void NoteFailure(RouteCandidate& candidate, const ChatOutcome& outcome, base::TimePoint now,
                 const RouteOptions& options);
/// No upstream may be asked again after this: the answer, or the refusal of its content, is final.
bool IsFinal(ChatFailure failure);

}  // namespace yingda::model
