// SPDX-License-Identifier: MIT
#include "platform/daily_quota.h"

#include <utility>

namespace yingda::platform {
namespace {

constexpr size_t kMaxPaths = 64;

}  // namespace

DailyQuota::DailyQuota(std::string account, net::EventLoop& loop, base::Metrics& metrics)
    : account_(std::move(account)), loop_(loop), metrics_(metrics) {}

DailyQuota::~DailyQuota() {
  if (midnight_ != 0) loop_.Cancel(midnight_);
}

void DailyQuota::Exhausted(const std::string& path) {
  if (exhausted_.size() >= kMaxPaths || exhausted_.contains(path)) return;
  base::Gauge& gauge =
      metrics_.Gauge("yingda_wechat_quota_exhausted", "1: WeChat takes no more calls of this interface today",
                     {{"account", account_}, {"path", path}});
  gauge.Set(1);
  exhausted_.emplace(path, Interface{&gauge, loop_.clock().Now() + kBetweenTrials});
  if (midnight_ != 0) return;
  midnight_ = loop_.After(UntilMidnightInBeijing(loop_.clock().WallNow()), [this] {
    midnight_ = 0;
    Clear();
  });
}

bool DailyQuota::IsExhausted(const std::string& path) const { return exhausted_.contains(path); }

bool DailyQuota::MayCall(const std::string& path) {
  const auto at = exhausted_.find(path);
  if (at == exhausted_.end()) return true;
  const base::TimePoint now = loop_.clock().Now();
  if (now < at->second.next_trial) return false;
  at->second.next_trial = now + kBetweenTrials;
  return true;
}

void DailyQuota::Worked(const std::string& path) {
  const auto at = exhausted_.find(path);
  if (at == exhausted_.end()) return;
  at->second.gauge->Set(0);
  exhausted_.erase(at);
}

void DailyQuota::Clear() {
  for (const auto& [path, interface] : exhausted_) interface.gauge->Set(0);
  exhausted_.clear();
  if (midnight_ != 0) loop_.Cancel(std::exchange(midnight_, 0));
}

base::Duration UntilMidnightInBeijing(base::WallTime now) {
  constexpr int64_t kDay = 24 * 3600;
  constexpr int64_t kBeijing = 8 * 3600;
  const int64_t second_of_day = (base::UnixSeconds(now) + kBeijing) % kDay;
  return std::chrono::seconds(kDay - second_of_day);
}

}  // namespace yingda::platform
