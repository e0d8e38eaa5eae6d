// SPDX-License-Identifier: MIT
#include "bot/reply_book.h"

#include <algorithm>

namespace yingda::bot {

ReplyBook::ReplyBook(Options options, base::Clock& clock) : options_(options), clock_(clock) {}

ReplyBook::Page ReplyBook::Look(std::string_view key) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {};
  const Entry& entry = found->second;
  if (!entry.reply) return {Page::State::kWorking, nullptr};
  return {Page::State::kFinished, entry.reply};
}

bool ReplyBook::StartWork(std::string_view key) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  return shard.entries.try_emplace(std::string(key)).second;
}

ReplyBook::Bytes ReplyBook::FinishAtOnce(std::string_view key, Bytes reply) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found != shard.entries.end()) return found->second.reply;
  EnterFinished(shard, key, reply);
  return reply;
}

void ReplyBook::FinishJob(std::string_view key, Bytes reply) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  EnterFinished(shard, key, std::move(reply));
}

void ReplyBook::Drop(std::string_view key) {
  Shard& shard = ShardOf(key);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found != shard.entries.end()) shard.entries.erase(found);  // its line in `finished` is skipped when it comes up
}

size_t ReplyBook::Size() const {
  size_t size = 0;
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    size += shard.entries.size();
  }
  return size;
}

void ReplyBook::MakeRoom(Shard& shard, base::TimePoint now) {
  const size_t limit = std::max<size_t>(1, options_.max_entries / kShards);
  while (!shard.finished.empty()) {
    const auto& [finished_at, key] = shard.finished.front();
    const bool expired = finished_at + options_.keep <= now;
    if (!expired && shard.finished.size() < limit) return;
    const auto found = shard.entries.find(key);
    // A key that was entered again later has a younger line further back.
    if (found != shard.entries.end() && found->second.reply && found->second.finished_at == finished_at) {
      shard.entries.erase(found);
    }
    shard.finished.pop_front();
  }
}

void ReplyBook::EnterFinished(Shard& shard, std::string_view key, Bytes reply) {
  const base::TimePoint now = clock_.Now();
  MakeRoom(shard, now);
  shard.entries.insert_or_assign(std::string(key), Entry{std::move(reply), now});
  shard.finished.emplace_back(now, std::string(key));
}

}  // namespace yingda::bot
