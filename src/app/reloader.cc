// SPDX-License-Identifier: MIT
#include "app/reloader.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <map>
#include <system_error>
#include <utility>

#include "config/reload_section.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kFirstSweep = 1s;
constexpr base::Duration kLongestSweep = 60s;
constexpr size_t kMaxErrorBytes = 500;
constexpr size_t kLoggedWarnings = 20;

std::vector<FileWatch::Place> AllPlaces(const config::Config& config) {
  std::vector<FileWatch::Place> places;
  if (!config.file.empty()) places.push_back({config.file, false});
  for (const config::AccountConfig& account : config.accounts) {
    for (std::string& place : PlacesOf(account)) places.push_back({std::move(place), true});
  }
  return places;
}

ReloadFailure FailureOf(const std::string& error, base::WallTime at) {
  ReloadFailure failure{at, {}, 0};
  for (size_t begin = 0; begin < error.size();) {
    const size_t end = std::min(error.find('\n', begin), error.size());
    if (failure.errors.size() < Reloader::kMaxErrors) {
      failure.errors.push_back(error.substr(begin, std::min(end - begin, kMaxErrorBytes)));
    } else {
      ++failure.more;
    }
    begin = end + 1;
  }
  return failure;
}

std::string Joined(const std::vector<std::string>& parts, const char* between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

int64_t Milliseconds(base::Duration duration) { return duration / 1ms; }

}  // namespace

struct Reloader::Instruments {
  explicit Instruments(base::Metrics& of) : metrics(of) {}

  void Count(const std::string& account, const char* what, bool good, base::WallTime now) {
    metrics
        .Counter("yingda_reload_total", "Loads of edited files",
                 {{"account", account}, {"what", what}, {"result", good ? "ok" : "failed"}})
        .Add();
    if (!good) return;
    metrics
        .Gauge("yingda_reload_last_success_timestamp_seconds", "When edited files last took effect",
               {{"account", account}, {"what", what}})
        .Set(static_cast<double>(base::UnixSeconds(now)));
  }
  void Show(const ReloadStatus::Account& account) {
    metrics.Gauge("yingda_rules", "Keyword rules in force", {{"account", account.name}})
        .Set(static_cast<double>(account.rules));
    metrics.Gauge("yingda_words", "Words of the deny and allow lists in force", {{"account", account.name}})
        .Set(static_cast<double>(account.words));
  }

  base::Metrics& metrics;
};

Reloader::Reloader(const config::Config& config, net::EventLoop& loop, base::Logger& logger, base::Metrics& metrics)
    : started_(config), loop_(loop), logger_(logger), instruments_(std::make_unique<Instruments>(metrics)) {}

Reloader::~Reloader() {
  if (worker_.joinable()) worker_.join();
  if (done_fd_ >= 0) ::close(done_fd_);
}

base::Result<void> Reloader::LoadFirst(std::vector<bot::Account*> accounts) {
  accounts_ = std::move(accounts);
  done_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (done_fd_ < 0) return base::Error{base::ErrorCode::kUnavailable, "eventfd: no more file descriptors"};
  status_.config_loaded = loop_.clock().WallNow();
  config_tried_ = StampsOf({started_.file});
  for (size_t i = 0; i < accounts_.size(); ++i) {
    AccountSource source{started_.accounts[i], StampsOf(PlacesOf(started_.accounts[i])), {}, 0, 0};
    YINGDA_TRY(AccountData data, LoadAccountData(source.config));
    sources_.push_back(std::move(source));
    status_.accounts.push_back({accounts_[i]->name, 0, 0, 0, {}, {}});
    accounts_[i]->settings.Set(std::make_shared<const bot::AccountSettings>(SettingsOf(sources_[i].config)));
    Loaded(i, std::move(data));
  }
  return {};
}

void Reloader::Start() {
  loop_.Watch(done_fd_, EPOLLIN, [this](uint32_t) { Finished(); });
  watch_.emplace(started_.reload, AllPlaces(started_), loop_, logger_, [this](FileWatch::Hint hint) { Hint(hint); });
  watch_->Start();
  status_.watch = watch_->Way();
  if (started_.reload.watch == config::ReloadOptions::Watch::kOff) return;
  Hint(FileWatch::Hint::kLookOnce);  // for what changed between loading and watching
}

void Reloader::LoadAll() {
  wanted_all_ = true;
  Begin();
}

void Reloader::Stop() {
  std::promise<void> stopped;
  loop_.Post([&] {
    stopped_ = true;
    watch_.reset();
    if (again_timer_ != 0) loop_.Cancel(again_timer_);
    if (sweep_timer_ != 0) loop_.Cancel(sweep_timer_);
    loop_.Unwatch(done_fd_);
    stopped.set_value();
  });
  stopped.get_future().get();
  if (worker_.joinable()) worker_.join();
}

void Reloader::Hint(FileWatch::Hint hint) {
  if (again_timer_ != 0) loop_.Cancel(std::exchange(again_timer_, 0));
  settled_ = hint == FileWatch::Hint::kChanged;
  Begin();
}

void Reloader::Begin() {
  if (stopped_) return;
  wanted_ = true;
  if (busy_) return;
  wanted_ = false;
  ReloadJob job{
      started_.file, started_.environment, config_tried_,  config_seen_, sources_, std::exchange(wanted_all_, false),
      settled_,      waits_ >= kMostWaits, std::move(old_)};
  old_.clear();
  outcome_there_ = false;
  try {
    busy_ = true;
    worker_ = std::thread([this, before = std::move(worker_), job = std::move(job)]() mutable {
      GiveWay();
      // Here, as the loop must not wait for a thread that gives way to all others.
      if (before.joinable()) before.join();
      outcome_ = std::make_unique<ReloadOutcome>(RunReload(std::move(job), loop_.clock()));
      outcome_there_ = true;
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t told = ::write(done_fd_, &one, sizeof one);
    });
  } catch (const std::system_error& error) {
    busy_ = false;
    logger_.Error("reload_failed", {{"what", std::string("no thread to load files: ") + error.what()}});
    LookAgain(false);
  }
}

void Reloader::Finished() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(done_fd_, &count, sizeof count);
  if (!outcome_there_.exchange(false)) return;
  const std::unique_ptr<ReloadOutcome> outcome = std::move(outcome_);
  old_ = std::move(outcome->old);
  Apply(outcome->config);
  bool waits = outcome->config.end == ReloadEnd::kWaits;
  for (size_t i = 0; i < outcome->accounts.size(); ++i) {
    Apply(i, outcome->accounts[i]);
    waits |= outcome->accounts[i].end == ReloadEnd::kWaits;
  }
  busy_ = false;
  if (wanted_) {
    Begin();
  } else if (waits) {
    LookAgain(true);
  } else {
    waits_ = 0;
  }
  SweepLater();
}

void Reloader::LookAgain(bool waits) {
  if (waits) ++waits_;
  if (stopped_ || again_timer_ != 0) return;
  again_timer_ = loop_.After(started_.reload.debounce, [this] {
    again_timer_ = 0;
    Begin();
  });
}

void Reloader::Apply(ConfigOutcome& outcome) {
  config_seen_ = outcome.stamps;
  if (outcome.end == ReloadEnd::kLoaded || outcome.end == ReloadEnd::kFailed) config_tried_ = outcome.stamps;
  const base::WallTime now = loop_.clock().WallNow();
  if (outcome.end == ReloadEnd::kFailed) {
    Failed("", outcome.error, status_.config_failed);
    instruments_->Count("", "config", false, now);
  }
  if (!outcome.config) return;
  for (size_t i = 0; i < sources_.size(); ++i) {
    for (const config::AccountConfig& account : outcome.config->accounts) {
      if (account.name == accounts_[i]->name) config::TakeReloadable(account, sources_[i].config);
    }
    accounts_[i]->settings.Set(std::make_shared<const bot::AccountSettings>(SettingsOf(sources_[i].config)));
  }
  logger_.SetLevel(outcome.config->log_level);
  status_.config_loaded = now;
  status_.config_failed.reset();
  status_.needs_restart = config::NeedsRestart(started_, *outcome.config);
  instruments_->Count("", "config", true, now);
  logger_.Info("config_reloaded", {{"file", started_.file},
                                   {"took_ms", Milliseconds(outcome.took)},
                                   {"needs_restart", Joined(status_.needs_restart, ", ")}});
}

void Reloader::Apply(size_t index, AccountOutcome& outcome) {
  AccountSource& source = sources_[index];
  source.seen = outcome.stamps;
  if (outcome.end == ReloadEnd::kNothing || outcome.end == ReloadEnd::kWaits) return;
  source.tried = std::move(outcome.stamps);
  ReloadStatus::Account& status = status_.accounts[index];
  const base::WallTime now = loop_.clock().WallNow();
  instruments_->Count(status.name, "rules_and_words", outcome.data.has_value(), now);
  if (!outcome.data) {
    Failed(status.name, outcome.error, status.failed);
    return;
  }
  const auto before = accounts_[index]->files.Get();
  if (accounts_[index]->statistics != nullptr) accounts_[index]->statistics->OnRulesLoaded(std::move(outcome.counts));
  Loaded(index, *std::move(outcome.data));
  // Freed off the serving threads, when nobody reads in them any more.
  if (before->rules) old_.push_back(before->rules);
  if (before->words) old_.push_back(before->words);
  if (old_.size() > kMaxOld) old_.erase(old_.begin(), old_.end() - kMaxOld);
  sweep_pause_ = kFirstSweep;
  logger_.Info("reloaded", {{"account", status.name},
                            {"rules", status.rules},
                            {"words", status.words},
                            {"generation", status.generation},
                            {"took_ms", Milliseconds(outcome.took)}});
}

void Reloader::Loaded(size_t index, AccountData data) {
  for (size_t i = 0; i < std::min(data.warnings.size(), kLoggedWarnings); ++i) {
    logger_.Warning("file_warning", {{"account", accounts_[index]->name}, {"what", data.warnings[i]}});
  }
  ReloadStatus::Account& status = status_.accounts[index];
  status.rules = sources_[index].rules = data.rule_count;
  status.words = sources_[index].words = data.word_count;
  ++status.generation;
  status.loaded = loop_.clock().WallNow();
  status.failed.reset();
  instruments_->Show(status);
  accounts_[index]->files.Set(std::make_shared<const bot::AccountFiles>(std::move(data.files)));
}

void Reloader::Failed(const std::string& account, const std::string& error, std::optional<ReloadFailure>& failure) {
  failure = FailureOf(error, loop_.clock().WallNow());
  logger_.Error("reload_failed",
                {{"account", account}, {"what", Joined(failure->errors, "\n")}, {"more_errors", failure->more}});
}

/// A build frees what is old before it begins; where none is coming, a look does.
void Reloader::SweepLater() {
  if (old_.empty() || sweep_timer_ != 0 || stopped_) return;
  sweep_timer_ = loop_.After(sweep_pause_, [this] {
    sweep_timer_ = 0;
    sweep_pause_ = std::min<base::Duration>(sweep_pause_ * 2, kLongestSweep);
    Begin();
  });
}

}  // namespace yingda::app
