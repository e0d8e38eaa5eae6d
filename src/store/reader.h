// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite_connection.h"

namespace yingda::store {

/// Runs reads one after the other on a thread of its own. Thread-safety: all members. The destructor finishes what is
/// queued.
class Reader {
 public:
  using Read = std::function<void(SqliteConnection&)>;

  Reader(std::shared_ptr<SharedConnection> connection, size_t queue_limit);
  ~Reader();

  /// False, and nothing else, when the queue is full.
  bool Enqueue(Read read);

 private:
  void Run();

  const std::shared_ptr<SharedConnection> connection_;
  const size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Read> queue_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace yingda::store
