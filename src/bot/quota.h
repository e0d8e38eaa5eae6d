// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace yingda::bot {

/// How much of the model one account's followers may use. 0: no limit. A day is a calendar day in China (UTC+8).
struct QuotaLimits {
  int64_t follower_per_minute = 0;                // questions in any 60 s
  int64_t follower_per_day = 0;                   // questions
  int64_t messages_per_day = 0;                   // questions of all followers together
  int64_t tokens_per_day = 0;                     // of all followers together
  std::set<std::string, std::less<>> staff = {};  // OpenIDs; never limited, and nothing of theirs is counted

  bool Any() const {
    return follower_per_minute > 0 || follower_per_day > 0 || messages_per_day > 0 || tokens_per_day > 0;
  }
};

/// What was used of those limits. The owner of the counts; pure but for its state.
/// Thread-safety: one thread at a time. Cost: constant, but for the first call of a day, which drops the day before.
/// Limits: of followers beyond `max_followers` on one day no day is counted, of questions beyond `max_recent` in one
/// minute the oldest are forgotten: then these limits let more pass; those of the account hold all the same. The token
/// budget closes with the answer that uses it up, so it is exceeded by the answers under way at that time.
class Quota {
 public:
  struct Options {
    size_t max_followers = 200'000;
    size_t max_recent = 200'000;
  };
  enum class Verdict { kYes, kFollowerMinute, kFollowerDay, kAccountMessages, kAccountTokens };
  struct Use {
    int64_t messages = 0, tokens = 0;
  };

  explicit Quota(Options options) : options_(options) {}

  /// May this follower ask now? When several limits say no, the one that lasts longest is told.
  Verdict Check(const std::string& account, const QuotaLimits& limits, std::string_view open_id, base::WallTime now);
  /// The follower asks, or an answer took so many tokens. Gives the day that it counts for; 0: not counted.
  int64_t CountMessage(const std::string& account, const QuotaLimits& limits, std::string_view open_id,
                       base::WallTime now);
  int64_t CountTokens(const std::string& account, const QuotaLimits& limits, std::string_view open_id, int64_t tokens,
                      base::WallTime now);

  /// A question that was asked at `asked_at` and counted for `day` was refused after all: as if it had never been
  /// asked. Cost: linear in the questions asked since.
  void GiveBack(const std::string& account, const QuotaLimits& limits, std::string_view open_id, int64_t day,
                base::WallTime asked_at, base::WallTime now);

  /// What an earlier process counted for `day`: of a follower, or of the account as a whole (open_id empty). Replaces
  /// what is known; ignored when that day is not today.
  void Recover(const std::string& account, std::string_view open_id, int64_t day, Use use, base::WallTime now);
  /// A question that an earlier process took: counts for the minute only, as Recover tells the days. Gives the day that
  /// it counted for, 0: none. To be called in the order of `asked`.
  int64_t RecoverQuestion(const std::string& account, const QuotaLimits& limits, std::string_view open_id,
                          base::WallTime asked, base::WallTime now);
  /// The follower's day begins anew. What was asked in the last minute counts until that is over.
  void ForgetFollower(const std::string& account, std::string_view open_id);

  Use UsedToday(const std::string& account, base::WallTime now);

 private:
  struct Question {
    base::WallTime asked;
    uint64_t follower = 0;  // 0: given back
  };

  static uint64_t FollowerHash(const std::string& account, std::string_view open_id);
  void Roll(base::WallTime now);
  void Remember(uint64_t follower, base::WallTime asked);
  void ForgetOldest();

  const Options options_;
  int64_t day_ = 0;
  std::map<std::string, Use> accounts_;
  std::unordered_map<uint64_t, int64_t> today_;   // questions of the day, by follower
  std::deque<Question> recent_;                   // of the last minute, oldest first
  std::unordered_map<uint64_t, int64_t> minute_;  // how many of them, by follower
};

const char* ToString(Quota::Verdict verdict);

}  // namespace yingda::bot
