// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::simulator {

/// What a request came to: a status with a complete body, or why not.
struct TimedAnswer {
  int status = 0;  // also known when the body broke off
  std::string body;
  base::Result<void> complete;
  bool hung_up = false;  // its time was over
};

/// HTTP requests that are given up, connection and all, when their time is over: by the loop's clock, so that a
/// hand-moved clock decides. Thread-safety: on the loop, but Open from anywhere. Lifetime: DropAll, or the
/// loop's end, before destruction.
class TimedRequests {
 public:
  using Done = std::function<void(TimedAnswer)>;

  TimedRequests(net::EventLoop& loop, net::HttpClient& client) : loop_(loop), client_(client) {}

  /// `done` is called exactly once, unless DropAll comes first.
  void Start(net::HttpClientRequest request, base::Duration limit, Done done);
  void DropAll();
  /// Requests that wait for their answer.
  size_t Open() const { return open_; }

 private:
  struct Entry {
    net::HttpClient::CallId call = 0;
    net::EventLoop::TimerId timer = 0;
    TimedAnswer answer;
    Done done;
  };

  net::HttpClientEvents EventsFor(uint64_t id);
  void End(uint64_t id, base::Result<void> complete);

  net::EventLoop& loop_;
  net::HttpClient& client_;
  std::map<uint64_t, std::unique_ptr<Entry>> entries_;
  uint64_t last_id_ = 0;
  std::atomic<size_t> open_{0};
};

}  // namespace yingda::simulator
