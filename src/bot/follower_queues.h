// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

namespace yingda::bot {

/// Puts the jobs of one follower in order: one works, the others wait, so that an answer always knows the one before.
/// Thread-safety: none; belongs to one event loop. Limits: `max_waiting` per follower, and as many that only look on.
class FollowerQueues {
 public:
  explicit FollowerQueues(size_t max_waiting) : max_waiting_(max_waiting) {}

  /// False when the follower's queue is full. Else `turn` is called when it is this job's turn, perhaps at once.
  bool Enter(const std::string& follower, std::function<void()> turn);
  /// The job whose turn it was is done; the next one's turn is called.
  void Leave(const std::string& follower);
  bool Busy(const std::string& follower) const { return queues_.contains(follower); }
  /// `then` is called once, when the job that works now is done, before the next one's turn; at once when none works.
  /// Over the limit the one that looks on longest is called early, with false; it must not look on again.
  void AfterThis(const std::string& follower, std::function<void(bool done)> then);
  size_t Followers() const { return queues_.size(); }

 private:
  struct Queue {
    std::deque<std::function<void()>> turns;
    std::deque<std::function<void(bool)>> lookers_on;
  };
  const size_t max_waiting_;
  std::unordered_map<std::string, Queue> queues_;  // present: somebody works
};

}  // namespace yingda::bot
