// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "store/checkpointer.h"
#include "store/intent_log.h"
#include "store/sqlite_connection.h"

namespace yingda::store {

/// The one thread that writes. It takes all that is queued into one transaction (group commit), so that a burst costs
/// few commits, and a lone write waits for nobody. A write that fails takes no other with it.
/// What is in the intent log is promised: it is not given up when a transaction fails, but owed. Until the disk takes
/// it, nothing passes it: writes that somebody waits for and reads fail with the reason, all others wait behind it.
/// Thread-safety: all members. The destructor finishes what is queued, but for the rest of chores, and for what is
/// owed: of that the promises stay in the log, and what nobody waits for is lost.
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
    /// It only reads. It sees what was queued before it, and runs even when no transaction can begin, unless something
    /// before it is owed.
    bool reads = false;
    int64_t intent = 0;  // its number in the intent log; 0: it is not promised. Set by Promise
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
    std::chrono::milliseconds patience{20};     // how long a patient write waits at most
    std::chrono::milliseconds owed_again{200};  // between tries to write what is owed
  };

  /// `checkpointer` is null for an in-memory database, otherwise must outlive the writer, as must `log`, null for none.
  GroupWriter(Options options, std::shared_ptr<SharedConnection> connection, Checkpointer* checkpointer, IntentLog* log,
              Executor executor, base::Logger& logger, base::Metrics& metrics);
  ~GroupWriter();

  /// When the queue is full, `done` gets kUnavailable at once, before the writes that wait.
  void Enqueue(Write write);
  void Enqueue(Chore chore);
  /// Enqueues the write, whose bytes in the log are `intent`. Where the log has room for them, `done` is posted at once
  /// and the answer is true; else it is a write like any other.
  /// `begins`: see IntentLog::Append.
  bool Promise(Write write, std::string_view intent, bool begins = false);
  /// Overwrites what the log still holds of writes that are in the tables.
  void WipeLog();
  /// Whether a write is promised and not yet in the tables: only a read through the queue sees it.
  bool Promised() const { return log_ != nullptr && log_->Pending(); }

 private:
  using Batch = std::vector<Write>;
  using Results = std::vector<base::Result<void>>;

  bool HasRoom();
  void Run();
  bool Take(Batch& batch, Chore& chore);
  void AwaitWork(std::unique_lock<std::mutex>& lock);
  bool ChoreIsDue() const;
  bool OwedIsDue() const;
  void RunBatch(Batch batch);
  void RunEach(Batch& batch, Results& results);
  void Owe(Batch& batch, Results& results, size_t from, const base::Error& cause);
  void Defer(Batch& batch);
  void Prepend(Batch& batch);
  void Tell(Batch batch, Results results);
  void RunStep(Chore chore);
  bool RunTogether(Batch& batch, Results& results);
  bool RunMarked(const Write& write, base::Result<void>& result);
  base::Result<void> RunOne(const Write& write);
  base::Result<void> RunAlone(const Write& write, bool* its_own_failure = nullptr);
  base::Result<void> GiveUp(const Write& write, const base::Error& cause);
  base::Result<void> NoteApplied(const Batch& batch);
  base::Result<void> Begin();
  base::Result<void> Commit();
  void Rollback();
  void Count(const Batch& batch, const Results& results, bool changed_rows);
  void Post(Done done, base::Result<void> result);

  SqliteConnection& sqlite() { return *connection_->connection; }

  const Options options_;
  const std::shared_ptr<SharedConnection> connection_;
  Checkpointer* const checkpointer_;
  IntentLog* const log_;
  const Executor executor_;
  base::Logger& logger_;
  base::Counter& writes_ok_;
  base::Counter& writes_not_found_;
  base::Counter& writes_failed_;
  base::Counter& writes_refused_;
  base::Gauge& queue_length_;
  base::Gauge& owed_length_;
  base::Histogram& commit_seconds_;
  base::Histogram& batch_size_;
  std::chrono::steady_clock::time_point chores_rest_until_;  // the writer thread's own
  bool failing_ = false;  // the writer thread's own: whether the last transaction failed
  // The writer thread's own, too: what is owed, in order, beginning with something promised; why; and when to try
  // again.
  Batch owed_;
  base::Error owed_because_;
  std::chrono::steady_clock::time_point owed_again_at_;
  bool ending_ = false;  // no more than one last try

  std::mutex promise_mutex_;  // so that numbers in the log and places in the queue agree; never the writer's
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
