// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <thread>

namespace yingda::testing {

/// Waits until `predicate` holds; false when it does not within `at_most` of real time. For what other threads do soon:
/// the only place where tests wait. The limit is generous, since it is reached only when the test fails anyway.
template <typename Predicate>
bool WaitFor(Predicate predicate, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  for (int round = 0; !predicate(); ++round) {
    if (std::chrono::steady_clock::now() >= deadline) return predicate();
    if (round < 100) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }
  return true;
}

}  // namespace yingda::testing
