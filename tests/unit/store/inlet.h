// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace yingda::store {

/// Stands for the caller's event loop: completions wait here until the test runs them on its own thread.
class Inlet {
 public:
  std::function<void(std::function<void()>)> Executor() {
    return [this](std::function<void()> work) {
      std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    };
  }
  /// Runs what has been posted; says whether there was anything.
  bool RunPosted() {
    std::deque<std::function<void()>> work;
    {
      std::lock_guard lock(mutex_);
      work.swap(work_);
    }
    for (auto& each : work) each();
    return !work.empty();
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> work_;
};

}  // namespace yingda::store
