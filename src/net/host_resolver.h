// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/event_loop.h"

namespace yingda::net {

/// Finds the addresses of hosts without ever making the event loop wait: one thread of its own asks the system, one
/// host at a time, and what it finds is kept. An answer older than `fresh_for` is still given while a new one is
/// fetched, so a name server that is slow or away for a while delays no call.
/// Thread-safety: construct anywhere; the rest on the loop, or anywhere once the loop has stopped.
/// Lifetime: the loop must outlive it. A look-up that hangs in the system does not delay the destructor.
class HostResolver {
 public:
  using Addresses = std::vector<std::string>;  // numeric, IPv6 without brackets
  using Lookup = std::function<base::Result<Addresses>(const std::string& host)>;
  using Done = std::function<void(const base::Result<Addresses>&)>;

  struct Options {
    base::Duration fresh_for = std::chrono::seconds(60);
    base::Duration usable_for = std::chrono::minutes(15);
    size_t max_hosts = 256;
  };

  /// An empty `lookup` asks the system (getaddrinfo).
  HostResolver(Options options, Lookup lookup, EventLoop& loop);
  ~HostResolver();
  HostResolver(const HostResolver&) = delete;
  HostResolver& operator=(const HostResolver&) = delete;

  /// Calls `done` once: from within when the answer is known, else later on the loop. Errors: kUnavailable.
  void Resolve(const std::string& host, uint64_t ticket, Done done);
  /// The waiter with this ticket is not called any more.
  void Drop(const std::string& host, uint64_t ticket);

 private:
  struct Entry {
    Addresses addresses;
    base::TimePoint fetched;
    bool asking = false;
    std::map<uint64_t, Done> waiting;
  };
  class Worker;

  bool MakeRoom();
  void Answered(const std::string& host, base::Result<Addresses> result);

  const Options options_;
  EventLoop& loop_;
  std::unordered_map<std::string, Entry> entries_;
  std::shared_ptr<HostResolver*> self_;  // what the worker's posts hold weakly
  std::shared_ptr<Worker> worker_;
};

}  // namespace yingda::net
