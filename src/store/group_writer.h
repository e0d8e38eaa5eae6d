// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "store/checkpointer.h"
#include "store/sqlite_connection.h"

namespace yingda::store {

/// The one thread that writes. It takes all that is queued into one transaction (group commit), so that a burst costs
/// few commits, and a lone write waits for nobody. A write that fails takes no other with it.
/// Thread-safety: all members. The destructor finishes what is queued, but for the rest of chores.
class GroupWriter {
 public:
  using Executor = std::function<void(std::function<void()>)>;
  using Done = std::function<void(base::Result<void>)>;
  struct Write {
    /// May run more than once, when a transaction is lost and its writes are tried one by one.
    std::function<base::Result<void>(SqliteConnection&)> run;
    Done done;           // posted after the commit, in the order of the queue; may be empty
    bool flush = false;  // wait for the disk before `done`
    /// Nothing depends on it soon: it waits a moment for a write to share a transaction with.
    bool patient = false;
    /// It only reads. It sees what was queued before it, and runs even when no transaction can begin.
    bool reads = false;
  };
  /// Work too long for one transaction: `step` is run again and again, each time in a transaction of its own, until it
  /// answers false. Queued writes go in between, and after each step the chore rests, so that it takes a small share of
  /// the writer and of the disk only. A step that fails ends the chore.
  struct Chore {
    std::function<base::Result<bool>(SqliteConnection&)> step;
    Done done;
  };
  struct Options {
    size_t queue_limit = 4096;
    size_t batch_limit = 256;
    std::chrono::milliseconds patience{5};  // how long a patient write waits at most
  };

  /// `checkpointer` is null for an in-memory database, otherwise must outlive the writer.
  GroupWriter(Options options, std::shared_ptr<SharedConnection> connection, Checkpointer* checkpointer,
              Executor executor, base::Logger& logger, base::Metrics& metrics);
  ~GroupWriter();

  /// When the queue is full, `done` gets kUnavailable at once, before the writes that wait.
  void Enqueue(Write write);
  void Enqueue(Chore chore);

 private:
  using Batch = std::vector<Write>;
  using Results = std::vector<base::Result<void>>;

  void Run();
  bool Take(Batch& batch, Chore& chore);
  void AwaitWork(std::unique_lock<std::mutex>& lock);
  bool ChoreIsDue() const;
  void RunBatch(Batch batch);
  void RunStep(Chore chore);
  bool RunTogether(const Batch& batch, Results& results);
  bool RunMarked(const Write& write, base::Result<void>& result);
  base::Result<void> RunOne(const Write& write);
  base::Result<void> RunAlone(const Write& write);
  base::Result<void> Begin();
  base::Result<void> Commit();
  void Rollback();
  void Count(const Batch& batch, const Results& results, bool changed_rows);
  void Post(Done done, base::Result<void> result);

  SqliteConnection& sqlite() { return *connection_->connection; }

  const Options options_;
  const std::shared_ptr<SharedConnection> connection_;
  Checkpointer* const checkpointer_;
  const Executor executor_;
  base::Logger& logger_;
  base::Counter& writes_ok_;
  base::Counter& writes_not_found_;
  base::Counter& writes_failed_;
  base::Counter& writes_refused_;
  base::Gauge& queue_length_;
  base::Histogram& commit_seconds_;
  base::Histogram& batch_size_;
  std::chrono::steady_clock::time_point chores_rest_until_;  // the writer thread's own
  bool failing_ = false;  // the writer thread's own: whether the last transaction failed

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Write> queue_;
  size_t hurried_ = 0;       // of the queue, those that are not patient
  bool looks_soon_ = false;  // the writer waits, but only for a moment: a patient write need not wake it
  std::deque<Chore> chores_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace yingda::store
