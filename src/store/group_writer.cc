// SPDX-License-Identifier: MIT
#include "store/group_writer.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "store/intent.h"
#include "store/intent_table.h"

namespace yingda::store {
namespace {

// Sweeps are asked for every few minutes; more than this many at once is a mistake of the caller.
constexpr size_t kChoreLimit = 16;
// A chore rests this many times as long as its step took, and longer while the disk is behind.
constexpr int kRestFactor = 4;
constexpr std::chrono::milliseconds kRestForDisk{50};

base::Error QueueFull() {
  return {base::ErrorCode::kUnavailable, "store: too many writes are waiting for the disk; try again later"};
}

int64_t LastIntentOf(const std::vector<GroupWriter::Write>& batch) {
  for (auto write = batch.rbegin(); write != batch.rend(); ++write) {
    if (write->intent != 0) return write->intent;
  }
  return 0;
}

base::Counter& WritesCounter(base::Metrics& metrics, const std::string& result) {
  return metrics.Counter("yingda_store_writes_total", "Writes asked of the store, by outcome.", {{"result", result}});
}

}  // namespace

GroupWriter::GroupWriter(Options options, std::shared_ptr<SharedConnection> connection, Checkpointer* checkpointer,
                         IntentLog* log, Executor executor, base::Logger& logger, base::Metrics& metrics)
    : options_(options),
      connection_(std::move(connection)),
      checkpointer_(checkpointer),
      log_(log),
      executor_(std::move(executor)),
      logger_(logger),
      writes_ok_(WritesCounter(metrics, "ok")),
      writes_not_found_(WritesCounter(metrics, "not_found")),
      writes_failed_(WritesCounter(metrics, "failed")),
      writes_refused_(WritesCounter(metrics, "refused")),
      queue_length_(metrics.Gauge("yingda_store_queue", "Writes that wait for the store.")),
      owed_length_(
          metrics.Gauge("yingda_store_owed", "Promised writes, and those behind them, that the disk refuses.")),
      commit_seconds_(metrics.Histogram("yingda_store_commit_seconds", "Time of one transaction, begin to commit.",
                                        {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5})),
      batch_size_(metrics.Histogram("yingda_store_batch_size", "Writes that shared one transaction.",
                                    {1, 2, 4, 8, 16, 32, 64, 128, 256, 512})) {
  thread_ = std::thread([this] { Run(); });
}

GroupWriter::~GroupWriter() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void GroupWriter::Enqueue(Write write) {
  bool taken = false;
  bool must_wake = false;
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() < options_.queue_limit) {
      taken = true;
      must_wake = !write.patient || !looks_soon_;
      hurried_ += write.patient ? 0 : 1;
      queue_.push_back(std::move(write));
    }
  }
  if (!taken) {
    writes_refused_.Add();
    Post(std::move(write.done), QueueFull());
    return;
  }
  if (must_wake) wake_.notify_one();  // without the lock, which the writer takes first of all
  queue_length_.Add(1);
}

void GroupWriter::Enqueue(Chore chore) {
  {
    std::lock_guard lock(mutex_);
    if (chores_.size() < kChoreLimit) {
      chores_.push_back(std::move(chore));
      wake_.notify_one();
      return;
    }
  }
  Post(std::move(chore.done), QueueFull());
}

bool GroupWriter::Promise(Write write, std::string_view intent, bool begins) {
  Done done;
  bool must_wake = false;
  {
    std::lock_guard order(promise_mutex_);
    if (log_ != nullptr && HasRoom()) write.intent = log_->Append(intent, begins);
    if (write.intent != 0) {
      done = std::exchange(write.done, nullptr);
      write.patient = true;
      std::lock_guard lock(mutex_);
      must_wake = !looks_soon_;
      queue_.push_back(std::move(write));
    }
  }
  if (write.intent == 0) {
    Enqueue(std::move(write));
    return false;
  }
  if (must_wake) wake_.notify_one();
  queue_length_.Add(1);
  Post(std::move(done), {});
  return true;
}

bool GroupWriter::HasRoom() {
  std::lock_guard lock(mutex_);
  return queue_.size() < options_.queue_limit;
}

void GroupWriter::WipeLog() {
  if (log_ == nullptr) return;
  std::lock_guard order(promise_mutex_);
  log_->Wipe();
}

void GroupWriter::Run() {
  for (bool more = true; more;) {
    Batch batch;
    Chore chore;
    more = Take(batch, chore);
    ending_ = !more;
    if (!batch.empty() || !owed_.empty()) RunBatch(std::move(batch));
    if (!chore.step) continue;
    if (owed_.empty()) {
      RunStep(std::move(chore));
    } else {  // since a moment ago
      std::lock_guard lock(mutex_);
      chores_.push_front(std::move(chore));
    }
  }
}

/// Waits for work. False when the writer is closed and everything is done.
bool GroupWriter::Take(Batch& batch, Chore& chore) {
  std::deque<Chore> cancelled;
  bool more = true;
  {
    std::unique_lock lock(mutex_);
    AwaitWork(lock);
    const size_t count = std::min(queue_.size(), options_.batch_limit);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
    batch.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    for (const Write& write : batch) hurried_ -= write.patient ? 0 : 1;
    if (closing_) {
      more = !batch.empty();
      cancelled.swap(chores_);
    } else if (ChoreIsDue()) {
      chore = std::move(chores_.front());
      chores_.pop_front();
    }
  }
  for (auto& each : cancelled) {
    Post(std::move(each.done),
         base::Error{base::ErrorCode::kCancelled, "store: closing; the next sweep does the rest"});
  }
  queue_length_.Add(-static_cast<double>(batch.size()));
  return more;
}

void GroupWriter::AwaitWork(std::unique_lock<std::mutex>& lock) {
  // After each batch it looks once more on its own, so that a patient write that comes then wakes nobody.
  const auto looks_again = std::chrono::steady_clock::now() + options_.patience;
  looks_soon_ = true;
  while (hurried_ == 0 && !closing_ && !ChoreIsDue() && !OwedIsDue()) {
    const bool soon = std::chrono::steady_clock::now() < looks_again;
    if (!soon && !queue_.empty()) break;
    looks_soon_ = soon;
    auto until = soon ? looks_again : std::chrono::steady_clock::time_point::max();
    if (!chores_.empty() && owed_.empty()) until = std::min(until, chores_rest_until_);
    if (!owed_.empty()) until = std::min(until, owed_again_at_);
    if (until == std::chrono::steady_clock::time_point::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, until);
    }
  }
  looks_soon_ = true;  // it is awake
}

bool GroupWriter::ChoreIsDue() const {
  return !chores_.empty() && owed_.empty() && std::chrono::steady_clock::now() >= chores_rest_until_;
}

bool GroupWriter::OwedIsDue() const { return !owed_.empty() && std::chrono::steady_clock::now() >= owed_again_at_; }

void GroupWriter::RunBatch(Batch batch) {
  if (!owed_.empty()) {
    if (!ending_ && !OwedIsDue()) return Defer(batch);
    Prepend(batch);
  }
  const bool flush = std::any_of(batch.begin(), batch.end(), [](const Write& write) { return write.flush; });
  Results results(batch.size());
  int wal_pages = 0;
  bool changed_rows = false;
  {
    std::lock_guard lock(connection_->mutex);
    const auto started = std::chrono::steady_clock::now();
    const int64_t changes_before = sqlite().TotalChanges();
    if (batch.size() == 1 || !RunTogether(batch, results)) RunEach(batch, results);
    commit_seconds_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    wal_pages = sqlite().wal_pages();
    changed_rows = sqlite().TotalChanges() != changes_before;
  }
  if (flush && checkpointer_ != nullptr) {
    const auto flushed = checkpointer_->Flush();
    for (size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].flush && results[i]) results[i] = flushed;
    }
  }
  Count(batch, results, changed_rows);
  Tell(std::move(batch), std::move(results));
  // After the post, because this may have to wait for the disk.
  if (checkpointer_ != nullptr) checkpointer_->AfterCommit(wal_pages);
}

/// One post a batch: each costs the loop a wake-up.
void GroupWriter::Tell(Batch batch, Results results) {
  const bool awaited =
      std::any_of(batch.begin(), batch.end(), [](const Write& write) { return write.done != nullptr; });
  if (!awaited) return;
  executor_([done = std::make_shared<Batch>(std::move(batch)), results = std::move(results)] {
    for (size_t i = 0; i < results.size(); ++i) {
      if ((*done)[i].done) (*done)[i].done(results[i]);
    }
  });
}

/// False when the transaction was lost as a whole: nothing is written, and it is not known whose fault that was.
bool GroupWriter::RunTogether(Batch& batch, Results& results) {
  auto begun = Begin();
  if (!begun) {
    size_t promised = 0;
    while (promised < batch.size() && batch[promised].intent == 0) ++promised;
    for (size_t i = 0; i < promised; ++i) results[i] = batch[i].reads ? batch[i].run(sqlite()) : begun;
    Owe(batch, results, promised, begun.error());
    return true;
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    const bool goes_on = RunMarked(batch[i], results[i]);
    // Without what is promised, nothing behind it may be written.
    if (!goes_on || (batch[i].intent != 0 && !results[i])) {
      Rollback();
      return false;
    }
  }
  if (NoteApplied(batch) && Commit()) {
    if (log_ != nullptr && LastIntentOf(batch) != 0) log_->Applied(LastIntentOf(batch));
    return true;
  }
  Rollback();
  return false;
}

/// Each in a transaction of its own, up to the first that is owed.
void GroupWriter::RunEach(Batch& batch, Results& results) {
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].intent == 0) {
      results[i] = RunOne(batch[i]);
      continue;
    }
    bool hopeless = false;
    results[i] = RunAlone(batch[i], &hopeless);
    if (hopeless) results[i] = GiveUp(batch[i], results[i].error());
    if (!results[i]) {
      const base::Error cause = results[i].error();
      return Owe(batch, results, i, cause);
    }
    log_->Applied(batch[i].intent);
  }
}

/// In the transaction that is open; a write that fails is undone. False when the transaction is of no more use.
bool GroupWriter::RunMarked(const Write& write, base::Result<void>& result) {
  if (!write.reads && !Query(sqlite(), "SAVEPOINT one_write").Run()) return false;
  result = write.run(sqlite());
  if (!sqlite().InTransaction()) return false;  // SQLite rolled all of it back: no space, no memory, a bad disk
  if (write.reads) return true;
  if (!result && !Query(sqlite(), "ROLLBACK TO one_write").Run()) return false;
  return static_cast<bool>(Query(sqlite(), "RELEASE one_write").Run());
}

base::Result<void> GroupWriter::RunOne(const Write& write) {
  return write.reads ? write.run(sqlite()) : RunAlone(write);
}

base::Result<void> GroupWriter::RunAlone(const Write& write, bool* its_own_failure) {
  auto result = Begin();
  if (!result) return result;
  result = write.run(sqlite());
  if (its_own_failure != nullptr) *its_own_failure = !result && !MayWorkLater(result.error());
  if (result && write.intent != 0) result = SetIntentsApplied(sqlite(), write.intent);
  if (result) result = Commit();
  if (!result) Rollback();
  return result;
}

base::Result<void> GroupWriter::NoteApplied(const Batch& batch) {
  const int64_t last = LastIntentOf(batch);
  return last == 0 ? base::Result<void>() : SetIntentsApplied(sqlite(), last);
}

void GroupWriter::RunStep(Chore chore) {
  base::Result<bool> more = false;
  int wal_pages = 0;
  const auto started = std::chrono::steady_clock::now();
  {
    std::lock_guard lock(connection_->mutex);
    auto begun = Begin();
    more = begun ? chore.step(sqlite()) : base::Result<bool>(begun.error());
    if (begun && more) {
      auto committed = Commit();
      if (!committed) more = committed.error();
    }
    if (begun && !more) Rollback();
    wal_pages = sqlite().wal_pages();
  }
  if (checkpointer_ != nullptr) checkpointer_->AfterCommit(wal_pages);
  const auto ended = std::chrono::steady_clock::now();
  chores_rest_until_ = ended + kRestFactor * (ended - started);
  if (checkpointer_ != nullptr && checkpointer_->IsBehind(wal_pages)) chores_rest_until_ = ended + kRestForDisk;
  if (more && *more) {
    std::lock_guard lock(mutex_);
    chores_.push_back(std::move(chore));
    return;
  }
  Post(std::move(chore.done), more ? base::Result<void>() : more.error());
}

// IMMEDIATE: a transaction that took the write lock at its first write only could fail in the middle.
base::Result<void> GroupWriter::Begin() { return Query(sqlite(), "BEGIN IMMEDIATE").Run(); }
base::Result<void> GroupWriter::Commit() { return Query(sqlite(), "COMMIT").Run(); }

void GroupWriter::Rollback() {
  if (!sqlite().InTransaction()) return;
  auto rolled_back = Query(sqlite(), "ROLLBACK").Run();
  if (!rolled_back) logger_.Error("store.rollback_failed", {{"error", rolled_back.error().message}});
}

void GroupWriter::Count(const Batch& batch, const Results& results, bool changed_rows) {
  size_t writes = 0;
  const base::Error* failure = nullptr;
  for (size_t i = 0; i < batch.size(); ++i) {
    const base::Result<void>& result = results[i];
    if (batch[i].reads) continue;
    ++writes;
    if (result) {
      writes_ok_.Add();
    } else if (result.error().code == base::ErrorCode::kNotFound) {
      writes_not_found_.Add();  // a claim that came second: nothing is wrong with the store
    } else {
      writes_failed_.Add();
      failure = &result.error();
    }
  }
  if (writes > 0) batch_size_.Observe(static_cast<double>(writes));
  // A full disk fails every write; one line when it begins and one when it ends say as much as thousands.
  if (failure != nullptr && !failing_) logger_.Error("store.write_failed", {{"error", failure->message}});
  // One that found nothing to change succeeds on a full disk as well, and says nothing about it.
  const bool all_well = failure == nullptr && owed_.empty();
  if (all_well && failing_ && changed_rows) logger_.Info("store.writes_again");
  owed_length_.Set(static_cast<double>(owed_.size()));
  failing_ = !all_well || (failing_ && !changed_rows);
}

void GroupWriter::Post(Done done, base::Result<void> result) {
  if (!done) return;
  executor_([done = std::move(done), result = std::move(result)] { done(result); });
}

}  // namespace yingda::store
