// SPDX-License-Identifier: MIT
#include "config/quota_section.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace yingda::config {
namespace {

constexpr int64_t kMostPerMinute = 1'000;
constexpr int64_t kMostPerDay = 1'000'000'000;
constexpr int64_t kMostTokens = 1'000'000'000'000;
constexpr size_t kMostStaff = 1'000;
constexpr size_t kLongestOpenId = 64;

bool IsOpenId(std::string_view text) {
  return !text.empty() && text.size() <= kLongestOpenId && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void ReadStaff(base::YamlMap& quotas, bot::QuotaLimits& limits) {
  const std::vector<std::string> staff = quotas.Strings("staff");
  if (staff.size() > kMostStaff) quotas.Problem("staff", "more than 1,000 OpenIDs", "最多 1000 个 OpenID");
  // By its place: an OpenID is personal, so it does not stand in messages.
  for (size_t i = 0; i < staff.size(); ++i) {
    if (IsOpenId(staff[i])) continue;
    const std::string place = std::to_string(i + 1);
    quotas.Problem("staff",
                   "entry " + place + " is no OpenID: letters, digits, - and _, as WeChat sends it in FromUserName",
                   "第 " + place + " 个不是 OpenID");
  }
  limits.staff.insert(staff.begin(), staff.end());
}

}  // namespace

bot::QuotaLimits ReadQuotas(base::YamlMap& map, const SectionContext& context, const AccountConfig& account) {
  base::YamlMap quotas = map.Map("quotas");
  bot::QuotaLimits limits;
  limits.follower_per_minute = quotas.Integer("follower_per_minute", 0, 0, kMostPerMinute);
  limits.follower_per_day = quotas.Integer("follower_per_day", 0, 0, kMostPerDay);
  limits.messages_per_day = quotas.Integer("messages_per_day", 0, 0, kMostPerDay);
  limits.tokens_per_day = quotas.Integer("tokens_per_day", 0, 0, kMostTokens);
  ReadStaff(quotas, limits);
  const bool limited = limits.follower_per_minute > 0 || limits.follower_per_day > 0 || limits.messages_per_day > 0 ||
                       limits.tokens_per_day > 0;
  if (!limited && !limits.staff.empty()) {
    context.warnings.push_back("account " + account.name +
                               ": quotas: names staff, but no limit is set, so nobody is limited");
  }
  if (limits.messages_per_day > 0 && limits.follower_per_day > limits.messages_per_day) {
    context.warnings.push_back("account " + account.name +
                               ": quotas: follower_per_day is more than messages_per_day, which all followers share");
  }
  return limits;
}

}  // namespace yingda::config
