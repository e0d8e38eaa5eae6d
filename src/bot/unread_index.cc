// SPDX-License-Identifier: MIT
#include "bot/unread_index.h"

namespace yingda::bot {

bool UnreadIndex::MayHave(const std::string& follower) const {
  if (overflown_) return true;
  if (count_ == 0) return false;
  const std::lock_guard lock(mutex_);
  return versions_.contains(follower);
}

void UnreadIndex::Added(const std::string& follower) {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(follower);
  if (found != versions_.end()) {
    found->second = next_version_++;
    return;
  }
  if (versions_.size() >= max_followers_) {
    overflown_ = true;
    return;
  }
  versions_.emplace(follower, next_version_++);
  count_ = versions_.size();
}

uint64_t UnreadIndex::Version(const std::string& follower) const {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(follower);
  return found == versions_.end() ? 0 : found->second;
}

void UnreadIndex::Emptied(const std::string& follower, uint64_t version) {
  const std::lock_guard lock(mutex_);
  const auto found = versions_.find(follower);
  if (found == versions_.end() || found->second != version) return;
  versions_.erase(found);
  count_ = versions_.size();
}

void UnreadIndex::Forget(const std::string& follower) {
  const std::lock_guard lock(mutex_);
  versions_.erase(follower);
  count_ = versions_.size();
}

}  // namespace yingda::bot
