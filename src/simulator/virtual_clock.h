// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"

namespace yingda::simulator {

/// A clock that stands still until somebody moves it, and that several processes can share: one creates and moves it,
/// others attach to its descriptor and call Wake when they are told that it moved. Monotonic and calendar time move
/// together. Thread-safety: all members.
class VirtualClock final : public base::Clock {
 public:
  /// Errors: kUnavailable, when the kernel gives no memory to share.
  static base::Result<std::unique_ptr<VirtualClock>> Create();
  /// `fd` is the creator's, inherited; it is owned from now on.
  static base::Result<std::unique_ptr<VirtualClock>> Attach(int fd);
  ~VirtualClock() override;

  base::TimePoint Now() const override;
  base::WallTime WallNow() const override;
  base::Duration RealTimeUntil(base::TimePoint deadline) const override;
  std::unique_ptr<base::ClockSubscription> OnJump(std::function<void()> wake) override;

  /// Moves time forward for everyone, and wakes the listeners of this process.
  void Advance(base::Duration by);
  /// Wakes the listeners of this process after another one moved the time.
  void Wake();
  /// For a child to attach to; close-on-exec.
  int fd() const { return fd_; }

 private:
  class Subscription;
  struct Shared;

  VirtualClock(int fd, Shared* shared) : fd_(fd), shared_(shared) {}
  static base::Result<std::unique_ptr<VirtualClock>> Map(int fd);

  const int fd_;
  Shared* const shared_;
  std::mutex listeners_mutex_;
  std::list<std::function<void()>> listeners_;
};

}  // namespace yingda::simulator
