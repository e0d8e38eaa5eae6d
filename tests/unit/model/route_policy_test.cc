// SPDX-License-Identifier: MIT
#include "model/route_policy.h"

#include <gtest/gtest.h>

#include <map>

namespace yingda::model {
namespace {

using namespace std::chrono_literals;
using What = RouteStep::What;

const base::TimePoint kNow{1h};

RouteCandidate Ready() { return {}; }
RouteCandidate Later(base::Duration in) {
  RouteCandidate candidate;
  candidate.ready_from = kNow + in;
  return candidate;
}
RouteCandidate Failed(ChatFailure failure, std::optional<base::Duration> retry_after = {}) {
  RouteCandidate candidate;
  ChatOutcome outcome;
  outcome.failure = failure;
  outcome.retry_after = retry_after;
  NoteFailure(candidate, outcome, kNow, {});
  candidate.ready_from = candidate.paused_until;
  return candidate;
}

TEST(RoutePolicyTest, NextStepByTable) {
  struct Case {
    const char* name;
    std::vector<RouteCandidate> candidates;
    RouteStep want;
    int calls = 1;
    base::Duration left = 600s;
    base::Duration since_asked = 0s;
  };
  const RouteStep give_up{};
  const auto ask = [](size_t i) { return RouteStep{What::kAsk, i, {}}; };
  const auto wait = [](size_t i, base::Duration d) { return RouteStep{What::kWait, i, kNow + d}; };
  RouteCandidate out;
  out.out = true;
  const std::vector<Case> cases = {
      {"the first that is well", {Ready(), Ready()}, ask(0)},
      {"past one that is not", {Later(3s), Ready()}, ask(1)},
      {"not even a moment for one that rests, when another is fresh", {Later(200ms), Ready()}, ask(1)},
      {"a moment for one that has just failed", {Failed(ChatFailure::kOverloaded), Ready()}, wait(0, 500ms)},
      {"Retry-After that fits", {Failed(ChatFailure::kRateLimited, 1s), Ready()}, wait(0, 1s)},
      {"Retry-After that does not", {Failed(ChatFailure::kRateLimited, 2s), Ready()}, ask(1)},
      {"Retry-After alone", {Failed(ChatFailure::kRateLimited, 19s)}, wait(0, 19s)},
      {"Retry-After alone, too long", {Failed(ChatFailure::kRateLimited, 30s)}, give_up},
      {"others after a timeout", {Failed(ChatFailure::kTimeout), Ready()}, ask(1)},
      {"others after a bad answer", {Failed(ChatFailure::kBadAnswer), Ready()}, ask(1)},
      {"again after a bad answer, when alone", {Failed(ChatFailure::kBadAnswer)}, wait(0, 500ms)},
      {"again after a bad answer, when the others rest longer",
       {Failed(ChatFailure::kBadAnswer), Later(3s)},
       wait(0, 500ms)},
      {"never again after a refusal", {Failed(ChatFailure::kRefused)}, give_up},
      {"the next after a refusal", {Failed(ChatFailure::kRefused), Ready()}, ask(1)},
      {"the next after a request that was not taken", {Failed(ChatFailure::kBadRequest), Ready()}, ask(1)},
      {"nobody is left", {out, Failed(ChatFailure::kRefused)}, give_up},
      {"no upstream at all", {}, give_up},
      {"calls are used up", {Ready()}, give_up, 4},
      {"time is up", {Ready()}, give_up, 1, 1900ms},
      {"no wait past the deadline", {Failed(ChatFailure::kRateLimited, 5s)}, give_up, 1, 6s},
      {"a parked one is not waited for", {Later(300s)}, give_up, 0},
      {"an open one is, for a while", {Later(5s)}, wait(0, 5s), 0},
      {"but not after a long time already", {Later(5s)}, give_up, 0, 600s, 16s},
  };
  for (const Case& c : cases) {
    const RouteStep step = NextStep(c.candidates, c.calls, kNow, kNow - c.since_asked, kNow + c.left, RouteOptions());
    EXPECT_EQ(step.what, c.want.what) << c.name;
    EXPECT_EQ(step.what == What::kAsk ? step.candidate : 0, c.want.what == What::kAsk ? c.want.candidate : 0) << c.name;
    EXPECT_EQ(step.until, c.want.until) << c.name;
  }
}

TEST(RoutePolicyTest, PausesGrowWithEachFailure) {
  RouteCandidate candidate;
  ChatOutcome outcome;
  outcome.failure = ChatFailure::kOverloaded;
  for (const base::Duration pause : {500ms, 1000ms, 2000ms}) {
    NoteFailure(candidate, outcome, kNow, {});
    EXPECT_EQ(candidate.paused_until, kNow + pause);
  }
  EXPECT_EQ(NextStep(std::vector{candidate}, 3, kNow, kNow, kNow + 600s, {}).what, What::kGiveUp)
      << "three failures of one upstream are enough";
}

TEST(RoutePolicyTest, SecondCandidateIsAnotherThatIsReady) {
  const std::vector<RouteCandidate> candidates = {Ready(), Later(1s), Failed(ChatFailure::kBadAnswer), Ready()};
  const auto second = [&](size_t under_way) {
    auto now = candidates;
    now[under_way].under_way = true;
    return SecondCandidate(now, kNow);
  };
  EXPECT_EQ(second(0), 3u);
  EXPECT_EQ(second(3), 0u);
  RouteCandidate only;
  only.under_way = true;
  EXPECT_EQ(SecondCandidate(std::vector{only}, kNow), 1u) << "none";
}

TEST(RoutePolicyTest, OrderIsAsListedButForThoseWhoShareAPlace) {
  const std::vector<RouteChoice> listed = {{0, 0}, {1, 0}, {2, 0}};
  for (uint64_t follower = 0; follower < 100; ++follower) {
    EXPECT_EQ(RouteOrder(listed, follower), (std::vector<size_t>{0, 1, 2}));
  }
  // 3 : 1, then the last resort.
  const std::vector<RouteChoice> shared = {{0, 3}, {1, 1}, {2, 0}};
  std::map<size_t, int> first;
  for (uint64_t follower = 0; follower < 40'000; ++follower) {
    const std::vector<size_t> order = RouteOrder(shared, follower);
    EXPECT_EQ(order, RouteOrder(shared, follower)) << "the same follower stays with the same upstream";
    ASSERT_EQ(order.size(), 3u);
    EXPECT_EQ(order[2], 2u);
    ++first[order[0]];
  }
  EXPECT_NEAR(first[0], 30'000, 600);
  EXPECT_NEAR(first[1], 10'000, 600);
}

}  // namespace
}  // namespace yingda::model
