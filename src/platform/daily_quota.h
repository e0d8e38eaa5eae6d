// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "base/metrics.h"
#include "net/event_loop.h"

namespace yingda::platform {

/// The interfaces of one account whose calls of the day are used up (45009): until the day ends in Beijing,
/// one call in `kBetweenTrials` is let through to see whether somebody has cleared the quota elsewhere. Shown as
/// yingda_wechat_quota_exhausted{account,path} = 1. Thread-safety: on the loop. Lifetime: ends before loop and
/// metrics. Limits: 64 interfaces; further ones are called as if nothing were known of them.
class DailyQuota {
 public:
  static constexpr base::Duration kBetweenTrials = std::chrono::minutes(30);

  DailyQuota(std::string account, net::EventLoop& loop, base::Metrics& metrics);
  ~DailyQuota();
  DailyQuota(const DailyQuota&) = delete;
  DailyQuota& operator=(const DailyQuota&) = delete;

  void Exhausted(const std::string& path);
  bool IsExhausted(const std::string& path) const;
  /// Whether to make a call now; of an exhausted interface true is the trial, and the next is kBetweenTrials later.
  bool MayCall(const std::string& path);
  /// WeChat took a call of it.
  void Worked(const std::string& path);
  /// clear_quota was called, or a new day began.
  void Clear();

 private:
  struct Interface {
    base::Gauge* gauge = nullptr;
    base::TimePoint next_trial{};
  };

  const std::string account_;
  net::EventLoop& loop_;
  base::Metrics& metrics_;
  std::map<std::string, Interface> exhausted_;
  net::EventLoop::TimerId midnight_ = 0;
};

/// How long the day in Beijing (UTC+8, no summer time) still lasts; never zero.
base::Duration UntilMidnightInBeijing(base::WallTime now);

}  // namespace yingda::platform
