// SPDX-License-Identifier: MIT
#include "bot/quota_gate.h"

#include "platform/daily_quota.h"

namespace yingda::bot {

QuotaGate::QuotaGate(Quota::Options options, net::EventLoop& loop, base::Metrics& metrics)
    : loop_(loop), metrics_(metrics), quota_(options) {}

const std::string* QuotaGate::Refusal(const Account& account, const AccountSettings& settings,
                                      const std::string& open_id) {
  const Quota::Verdict verdict = quota_.Check(account.name, settings.quotas, open_id, loop_.clock().WallNow());
  if (verdict == Quota::Verdict::kYes) return nullptr;
  metrics_
      .Counter("yingda_quota_refused_total", "Questions that were not taken because a quota was used up",
               {{"account", account.name}, {"limit", ToString(verdict)}})
      .Add();
  if (verdict == Quota::Verdict::kFollowerMinute) return &settings.texts.quota_minute;
  return verdict == Quota::Verdict::kFollowerDay ? &settings.texts.quota_day : &settings.texts.quota_account;
}

int64_t QuotaGate::Taken(const Account& account, const std::string& open_id) {
  const auto settings = account.settings.Get();
  const int64_t day = quota_.CountMessage(account.name, settings->quotas, open_id, loop_.clock().WallNow());
  if (day != 0) Show(account);
  return settings->quotas.Any() ? day : 0;  // without limits nobody's use need outlive the process
}

void QuotaGate::GiveBack(const Account& account, const std::string& open_id, int64_t day, base::WallTime asked) {
  if (day == 0) return;
  quota_.GiveBack(account.name, account.settings.Get()->quotas, open_id, day, asked, loop_.clock().WallNow());
  Show(account);
}

int64_t QuotaGate::Answered(const Account& account, const std::string& open_id, int64_t tokens) {
  const auto settings = account.settings.Get();
  const int64_t day = quota_.CountTokens(account.name, settings->quotas, open_id, tokens, loop_.clock().WallNow());
  if (day != 0) Show(account);
  return settings->quotas.Any() ? day : 0;  // without limits nobody's use need outlive the process
}

void QuotaGate::Recover(const Account& account, const store::Usage& usage) {
  if (!usage.open_id.empty() && account.settings.Get()->quotas.follower_per_day == 0) return;
  quota_.Recover(account.name, usage.open_id, usage.day, {usage.messages, usage.tokens}, loop_.clock().WallNow());
  if (usage.open_id.empty()) Show(account);
}

int64_t QuotaGate::RecoverQuestion(const Account& account, const store::JobRecord& question) {
  const auto settings = account.settings.Get();
  const base::WallTime asked{std::chrono::milliseconds(question.first_seen_ms)};
  const int64_t day =
      quota_.RecoverQuestion(account.name, settings->quotas, question.open_id, asked, loop_.clock().WallNow());
  return settings->quotas.Any() ? day : 0;
}

void QuotaGate::ForgetFollower(const Account& account, const std::string& open_id) {
  quota_.ForgetFollower(account.name, open_id);
}

void QuotaGate::Show(const Account& account) {
  Gauges& gauges = gauges_[&account];
  if (gauges.messages == nullptr) {
    gauges.messages =
        &metrics_.Gauge("yingda_quota_messages_today",
                        "Questions that the model was asked today (UTC+8), without staff", {{"account", account.name}});
    gauges.tokens =
        &metrics_.Gauge("yingda_quota_tokens_today", "Tokens that the answers of today (UTC+8) took, without staff",
                        {{"account", account.name}});
  }
  const Quota::Use used = quota_.UsedToday(account.name, loop_.clock().WallNow());
  gauges.messages->Set(static_cast<double>(used.messages));
  gauges.tokens->Set(static_cast<double>(used.tokens));
  ShowAtMidnight();
}

void QuotaGate::ShowAtMidnight() {
  if (midnight_armed_) return;
  midnight_armed_ = true;
  loop_.After(platform::UntilMidnightInBeijing(loop_.clock().WallNow()), [this] {
    midnight_armed_ = false;
    // One of them arms it again, so that the gauges stay right even if the clocks do not run alike.
    for (const auto& [account, gauges] : gauges_) Show(*account);
  });
}

}  // namespace yingda::bot
