// SPDX-License-Identifier: MIT
// What the disk did not take although it is promised: how it is kept, and how it is tried again.
#include <algorithm>
#include <iterator>
#include <utility>

#include "store/group_writer.h"

namespace yingda::store {

/// Everything from `from` on, which is promised, could not be written. What nobody waits for is kept in its order;
/// whoever waits for a write, or reads what is not there yet, is told why.
void GroupWriter::Owe(Batch& batch, Results& results, size_t from, const base::Error& cause) {
  if (from == batch.size()) return;
  owed_because_ = cause;
  owed_again_at_ = std::chrono::steady_clock::now() + options_.owed_again;
  Batch told;
  Results reasons;
  for (size_t i = 0; i < from; ++i) {
    told.push_back(std::move(batch[i]));
    reasons.push_back(std::move(results[i]));
  }
  for (size_t i = from; i < batch.size(); ++i) {
    const bool room = batch[i].intent != 0 || owed_.size() < options_.queue_limit;
    if (!batch[i].done && !batch[i].reads && room) {
      owed_.push_back(std::move(batch[i]));
    } else {
      told.push_back(std::move(batch[i]));
      reasons.emplace_back(cause);
    }
  }
  if (!failing_) logger_.Error("store.write_failed", {{"error", cause.message}, {"owed", owed_.size()}});
  failing_ = true;
  batch = std::move(told);
  results = std::move(reasons);
}

/// A batch that comes while something is owed and it is not time to try.
void GroupWriter::Defer(Batch& batch) {
  Results results;
  std::erase_if(batch, [this](Write& write) {
    const bool room = write.intent != 0 || owed_.size() < options_.queue_limit;
    if (write.done || write.reads || !room) return false;
    owed_.push_back(std::move(write));
    return true;
  });
  owed_length_.Set(static_cast<double>(owed_.size()));
  for (const Write& write : batch) {
    if (!write.reads) writes_failed_.Add();
    results.emplace_back(owed_because_);
  }
  Tell(std::move(batch), std::move(results));
}

/// What is owed comes first.
void GroupWriter::Prepend(Batch& batch) {
  Batch all = std::exchange(owed_, {});
  all.insert(all.end(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  batch = std::move(all);
}

/// A promised write that no disk is to blame for would stand before all others for ever.
base::Result<void> GroupWriter::GiveUp(const Write& write, const base::Error& cause) {
  logger_.Error("store.promise_broken", {{"error", cause.message}});
  Write nothing;
  nothing.intent = write.intent;
  nothing.run = [](SqliteConnection&) { return base::Result<void>(); };
  return RunAlone(nothing);
}

}  // namespace yingda::store
