// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "bot/account.h"
#include "bot/quota.h"
#include "net/event_loop.h"
#include "store/store.h"

namespace yingda::bot {

/// Where new questions are held against their account's quotas: Quota with the time, the texts and the metrics.
/// Thread-safety: on the loop, but for the constructor. Lifetime: ends after the loop's last function.
class QuotaGate {
 public:
  QuotaGate(Quota::Options options, net::EventLoop& loop, base::Metrics& metrics);

  /// What the follower is told instead of an answer, one of the texts; null: the question is taken.
  const std::string* Refusal(const Account& account, const AccountSettings& settings, const std::string& open_id);
  /// A question was taken. Gives the day that it counts for, 0 for staff.
  int64_t Taken(const Account& account, const std::string& open_id);
  /// What Taken counted for `day` was refused after all.
  void GiveBack(const Account& account, const std::string& open_id, int64_t day, base::WallTime asked);
  /// Its answer took so many tokens. Gives the day that they count for, 0 for staff.
  int64_t Answered(const Account& account, const std::string& open_id, int64_t tokens);

  /// At start-up, what an earlier process counted: its usage of today, and each question that it took: gives
  /// the day as Taken did.
  void Recover(const Account& account, const store::Usage& usage);
  int64_t RecoverQuestion(const Account& account, const store::JobRecord& question);
  void ForgetFollower(const Account& account, const std::string& open_id);

 private:
  struct Gauges {
    base::Gauge* messages = nullptr;
    base::Gauge* tokens = nullptr;
  };
  void Show(const Account& account);
  void ShowAtMidnight();

  net::EventLoop& loop_;
  base::Metrics& metrics_;
  Quota quota_;
  std::map<const Account*, Gauges> gauges_;  // as many as there are accounts
  bool midnight_armed_ = false;
};

}  // namespace yingda::bot
