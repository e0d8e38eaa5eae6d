// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/result.h"
#include "store/sqlite_connection.h"

namespace yingda::store {

/// Moves the write-ahead log into the database file on a thread and a connection of its own: it waits for the disk,
/// which no commit should. A log that outgrows its limit all the same, because writes never pause, is moved on the
/// writer's thread. Thread-safety: all members.
class Checkpointer {
 public:
  /// `limit_pages`: the length of the log at which the writer itself has to wait.
  Checkpointer(std::unique_ptr<SqliteConnection> connection, int limit_pages, base::Logger& logger);
  ~Checkpointer();

  /// To be called by the writer after each commit, outside a transaction. Cost: a comparison in the common case.
  void AfterCommit(int wal_pages);
  /// Whether the log has grown so long that work which can wait should.
  bool IsBehind(int wal_pages) const { return wal_pages > limit_pages_ / 2; }
  /// Everything committed so far is in the database file and on the disk. Waits for the disk.
  base::Result<void> Flush();

 private:
  void Run();
  void Checkpoint();

  base::Logger& logger_;
  const int limit_pages_;
  const int step_pages_;
  // The writer's own: lengths of the log at which the next background and the next blocking checkpoint are due.
  int last_pages_ = 0;
  int next_background_;
  int next_blocking_;

  SharedConnection shared_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool asked_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace yingda::store
