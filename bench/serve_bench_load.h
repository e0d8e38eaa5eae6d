// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::bench {

int64_t MonotonicNanoseconds();

/// What a server process has used so far.
struct ProcessUse {
  double cpu_seconds = 0;
  long resident_kib = 0;
  long threads = 0;
};
ProcessUse UseOf(pid_t process);

struct LoadResult {
  size_t requests = 0;
  double seconds = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

/// Request number n, valid until the next call; for servers that answer a repeated message from memory each must
/// differ.
using RequestSource = std::function<std::string_view(size_t)>;

/// Keeps `connections` busy with one request each for `seconds`, on one thread, and checks that every answer is a 200.
/// `next_number` counts the requests sent, also over several runs.
LoadResult RunLoad(int port, size_t connections, double seconds, const RequestSource& request, size_t& next_number);

/// What happened to requests that were parked together and answered together.
struct WaitResult {
  size_t answered = 0;
  double wake_p50_ms = 0, wake_p99_ms = 0, wake_max_ms = 0;
  double park_seconds = 0;
  ProcessUse idle, parked_begin, parked_end, answered_use;
  double waiting_seconds = 0;
};

/// Parks `connections` requests at `path`, watches the process for `seconds`, then has `release_path` answer them all
/// at one instant that it is told in its body (monotonic nanoseconds).
WaitResult RunWaiting(int port, pid_t server, size_t connections, double seconds);

double Median(std::vector<double> values);

}  // namespace yingda::bench
