// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace yingda::bot {

/// Which followers may have something in their inbox, so that the others' messages cost no look into the store. May say
/// yes wrongly, never no. Thread-safety: all members. Cost: one atomic read while nobody has anything, else one short
/// lock. Limits: past `max_followers` it says yes for everybody, for good: then each message costs that look.
class UnreadIndex {
 public:
  explicit UnreadIndex(size_t max_followers) : max_followers_(max_followers) {}

  bool MayHave(const std::string& follower) const;
  void Added(const std::string& follower);
  /// Where the follower's inbox stands, for Emptied.
  uint64_t Version(const std::string& follower) const;
  /// The inbox was found empty by a look that began at `version`; ignored when something was added since.
  void Emptied(const std::string& follower, uint64_t version);
  void Forget(const std::string& follower);
  /// There are more than it was told of: it says yes for everybody from now on.
  void NotAll() { overflown_ = true; }
  size_t Followers() const { return count_; }

 private:
  const size_t max_followers_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, uint64_t> versions_;
  uint64_t next_version_ = 1;
  std::atomic<size_t> count_{0};
  std::atomic<bool> overflown_{false};
};

}  // namespace yingda::bot
