// SPDX-License-Identifier: MIT
#include "net/host_resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace yingda::net {
namespace {

base::Result<HostResolver::Addresses> AskSystem(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failure != 0) {
    return base::Error{base::ErrorCode::kUnavailable,
                       "cannot find the address of " + host + ": " + gai_strerror(failure)};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
  HostResolver::Addresses addresses;
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::find(addresses.begin(), addresses.end(), text) == addresses.end()) addresses.emplace_back(text);
  }
  if (addresses.empty()) return base::Error{base::ErrorCode::kUnavailable, "no usable address for " + host};
  return addresses;
}

}  // namespace

/// The thread and what it shares with the loop. The thread owns it too, so that it may outlive the resolver while the
/// system's look-up hangs.
class HostResolver::Worker : public std::enable_shared_from_this<Worker> {
 public:
  Worker(Lookup lookup, EventLoop& loop, std::weak_ptr<HostResolver*> resolver)
      : lookup_(std::move(lookup)), loop_(loop), resolver_(std::move(resolver)) {}

  void Ask(std::string host) {
    std::lock_guard lock(mutex_);
    // Started with the first name only: most upstreams of a test, and some of an installation, are plain addresses.
    if (!thread_.joinable()) thread_ = std::thread([self = shared_from_this()] { self->Run(); });
    wanted_.push_back(std::move(host));
    changed_.notify_one();
  }

  void Stop() {
    std::thread thread;
    bool hangs = false;
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      hangs = asking_;
      thread.swap(thread_);
      changed_.notify_one();
    }
    if (!thread.joinable()) return;
    // getaddrinfo cannot be interrupted and may take half a minute. All that the thread touches afterwards is its own.
    if (hangs) {
      thread.detach();
    } else {
      thread.join();
    }
  }

 private:
  void Run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !wanted_.empty(); });
      if (stopping_) return;
      const std::string host = std::move(wanted_.front());
      wanted_.pop_front();
      asking_ = true;
      lock.unlock();
      base::Result<Addresses> result = lookup_(host);
      lock.lock();
      asking_ = false;
      if (stopping_) return;
      // Under the lock, so that after Stop() neither the loop nor the resolver is touched.
      loop_.Post([resolver = resolver_, host, result = std::move(result)]() mutable {
        if (const auto alive = resolver.lock()) (*alive)->Answered(host, std::move(result));
      });
    }
  }

  const Lookup lookup_;
  EventLoop& loop_;
  const std::weak_ptr<HostResolver*> resolver_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> wanted_;  // each host at most once, so bounded by max_hosts
  bool asking_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

HostResolver::HostResolver(Options options, Lookup lookup, EventLoop& loop)
    : options_(options),
      loop_(loop),
      self_(std::make_shared<HostResolver*>(this)),
      worker_(std::make_shared<Worker>(lookup ? std::move(lookup) : Lookup(AskSystem), loop, self_)) {}

HostResolver::~HostResolver() {
  self_.reset();
  worker_->Stop();
}

void HostResolver::Resolve(const std::string& host, uint64_t ticket, Done done) {
  auto at = entries_.find(host);
  if (at == entries_.end()) {
    if (!MakeRoom()) {
      done(base::Error{base::ErrorCode::kUnavailable, "too many host names are being looked up"});
      return;
    }
    at = entries_.emplace(host, Entry{}).first;
  }
  Entry& entry = at->second;
  const base::Duration age = loop_.clock().Now() - entry.fetched;
  const bool known = !entry.addresses.empty();
  if ((!known || age >= options_.fresh_for) && !entry.asking) {
    entry.asking = true;
    worker_->Ask(host);
  }
  if (known && age < options_.usable_for) {
    const base::Result<Addresses> answer(entry.addresses);  // a copy: `done` may come back and change the table
    done(answer);
  } else {
    entry.waiting.emplace(ticket, std::move(done));
  }
}

void HostResolver::Drop(const std::string& host, uint64_t ticket) {
  const auto at = entries_.find(host);
  if (at != entries_.end()) at->second.waiting.erase(ticket);
}

bool HostResolver::MakeRoom() {
  if (entries_.size() < options_.max_hosts) return true;
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->second.asking || !at->second.waiting.empty()) continue;
    if (oldest == entries_.end() || at->second.fetched < oldest->second.fetched) oldest = at;
  }
  if (oldest == entries_.end()) return false;
  entries_.erase(oldest);
  return true;
}

void HostResolver::Answered(const std::string& host, base::Result<Addresses> result) {
  auto at = entries_.find(host);
  if (at == entries_.end()) return;
  at->second.asking = false;
  if (result) {
    at->second.addresses = *result;
    at->second.fetched = loop_.clock().Now();
  }
  std::vector<uint64_t> tickets;
  for (const auto& waiter : at->second.waiting) tickets.push_back(waiter.first);
  for (const uint64_t ticket : tickets) {
    at = entries_.find(host);  // each time anew: a waiter may resolve and drop others
    if (at == entries_.end()) return;
    const auto waiter = at->second.waiting.extract(ticket);
    if (!waiter.empty()) waiter.mapped()(result);
  }
  // A failure is not remembered: the next call asks again.
  at = entries_.find(host);
  if (at != entries_.end() && at->second.addresses.empty() && !at->second.asking) entries_.erase(at);
}

}  // namespace yingda::net
