// SPDX-License-Identifier: MIT
#include "support/conductor.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

namespace yingda::testing {
namespace {

using RealClock = std::chrono::steady_clock;

// Long enough for the kernel to hand a packet over, short enough for some hundred steps a second.
constexpr auto kBetweenLooks = std::chrono::microseconds(200);

/// The state letter of a thread as the kernel knows it (R runs or wants to, S sleeps, D waits for a device).
std::optional<char> ThreadState(const std::string& thread_id) {
  std::ifstream stat("/proc/self/task/" + thread_id + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return std::nullopt;
  const size_t name_end = line.rfind(')');  // a thread's name may hold blanks and brackets
  if (name_end == std::string::npos || name_end + 2 >= line.size()) return std::nullopt;
  return line[name_end + 2];
}

/// Empty when every other thread sleeps, else the first one that does not.
std::string BusyThread() {
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks(opendir("/proc/self/task"), closedir);
  if (!tasks) return {};  // no /proc: the probes alone must do
  const std::string self = std::to_string(gettid());
  while (const dirent* entry = readdir(tasks.get())) {
    const std::string id = entry->d_name;
    if (id.front() == '.' || id == self) continue;
    const auto state = ThreadState(id);
    if (state && (*state == 'R' || *state == 'D')) return "thread " + id + " is in state " + *state;
  }
  return {};
}

}  // namespace

std::string Conductor::WhatIsUnsettled() const {
  if (std::string thread = BusyThread(); !thread.empty()) return thread;
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
