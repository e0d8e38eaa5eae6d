// SPDX-License-Identifier: MIT
#include "bot/follower_queues.h"

namespace yingda::bot {

bool FollowerQueues::Enter(const std::string& follower, std::function<void()> turn) {
  const auto [queue, free] = queues_.try_emplace(follower);
  if (!free) {
    if (queue->second.size() >= max_waiting_) return false;
    queue->second.push_back(std::move(turn));
    return true;
  }
  turn();
  return true;
}

void FollowerQueues::Leave(const std::string& follower) {
  const auto queue = queues_.find(follower);
  if (queue == queues_.end()) return;
  if (queue->second.empty()) {
    queues_.erase(queue);
    return;
  }
  const std::function<void()> next = std::move(queue->second.front());
  queue->second.pop_front();
  next();
}

}  // namespace yingda::bot
