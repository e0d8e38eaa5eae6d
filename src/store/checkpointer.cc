// SPDX-License-Identifier: MIT
#include "store/checkpointer.h"

#include <algorithm>

namespace yingda::store {

Checkpointer::Checkpointer(std::unique_ptr<SqliteConnection> connection, int limit_pages, base::Logger& logger)
    : logger_(logger),
      limit_pages_(std::max(limit_pages, 8)),
      step_pages_(limit_pages_ / 8),
      next_background_(step_pages_),
      next_blocking_(limit_pages_) {
  shared_.connection = std::move(connection);
  thread_ = std::thread([this] { Run(); });
}

Checkpointer::~Checkpointer() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::AfterCommit(int wal_pages) {
  if (wal_pages < last_pages_) {  // all of the log had been moved, so the commit started it over
    next_background_ = step_pages_;
    next_blocking_ = limit_pages_;
  }
  last_pages_ = wal_pages;
  if (wal_pages >= next_blocking_) {
    // Little is left to move when the background has kept up; once none is left, the next commit starts the log over.
    next_blocking_ = wal_pages + step_pages_;
    Checkpoint();
    return;
  }
  if (wal_pages < next_background_) return;
  next_background_ = wal_pages + step_pages_;
  {
    std::lock_guard lock(mutex_);
    asked_ = true;
  }
  wake_.notify_one();
}

base::Result<void> Checkpointer::Flush() {
  std::lock_guard lock(shared_.mutex);
  return shared_.connection->Checkpoint(true);
}

void Checkpointer::Checkpoint() {
  std::lock_guard lock(shared_.mutex);
  auto done = shared_.connection->Checkpoint(false);
  // Nothing is lost: the log only grows on. A backup tool that checkpoints at the same time is a normal reason.
  if (!done) logger_.Warning("store.checkpoint_failed", {{"error", done.error().message}});
}

void Checkpointer::Run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return asked_ || closing_; });
      if (closing_) return;
      asked_ = false;
    }
    // Writes go on meanwhile and leave a new end of the log behind. The second round has only that to move, and is
    // often quick enough to fall between two commits, which lets the log start over.
    Checkpoint();
    Checkpoint();
  }
}

}  // namespace yingda::store
