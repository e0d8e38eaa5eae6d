// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>

namespace yingda::bot {

/// Puts the jobs of one follower in order: one works, the others wait, so that an answer always knows the one before.
/// Thread-safety: none; belongs to one event loop. Limits: `max_waiting` per follower.
class FollowerQueues {
 public:
  explicit FollowerQueues(size_t max_waiting) : max_waiting_(max_waiting) {}

  /// False when the follower's queue is full. Else `turn` is called when it is this job's turn, perhaps at once.
  bool Enter(const std::string& follower, std::function<void()> turn);
  /// The job whose turn it was is done; the next one's turn is called.
  void Leave(const std::string& follower);
  size_t Followers() const { return queues_.size(); }

 private:
  const size_t max_waiting_;
  std::unordered_map<std::string, std::deque<std::function<void()>>> queues_;  // present: somebody works
};

}  // namespace yingda::bot
