// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace yingda::bot {

/// Remembers, by message key, that a message is being worked on or which bytes answered it, so that WeChat's second and
/// third try join the first one's work and any later push of the same key gets the same bytes. Thread-safety: all
/// members. Cost: one short lock of one of 16 shards. Limits: at most `max_entries`; the oldest finished entry goes
/// first, working ones never (their number is bounded by the desk). Finished entries leave after `keep`. Source:
/// 公众号开发文档, 被动回复用户消息 (three tries, 消息排重).
class ReplyBook {
 public:
  struct Options {
    size_t max_entries = 100'000;
    base::Duration keep = std::chrono::minutes(10);
  };
  using Bytes = std::shared_ptr<const std::string>;

  struct Page {
    enum class State { kUnknown, kWorking, kFinished };
    State state = State::kUnknown;
    Bytes reply;  // only when finished
  };

  ReplyBook(Options options, base::Clock& clock);

  Page Look(std::string_view key);
  /// Opens the key for work. False when another push was faster: then Look says how far it is.
  bool StartWork(std::string_view key);
  /// Enters the reply of a message that needed no job; when another push of the key was faster, returns what that one
  /// entered, or null when it is being worked on.
  Bytes FinishAtOnce(std::string_view key, Bytes reply);
  /// Enters the reply of a job that is settled: from now on the book answers for it.
  void FinishJob(std::string_view key, Bytes reply);
  /// Forgets the key, finished or not.
  void Drop(std::string_view key);

  size_t Size() const;

 private:
  static constexpr size_t kShards = 16;
  struct Entry {
    Bytes reply;  // null: working
    base::TimePoint finished_at{};
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries;
    std::deque<std::pair<base::TimePoint, std::string>> finished;  // in order of time
  };

  Shard& ShardOf(std::string_view key) { return shards_[Hash{}(key) % kShards]; }
  void MakeRoom(Shard& shard, base::TimePoint now);
  void EnterFinished(Shard& shard, std::string_view key, Bytes reply);

  const Options options_;
  base::Clock& clock_;
  std::array<Shard, kShards> shards_;
};

}  // namespace yingda::bot
