// SPDX-License-Identifier: MIT
#include "bot/quota.h"

#include <algorithm>
#include <functional>

namespace yingda::bot {
namespace {

constexpr base::Duration kMinute = std::chrono::minutes(1);

bool Reached(int64_t used, int64_t limit) { return limit > 0 && used >= limit; }

int64_t CountOf(const std::unordered_map<uint64_t, int64_t>& counts, uint64_t follower) {
  const auto at = counts.find(follower);
  return at == counts.end() ? 0 : at->second;
}

void Forget(std::unordered_map<uint64_t, int64_t>& counts, uint64_t follower) {
  const auto at = counts.find(follower);
  if (at != counts.end() && --at->second <= 0) counts.erase(at);
}

}  // namespace

uint64_t Quota::FollowerHash(const std::string& account, std::string_view open_id) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  return std::hash<std::string_view>{}(open_id) + kOdd * std::hash<std::string_view>{}(account);
}

void Quota::Roll(base::WallTime now) {
  if (const int64_t day = base::ChinaDay(now); day != day_) {
    day_ = day;
    accounts_.clear();
    today_ = {};  // gives its memory back, too
  }
  // A question from the future was asked before the clock was set back; it must not hold its follower up until then.
  while (!recent_.empty() && (recent_.front().asked <= now - kMinute || recent_.front().asked > now)) ForgetOldest();
}

void Quota::ForgetOldest() {
  Forget(minute_, recent_.front().follower);
  recent_.pop_front();
}

void Quota::Remember(uint64_t follower, base::WallTime asked) {
  if (recent_.size() >= options_.max_recent) ForgetOldest();
  recent_.push_back({asked, follower});
  ++minute_[follower];
}

Quota::Verdict Quota::Check(const std::string& account, const QuotaLimits& limits, std::string_view open_id,
                            base::WallTime now) {
  Roll(now);
  if (limits.staff.contains(open_id)) return Verdict::kYes;
  const uint64_t follower = FollowerHash(account, open_id);
  if (Reached(CountOf(today_, follower), limits.follower_per_day)) return Verdict::kFollowerDay;
  const Use used = UsedToday(account, now);
  if (Reached(used.messages, limits.messages_per_day)) return Verdict::kAccountMessages;
  if (Reached(used.tokens, limits.tokens_per_day)) return Verdict::kAccountTokens;
  if (Reached(CountOf(minute_, follower), limits.follower_per_minute)) return Verdict::kFollowerMinute;
  return Verdict::kYes;
}

int64_t Quota::CountMessage(const std::string& account, const QuotaLimits& limits, std::string_view open_id,
                            base::WallTime now) {
  Roll(now);
  if (limits.staff.contains(open_id)) return 0;
  ++accounts_[account].messages;
  const uint64_t follower = FollowerHash(account, open_id);
  if (limits.follower_per_minute > 0) Remember(follower, now);
  if (limits.follower_per_day > 0) {
    const auto at = today_.find(follower);
    if (at != today_.end()) {
      ++at->second;
    } else if (today_.size() < options_.max_followers) {
      today_.emplace(follower, 1);
    }
  }
  return day_;
}

int64_t Quota::CountTokens(const std::string& account, const QuotaLimits& limits, std::string_view open_id,
                           int64_t tokens, base::WallTime now) {
  Roll(now);
  if (limits.staff.contains(open_id) || tokens <= 0) return 0;
  accounts_[account].tokens += tokens;
  return day_;
}

void Quota::GiveBack(const std::string& account, const QuotaLimits& limits, std::string_view open_id, int64_t day,
                     base::WallTime asked_at, base::WallTime now) {
  Roll(now);
  if (limits.staff.contains(open_id)) return;
  const uint64_t follower = FollowerHash(account, open_id);
  const auto asked = std::find_if(recent_.rbegin(), recent_.rend(),
                                  [follower](const Question& question) { return question.follower == follower; });
  if (asked != recent_.rend() && asked_at > now - kMinute) {  // else the minute has forgotten it
    asked->follower = 0;
    Forget(minute_, follower);
  }
  if (day != day_) return;
  Use& used = accounts_[account];
  used.messages = std::max<int64_t>(used.messages - 1, 0);
  Forget(today_, follower);
}

void Quota::Recover(const std::string& account, std::string_view open_id, int64_t day, Use use, base::WallTime now) {
  Roll(now);
  if (day != day_) return;
  if (open_id.empty()) {
    accounts_[account] = use;
  } else if (today_.size() < options_.max_followers) {
    today_[FollowerHash(account, open_id)] = use.messages;
  }
}

int64_t Quota::RecoverQuestion(const std::string& account, const QuotaLimits& limits, std::string_view open_id,
                               base::WallTime asked, base::WallTime now) {
  Roll(now);
  if (limits.staff.contains(open_id)) return 0;
  const bool in_minute = limits.follower_per_minute > 0 && asked > now - kMinute && asked <= now;
  if (in_minute) Remember(FollowerHash(account, open_id), asked);
  return base::ChinaDay(asked);
}

void Quota::ForgetFollower(const std::string& account, std::string_view open_id) {
  today_.erase(FollowerHash(account, open_id));
}

Quota::Use Quota::UsedToday(const std::string& account, base::WallTime now) {
  Roll(now);
  const auto at = accounts_.find(account);
  return at == accounts_.end() ? Use() : at->second;
}

const char* ToString(Quota::Verdict verdict) {
  switch (verdict) {
    case Quota::Verdict::kYes:
      return "none";
    case Quota::Verdict::kFollowerMinute:
      return "follower_per_minute";
    case Quota::Verdict::kFollowerDay:
      return "follower_per_day";
    case Quota::Verdict::kAccountMessages:
      return "messages_per_day";
    case Quota::Verdict::kAccountTokens:
      return "tokens_per_day";
  }
  return "none";
}

}  // namespace yingda::bot
