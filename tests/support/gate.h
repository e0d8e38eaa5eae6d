// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>

#include "net/event_loop.h"

namespace yingda::testing {

/// A count that tests wait on instead of sleeping. Thread-safety: all members.
class Gate {
 public:
  void Open(int by = 1) {
    std::lock_guard lock(mutex_);
    count_ += by;
    changed_.notify_all();
  }
  /// False when the count has not come within the (real) time that only a broken test needs.
  bool Wait(int count = 1, std::chrono::seconds at_most = std::chrono::seconds(30)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [&] { return count_ >= count; });
  }
  int Count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

/// Runs `function` on the loop's thread and waits for it.
inline void RunOn(net::EventLoop& loop, const std::function<void()>& function) {
  std::promise<void> done;
  loop.Post([&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

}  // namespace yingda::testing
