// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model_bench_upstream.h"

namespace yingda::bench {

struct StreamsPlan {
  size_t streams = 0;
  int tokens = 0;    // of each
  int every_us = 0;  // between two of them
  int port = 0;      // of the upstream
};

/// What one client made of all streams of a plan. Plain data: it comes through a pipe.
struct StreamsResult {
  bool complete = false;  // every stream came whole
  double cpu_us_per_token = 0;
  double cpu_us_per_call = 0;  // to open and to end it, tokens apart
  double open_seconds = 0;     // until the upstream had all requests
  double resident_kib_per_stream = 0;
  double allocations_per_token = 0;
  double bytes_per_token = 0;
  // Nanoseconds from the upstream's send to the client's knowing it, by percent.
  std::array<double, 101> first_token{};
  std::array<double, 101> end{};
};

/// How often `operator new` was called in this process, and for how many bytes; model_bench.cc counts.
struct Allocations {
  uint64_t count = 0;
  uint64_t bytes = 0;
};
Allocations AllocationsSoFar();

/// The streams through the bridge: OpenAiChatModel over CurlHttpClient on one event loop.
StreamsResult RunBridgeStreams(const StreamsPlan& plan, SharedCalls& calls);
/// The same requests on a bare libcurl multi handle that counts bytes and does nothing else with them.
StreamsResult RunBareStreams(const StreamsPlan& plan, SharedCalls& calls);

/// Runs it in a process of its own, so that each measurement begins with a fresh heap.
StreamsResult Apart(const std::function<StreamsResult()>& run);

/// What a client notes while the streams run, for both alike. For the thread that does the work.
class StreamsMeter {
 public:
  StreamsMeter(const StreamsPlan& plan, SharedCalls& calls);

  void Asking();
  /// One stream's first token is there.
  void FirstToken(size_t call);
  /// One stream came to its end. True when it was the last.
  bool Ended(size_t call, bool whole);
  StreamsResult Result() const;

 private:
  struct Use {
    int64_t cpu_ns = 0;
    Allocations allocations;
    int64_t at = 0;
  };
  static Use Now();

  const StreamsPlan plan_;
  SharedCalls& calls_;
  Use asking_, streaming_, streamed_, ended_all_;
  long resident_idle_ = 0, resident_full_ = 0;
  size_t whole_ = 0, ended_ = 0;
  std::vector<int64_t> first_, end_;
};

}  // namespace yingda::bench
