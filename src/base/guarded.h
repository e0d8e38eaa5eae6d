// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <utility>

namespace yingda::base {

/// A value that can only be reached while its mutex is held: `guarded.With([](auto& value) { … })`.
/// Keep the function short: no I/O, no callbacks, no second Guarded inside (Core Guidelines CP.22, CP.50).
template <typename T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  template <typename Function>
  decltype(auto) With(Function&& function) {
    std::lock_guard lock(mutex_);
    return std::forward<Function>(function)(value_);
  }
  template <typename Function>
  decltype(auto) With(Function&& function) const {
    std::lock_guard lock(mutex_);
    return std::forward<Function>(function)(std::as_const(value_));
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace yingda::base
