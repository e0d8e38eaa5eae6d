// SPDX-License-Identifier: MIT
#include "bot/follower_queues.h"

#include <utility>

namespace yingda::bot {

bool FollowerQueues::Enter(const std::string& follower, std::function<void()> turn) {
  const auto [queue, free] = queues_.try_emplace(follower);
  if (!free) {
    if (queue->second.turns.size() >= max_waiting_) return false;
    queue->second.turns.push_back(std::move(turn));
    return true;
  }
  turn();
  return true;
}

void FollowerQueues::Leave(const std::string& follower) {
  const auto queue = queues_.find(follower);
  if (queue == queues_.end()) return;
  const auto lookers_on = std::exchange(queue->second.lookers_on, {});
  std::function<void()> next;
  if (queue->second.turns.empty()) {
    queues_.erase(queue);
  } else {
    next = std::move(queue->second.turns.front());
    queue->second.turns.pop_front();
  }
  for (const auto& then : lookers_on) then(true);
  if (next) next();
}

void FollowerQueues::AfterThis(const std::string& follower, std::function<void(bool)> then) {
  const auto queue = queues_.find(follower);
  if (queue == queues_.end()) {
    then(true);
    return;
  }
  std::deque<std::function<void(bool)>>& lookers_on = queue->second.lookers_on;
  lookers_on.push_back(std::move(then));
  if (lookers_on.size() <= max_waiting_) return;
  const std::function<void(bool)> longest = std::move(lookers_on.front());
  lookers_on.pop_front();
  longest(false);
}

}  // namespace yingda::bot
