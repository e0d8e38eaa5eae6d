// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "simulator/demo_persona.h"
#include "simulator/upstream_script.h"

namespace yingda::simulator {

/// What became of one call.
struct UpstreamRecord {
  UpstreamCall call;
  base::TimePoint started;
  base::TimePoint ended;   // while it runs: `started`
  bool finished = false;   // sent to the end of its script
  bool abandoned = false;  // the client left before
};

struct UpstreamJournal {
  uint64_t calls = 0;
  uint64_t finished = 0;
  uint64_t abandoned = 0;
  uint64_t refused = 0;  // bad key, not JSON, over the limit: these are not in `calls`
  size_t in_flight = 0;
  size_t most_in_flight = 0;
  std::deque<UpstreamRecord> last;  // oldest first
};

/// A small OpenAI-compatible server whose answers and delays are scripted: the model of demos, tests and benchmarks.
/// Serves POST /v1/chat/completions (and /chat/completions), streamed or whole, and GET /v1/models (and /models).
/// Thread-safety: all members, but Start and Stop not from the loop. Lifetime: the loop, clock, logger and
/// metrics outlive it. Delays follow the injected clock. Limits: a client that leaves after the head was sent is
/// noticed at the next chunk; a cut answer still ends its HTTP body properly (the connection is not reset).
class ModelUpstream {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    int port = 0;  // 0: the kernel picks one, see Port()
    unsigned threads = 2;
    std::string model = "yingda-demo";    // what GET /v1/models names; calls may name any
    std::string api_key;                  // empty: not checked
    size_t max_calls_in_flight = 20'000;  // over it: 429
    size_t max_body_bytes = size_t{1024} * 1024;
    size_t journal_calls = 10'000;  // the last ones are remembered
    UpstreamAnswer answer = DemoAnswer;
  };

  ModelUpstream(Options options, net::EventLoop& loop, base::Clock& clock, base::Logger& logger,
                base::Metrics& metrics);
  ~ModelUpstream();

  /// Errors: kUnavailable, when it cannot listen.
  base::Result<void> Start();
  int Port() const;
  /// What a client's base_url has to be: http://host:port/v1
  std::string BaseUrl() const;
  /// Drops what is in flight and joins the server's threads.
  void Stop();

  UpstreamJournal Journal() const;
  size_t InFlight() const;
  /// How many of the remembered calls ask exactly this.
  size_t CallsAsking(std::string_view question) const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace yingda::simulator
