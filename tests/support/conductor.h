// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "support/manual_clock.h"

namespace yingda::testing {

/// Moves a ManualClock in small steps, and only while the whole system has settled: so that a long story plays in
/// moments, yet everything happens at the moment it would happen by a real clock.
/// Settled means, on two consecutive looks: every other thread of this process sleeps (one that has a byte to read is
/// runnable at once over loopback, one that waits for the disk counts as busy) and every probe is true. Probes say what
/// threads cannot, e.g. that each request the simulator has open is parked at the server; they must be quick and
/// thread-safe.
/// Limits: waiting for the system to settle is bounded by `real_limit` of real time; past it the test fails.
class Conductor {
 public:
  using Probe = std::function<bool()>;

  Conductor(ManualClock& clock, std::vector<Probe> settled_probes, base::Duration real_limit = std::chrono::seconds(30))
      : clock_(clock), probes_(std::move(settled_probes)), real_limit_(real_limit) {}

  /// Plays `total` of the clock's time. False, with a test failure, when the system did not settle.
  bool RunFor(base::Duration total, base::Duration step);

  /// Plays until `predicate` holds in a settled system. False, with a test failure, when it still does not after
  /// `limit` of the clock's time, or when the system did not settle.
  bool RunUntil(const std::function<bool()>& predicate, base::Duration limit, base::Duration step);

  /// Waits until the system has settled, without moving the clock.
  bool Settle();

 private:
  std::string WhatIsUnsettled() const;

  ManualClock& clock_;
  const std::vector<Probe> probes_;
  const base::Duration real_limit_;
};

}  // namespace yingda::testing
