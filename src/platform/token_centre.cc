// SPDX-License-Identifier: MIT
#include "platform/token_centre.h"

#include <algorithm>
#include <utility>

#include "base/secret.h"
#include "platform/pause.h"

namespace yingda::platform {
namespace {

using namespace std::chrono_literals;
using Kind = TokenAnswer::Kind;

/// The stable interface gives a new token only in the last five minutes of the old one.
constexpr base::Duration kStableAhead = 290s;
constexpr base::Duration kLegacyAhead = 600s;
/// A token that ends while the request is on its way is of no use.
constexpr base::Duration kMargin = 5s;
/// A fresh token that is refused so soon was not at fault itself.
constexpr base::Duration kQuick = 30s;
constexpr base::Duration kTooOftenPause = 60s;
constexpr base::Duration kLongestLifetime = 24h * 7;

double KernelRandom() {
  const std::string bytes = base::RandomBytes(2);
  return (static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1])) / 65536.0;
}

base::Duration Scaled(base::Duration duration, double by) {
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double, std::nano>(duration) * by);
}

const char* ResultLabel(Kind kind) {
  switch (kind) {
    case Kind::kToken:
      return "ok";
    case Kind::kBusy:
      return "busy";
    case Kind::kTooOften:
      return "rate";
    case Kind::kQuota:
      return "quota";
    case Kind::kWrongSecret:
      return "wrong_secret";
    case Kind::kAddress:
      return "address";
    case Kind::kRefused:
      return "refused";
  }
  return "refused";
}

TokenCentre::Options WithDefaults(TokenCentre::Options options) {
  if (!options.random) options.random = KernelRandom;
  return options;
}

}  // namespace

TokenCentre::TokenCentre(Options options, net::HttpClient& client, net::EventLoop& loop, store::Store& store,
                         base::Logger& logger, base::Metrics& metrics)
    : options_(WithDefaults(std::move(options))),
      loop_(loop),
      store_(store),
      logger_(logger),
      metrics_(metrics),
      expires_(metrics.Gauge("yingda_token_expires_seconds", "When the access token ends, in Unix time",
                             {{"account", options_.account}})),
      calls_(client, loop) {}

TokenCentre::~TokenCentre() {
  if (timer_ != 0) loop_.Cancel(timer_);
}

void TokenCentre::Get(Done done) {
  if (loaded_ && Usable()) {
    used_ = true;
    const AccessToken token = *token_;
    const base::TimePoint now = loop_.clock().Now();
    if (now >= renew_at_ && now >= not_before_ && !fetching_) Fetch(false);
    done(token);
    return;
  }
  if (loaded_ && !fetching_ && loop_.clock().Now() < not_before_) {
    done(last_error_);
    return;
  }
  if (waiting_.size() >= options_.max_waiting) {
    done(base::Error{base::ErrorCode::kUnavailable, "too many calls wait for the access token"});
    return;
  }
  waiting_.push_back(std::move(done));
  if (!loaded_) {
    Load();
  } else if (!fetching_) {
    Fetch(false);
  }
}

void TokenCentre::Refused(int64_t generation) {
  if (!token_ || refused_ || token_->generation != generation) return;
  refused_ = true;
  const base::TimePoint now = loop_.clock().Now();
  quick_refusals_ = now - fetched_ < kQuick ? quick_refusals_ + 1 : 0;
  if (quick_refusals_ < 2) return;
  // Each new token was refused at once: fetching still more of them would use up the day's, and mend nothing.
  const base::Duration pause = GrowingPause(kQuick, options_.long_pause, quick_refusals_ - 1);
  TokenAnswer trouble;
  trouble.kind = Kind::kRefused;
  trouble.problem =
      "WeChat refuses every new access token at once; look for another program that fetches tokens of this account";
  not_before_ = std::max(not_before_, now + pause);
  last_error_ = {base::ErrorCode::kUnavailable, trouble.problem};
  Report(trouble);
}

bool TokenCentre::Usable() const { return token_ && !refused_ && loop_.clock().Now() < token_->expires - kMargin; }

void TokenCentre::Load() {
  if (std::exchange(load_begun_, true)) return;
  store_.LoadToken(options_.account, options_.credentials.app_id, ToString(options_.endpoint),
                   [weak = std::weak_ptr(self_)](base::Result<std::optional<store::TokenRecord>> record) {
                     const auto alive = weak.lock();
                     if (!alive) return;
                     TokenCentre& self = **alive;
                     self.loaded_ = true;
                     if (record && *record) self.TakeLoaded(**record);
                     std::vector<Done> waiting;
                     waiting.swap(self.waiting_);
                     for (Done& done : waiting) self.Get(std::move(done));
                   });
}

void TokenCentre::TakeLoaded(const store::TokenRecord& record) {
  last_generation_ = record.generation;
  const auto left = std::chrono::milliseconds(record.expires_ms - base::UnixMilliseconds(loop_.clock().WallNow()));
  // Longer than any token lives: the calendar was set back.
  if (left <= kMargin || left > kLongestLifetime || record.value.empty()) return;
  const base::TimePoint now = loop_.clock().Now();
  token_ = AccessToken{record.value, record.generation, now + left};
  fetched_ = now - kQuick;
  renew_at_ = token_->expires - (options_.endpoint == TokenEndpoint::kStable ? kStableAhead : kLegacyAhead) +
              Scaled(options_.jitter, options_.random());
  expires_.Set(static_cast<double>(record.expires_ms) / 1000);
  RenewWhenDue();
}

void TokenCentre::Fetch(bool force) {
  fetching_ = true;
  const base::TimePoint now = loop_.clock().Now();
  if (force) forced_.push_back(now);
  calls_.Start(
      TokenRequest(options_.endpoint, options_.credentials, force), now + options_.call_deadline,
      [this, now, force](const base::Result<HttpAnswer>& answer) { OnAnswer(now, force, ReadTokenAnswer(answer)); });
}

bool TokenCentre::MayForce() const {
  if (options_.endpoint != TokenEndpoint::kStable) return false;
  const base::TimePoint now = loop_.clock().Now();
  const auto today = std::count_if(forced_.begin(), forced_.end(), [now](auto at) { return now - at < 24h; });
  return static_cast<size_t>(today) < options_.forced_per_day &&
         (forced_.empty() || now - forced_.back() >= options_.between_forced);
}

void TokenCentre::OnAnswer(base::TimePoint asked, bool forced, const TokenAnswer& answer) {
  fetching_ = false;
  while (!forced_.empty() && loop_.clock().Now() - forced_.front() >= 24h) forced_.pop_front();
  const bool same = token_ && answer.kind == Kind::kToken && token_->value == answer.token;
  Count(forced, same ? "same" : ResultLabel(answer.kind));
  if (answer.kind != Kind::kToken) {
    Fail(answer);
  } else if (!same || !refused_) {
    Accept(asked, answer);
  } else if (!forced && MayForce()) {
    // WeChat holds the refused token for its newest, so only force brings another.
    Fetch(true);
  } else {
    TokenAnswer trouble;
    trouble.kind = Kind::kTooOften;
    trouble.problem = "WeChat refuses the access token and gives no other; trying again in a minute";
    Fail(trouble);
  }
}

void TokenCentre::Accept(base::TimePoint asked, const TokenAnswer& answer) {
  const base::TimePoint expires = asked + answer.lifetime;
  if (!token_ || token_->value != answer.token) ++last_generation_;
  token_ = AccessToken{answer.token, last_generation_, expires};
  refused_ = false;
  used_ = false;
  fetched_ = loop_.clock().Now();
  const base::Duration ahead = options_.endpoint == TokenEndpoint::kStable ? kStableAhead : kLegacyAhead;
  renew_at_ = expires - std::min(ahead, answer.lifetime / 2) + Scaled(options_.jitter, options_.random());
  // A token that is about to end, and still the newest: not at once again.
  renew_at_ = std::max(renew_at_, fetched_ + options_.first_pause);
  failures_ = 0;
  not_before_ = {};
  if (!reported_.empty()) logger_.Info("token_works_again", {{"account", options_.account}});
  reported_.clear();
  Save(answer);
  Serve();
  RenewWhenDue();
}

void TokenCentre::Save(const TokenAnswer& answer) {
  store::TokenRecord record;
  record.account = options_.account;
  record.app_id = options_.credentials.app_id;
  record.endpoint = ToString(options_.endpoint);
  record.value = answer.token;
  record.generation = last_generation_;
  const base::WallTime now = loop_.clock().WallNow();
  record.fetched_ms = base::UnixMilliseconds(now);
  record.expires_ms = base::UnixMilliseconds(now + (token_->expires - loop_.clock().Now()));
  expires_.Set(static_cast<double>(record.expires_ms) / 1000);
  store_.SaveToken(std::move(record), [weak = std::weak_ptr(self_)](const base::Result<void>& saved) {
    const auto alive = weak.lock();
    if (!alive || saved) return;
    (*alive)->logger_.Warning("token_not_saved", {{"account", (*alive)->options_.account},
                                                  {"what", saved.error().message + "; a restart fetches a new one"}});
  });
}

base::Duration TokenCentre::PauseAfter(const TokenAnswer& answer) {
  switch (answer.kind) {
    case Kind::kToken:
    case Kind::kBusy:
      break;
    case Kind::kTooOften:
    case Kind::kAddress:  // an operator who adds the address is looking at the log right now
      return kTooOftenPause;
    case Kind::kQuota:
    case Kind::kWrongSecret:
    case Kind::kRefused:
      return options_.long_pause;
  }
  return Scaled(GrowingPause(options_.first_pause, options_.longest_pause, failures_), 0.75 + options_.random() / 2);
}

void TokenCentre::Fail(const TokenAnswer& answer) {
  ++failures_;
  not_before_ = loop_.clock().Now() + PauseAfter(answer);
  last_error_ = {answer.kind == Kind::kWrongSecret ? base::ErrorCode::kUnauthenticated : base::ErrorCode::kUnavailable,
                 answer.problem};
  Report(answer);
  Serve();
  RenewWhenDue();
}

void TokenCentre::Report(const TokenAnswer& answer) {
  const std::string now = std::string(ResultLabel(answer.kind)) + std::to_string(answer.errcode) + answer.address;
  if (now == reported_) return;
  reported_ = now;
  const std::initializer_list<base::LogField> fields = {
      {"account", options_.account}, {"errcode", answer.errcode}, {"what", answer.problem}};
  if (answer.kind == Kind::kBusy || answer.kind == Kind::kTooOften) {
    logger_.Warning("no_token", fields);
  } else {
    logger_.Error("no_token", fields);
  }
}

/// Ahead of its end, but only what was used: an account at rest costs no calls.
void TokenCentre::RenewWhenDue() {
  if (timer_ != 0) loop_.Cancel(std::exchange(timer_, 0));
  const base::TimePoint when = std::max(renew_at_, not_before_);
  if (!token_ || refused_ || when >= token_->expires) return;
  timer_ = loop_.At(when, [this] {
    timer_ = 0;
    if (used_ && !fetching_ && Usable()) Fetch(false);
  });
}

void TokenCentre::Serve() {
  std::vector<Done> waiting;
  waiting.swap(waiting_);
  if (waiting.empty()) return;
  base::Result<AccessToken> result = last_error_;
  if (Usable()) {
    result = *token_;
    used_ = true;
  }
  for (const Done& done : waiting) done(result);
}

void TokenCentre::Count(bool forced, const char* result) {
  metrics_
      .Counter("yingda_token_refresh_total", "Access tokens asked for",
               {{"mode", forced ? "forced" : ToString(options_.endpoint)}, {"result", result}})
      .Add();
}

}  // namespace yingda::platform
