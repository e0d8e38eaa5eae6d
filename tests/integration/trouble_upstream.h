// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace yingda::testing {

/// How the upstream misbehaves in one call.
struct Trouble {
  enum class Then { kKeep, kClose, kReset, kSilence, kDribble, kFlood };

  std::string_view name;
  std::string bytes;      // sent at once
  Then then;              // and what comes after them
  std::string more = {};  // sent again and again: every 5 ms, or as fast as the client reads
};

/// Everything it can do; the first one is no trouble but a good answer, whose text is `GoodAnswer()`.
const std::vector<Trouble>& Troubles();
std::string_view GoodAnswer();
/// The index of the trouble of this name; ends the test program when there is none.
size_t TroubleNamed(std::string_view name);
/// What a call has to ask so that the upstream misbehaves in this way.
std::string QuestionFor(size_t trouble);

/// A model upstream that nobody would want, on one thread whatever the number of calls, at a port of 127.0.0.1.
/// Thread-safety: all members.
class TroubleUpstream {
 public:
  enum class Priority { kNormal, kLowest };

  /// kLowest: an upstream is another machine in truth, so its work shall not take processors from what is measured.
  explicit TroubleUpstream(Priority priority = Priority::kNormal);
  ~TroubleUpstream();
  TroubleUpstream(const TroubleUpstream&) = delete;
  TroubleUpstream& operator=(const TroubleUpstream&) = delete;

  std::string BaseUrl() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  size_t calls() const { return calls_; }
  size_t connections() const { return connections_; }

 private:
  struct Connection {
    std::string received;
    std::string unsent;
    const Trouble* trouble = nullptr;  // of the call that is under way
  };

  void Run(Priority priority);
  void Accept();
  void Receive(int fd);
  void Begin(int fd, Connection& connection);
  void Advance(int fd);
  void Dribble();
  void Want(int fd, bool to_write) const;
  void End(int fd);

  int listener_ = -1;
  int epoll_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_ = false;
  std::atomic<size_t> calls_ = 0;
  std::atomic<size_t> connections_ = 0;
  std::unordered_map<int, Connection> open_;
  std::thread thread_;
};

}  // namespace yingda::testing
