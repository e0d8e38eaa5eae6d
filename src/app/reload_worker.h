// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <thread>

#include "app/reload_work.h"
#include "base/clock.h"
#include "base/result.h"

namespace yingda::app {

/// One thread of low priority that runs one RunReload after the other. Nobody takes a lock that it might hold while it
/// gives way to others, and it holds nothing of ours but its job: where a disk hangs, it can be left behind.
/// Thread-safety: one thread at a time; Join when no other does anything.
class ReloadWorker {
 public:
  /// Errors: kUnavailable when the system has no thread or descriptor for it.
  static base::Result<std::unique_ptr<ReloadWorker>> Start();
  /// Waits as Join does, for a moment.
  ~ReloadWorker();
  ReloadWorker(const ReloadWorker&) = delete;
  ReloadWorker& operator=(const ReloadWorker&) = delete;

  /// Only when there is no other job: when the last one's outcome was taken.
  void Run(ReloadJob job);
  /// Readable when there is an outcome.
  int done_fd() const;
  /// Null when there is none.
  std::unique_ptr<ReloadOutcome> Take();
  /// No more jobs; waits for the one that is under way, at most `at_most` of real time. False: the thread did not end
  /// and was left behind; it still frees its job whenever the disk lets it.
  bool Join(base::Duration at_most);

 private:
  struct Shared;

  explicit ReloadWorker(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  static void Work(Shared& shared);

  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
  bool left_behind_ = false;
};

}  // namespace yingda::app
