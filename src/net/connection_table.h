// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "net/connection.h"

namespace yingda::net {

/// The open connections of one server, by descriptor and key. Thread-safety: all members.
class ConnectionTable {
 public:
  /// A key that no other connection has: the descriptor's number below, a generation (never 0) above.
  uint64_t NextKey(int fd) {
    std::lock_guard lock(mutex_);
    if (++generation_ == 0) ++generation_;
    return (static_cast<uint64_t>(generation_) << 32) | static_cast<uint32_t>(fd);
  }

  void Insert(std::shared_ptr<Connection> connection) {
    const auto at = static_cast<size_t>(connection->fd());
    std::lock_guard lock(mutex_);
    if (at >= by_fd_.size()) by_fd_.resize(at + 1 + at / 2);
    by_fd_[at] = std::move(connection);
    ++size_;
  }

  /// Null when that connection has closed.
  std::shared_ptr<Connection> Find(uint64_t key) const {
    const auto at = static_cast<size_t>(static_cast<uint32_t>(key));
    std::lock_guard lock(mutex_);
    if (at >= by_fd_.size() || !by_fd_[at] || by_fd_[at]->key() != key) return nullptr;
    return by_fd_[at];
  }

  /// How many are left.
  size_t Erase(const Connection& connection) {
    std::shared_ptr<Connection> last;  // destroyed after the lock
    std::lock_guard lock(mutex_);
    last.swap(by_fd_[static_cast<size_t>(connection.fd())]);
    return --size_;
  }

  size_t Size() const {
    std::lock_guard lock(mutex_);
    return size_;
  }

  /// Those that `wanted` accepts; it runs under the table's lock.
  template <typename Predicate>
  std::vector<std::shared_ptr<Connection>> Select(Predicate wanted) const {
    std::vector<std::shared_ptr<Connection>> selected;
    std::lock_guard lock(mutex_);
    for (const auto& connection : by_fd_) {
      if (connection && wanted(*connection)) selected.push_back(connection);
    }
    return selected;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Connection>> by_fd_;
  size_t size_ = 0;
  uint32_t generation_ = 0;
};

}  // namespace yingda::net
