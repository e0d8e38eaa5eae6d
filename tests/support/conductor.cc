// SPDX-License-Identifier: MIT
#include "support/conductor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "simulator/thread_states.h"

namespace yingda::testing {
namespace {

using RealClock = std::chrono::steady_clock;

// Long enough for the kernel to hand a packet over, short enough for some hundred steps a second.
constexpr auto kBetweenLooks = std::chrono::microseconds(200);

}  // namespace

std::string Conductor::WhatIsUnsettled() const {
  if (std::string thread = simulator::BusyThread(getpid(), gettid()); !thread.empty()) return thread;
  for (size_t i = 0; i < probes_.size(); ++i) {
    if (!probes_[i]()) return "probe " + std::to_string(i) + " is false";
  }
  return {};
}

bool Conductor::Settle() {
  const auto deadline = RealClock::now() + real_limit_;
  int good_looks = 0;
  for (;;) {
    const std::string trouble = WhatIsUnsettled();
    good_looks = trouble.empty() ? good_looks + 1 : 0;
    if (good_looks == 2) return true;
    if (RealClock::now() > deadline) {
      ADD_FAILURE() << "the system did not settle: " << trouble;
      return false;
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

bool Conductor::RunFor(base::Duration total, base::Duration step) {
  for (base::Duration left = total; left > base::Duration::zero();) {
    if (!Settle()) return false;
    const base::Duration now = std::min(left, step);
    clock_.Advance(now);
    left -= now;
  }
  return Settle();
}

bool Conductor::RunUntil(const std::function<bool()>& predicate, base::Duration limit, base::Duration step) {
  for (base::Duration played{};; played += step) {
    if (!Settle()) return false;
    if (predicate()) return true;
    if (played >= limit) {
      ADD_FAILURE() << "still not so after " << std::chrono::duration<double>(limit).count()
                    << " s of the clock's time";
      return false;
    }
    clock_.Advance(step);
  }
}

}  // namespace yingda::testing
