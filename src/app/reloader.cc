// SPDX-License-Identifier: MIT
#include "app/reloader.h"

#include <sys/epoll.h>

#include <algorithm>
#include <future>
#include <utility>

#include "config/reload_section.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kFirstSweep = 1s;
constexpr base::Duration kLongestSweep = 60s;
constexpr size_t kMaxErrorBytes = 500;
constexpr size_t kLoggedWarnings = 20;
/// Between two looks at what may be in the middle of a change: the debounce, within these bounds.
constexpr base::Duration kLatest = 2s;

/// The configuration's file first, then those of the accounts in their order.
std::vector<WatchedPlace> AllPlaces(const config::Config& config) {
  std::vector<WatchedPlace> places = {{config.file, false}};
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

Reloader::~Reloader() = default;

base::Result<void> Reloader::LoadFirst(std::vector<bot::Account*> accounts) {
  accounts_ = std::move(accounts);
  YINGDA_TRY(worker_, ReloadWorker::Start());
  status_.config_loaded = loop_.clock().WallNow();
  // Its stamps stay empty, which differs from any: it was read before we came, and may have been written since.
  written_ = std::make_shared<const std::map<std::string, size_t>>(started_.written);
  for (size_t i = 0; i < accounts_.size(); ++i) {
    AccountSource source{started_.accounts[i], {}, {}, {}};
    source.of_force = StampsOfAccount(source.config);
    source.state.tried = source.of_force.Both();
    YINGDA_TRY(AccountData data, LoadAccountData(source.config));
    sources_.push_back(std::move(source));
    status_.accounts.push_back({accounts_[i]->name, 0, 0, 0, {}, {}});
    accounts_[i]->settings.Set(std::make_shared<const bot::AccountSettings>(SettingsOf(sources_[i].config)));
    Loaded(i, std::move(data));
  }
  return {};
}

void Reloader::Start() {
  loop_.Watch(worker_->done_fd(), EPOLLIN, [this](uint32_t) { Finished(); });
  watch_.emplace(started_.reload, AllPlaces(started_), loop_, logger_, [this](FileWatch::Hint hint) { Hint(hint); });
  watch_->Start();
  status_.watch = watch_->Way();
  if (started_.reload.watch == config::ReloadOptions::Watch::kOff) return;
  Hint(FileWatch::Hint::kLookOnce);  // for what changed between loading and watching
}

void Reloader::LoadAll() {
  wants_all_ = true;
  Look(true);
}

void Reloader::Stop() {
  std::promise<void> stopped;
  loop_.Post([&] {
    stopped_ = true;
    watch_.reset();
    for (net::EventLoop::TimerId* const timer : {&again_timer_, &sweep_timer_, &long_timer_}) {
      if (*timer != 0) loop_.Cancel(std::exchange(*timer, 0));
    }
    if (worker_) loop_.Unwatch(worker_->done_fd());
    stopped.set_value();
  });
  stopped.get_future().get();
}

bool Reloader::Join(base::Duration at_most) { return !worker_ || worker_->Join(at_most); }

void Reloader::Hint(FileWatch::Hint hint) {
  if (again_timer_ != 0) loop_.Cancel(std::exchange(again_timer_, 0));
  Look(hint == FileWatch::Hint::kChanged);
}

void Reloader::Look(bool settled) {
  wants_settled_ = settled && (wants_settled_ || !wants_look_);
  wants_look_ = true;
  Begin();
}

void Reloader::Begin() {
  const bool serves = watch_ && !stopped_;
  if (!serves || busy_ || !(wants_look_ || wants_sweep_)) return;
  busy_ = true;
  long_timer_ = loop_.After(kLong, [this] {
    long_timer_ = 0;
    logger_.Error("reload_hangs", {{"what", "files are still being read after a minute: is a disk or network gone?"}});
  });
  worker_->Run(NextJob());
}

ReloadJob Reloader::NextJob() {
  ReloadJob job;
  job.old = std::exchange(old_, {});
  wants_sweep_ = false;
  job.look = std::exchange(wants_look_, false);
  if (!job.look) return job;
  const bool all = std::exchange(wants_all_, false);
  const std::set<size_t> moving = watch_->BeingWritten();
  size_t place = 0;
  const auto prepare = [&](SourceState& state, size_t places) {
    state.forced |= all;
    const auto first = moving.lower_bound(place);
    place += places;
    state.moving = first != moving.end() && *first < place;
  };
  prepare(config_, 1);
  for (AccountSource& source : sources_) prepare(source.state, PlacesOf(source.config).size());
  job.watch = watch_->Request();
  job.config_file = started_.file;
  job.environment = started_.environment;
  job.config = config_;
  job.written = written_;
  job.accounts = sources_;
  job.settled = wants_settled_;
  looked_at_ = job.now = loop_.clock().Now();
  job.any_time = waiting_since_ && job.now - *waiting_since_ >= kPatience;
  return job;
}

void Reloader::Finished() {
  const std::unique_ptr<ReloadOutcome> outcome = worker_->Take();
  if (!outcome) return;
  if (long_timer_ != 0) loop_.Cancel(std::exchange(long_timer_, 0));
  old_ = std::move(outcome->old);
  if (outcome->looked) {
    watch_->Take(std::move(outcome->watch));
    status_.watch = watch_->Way();
    Apply(outcome->config);
    bool waits = outcome->config.end == ReloadEnd::kWaits;
    for (size_t i = 0; i < outcome->accounts.size(); ++i) {
      Apply(i, outcome->accounts[i]);
      waits |= outcome->accounts[i].end == ReloadEnd::kWaits;
    }
    LookAgain(waits);
  }
  busy_ = false;
  Begin();
  SweepLater();
}

void Reloader::LookAgain(bool waits) {
  if (!waits) {
    waiting_since_.reset();
    return;
  }
  if (!waiting_since_) waiting_since_ = loop_.clock().Now();
  if (again_timer_ != 0) return;
  again_timer_ = loop_.After(std::clamp<base::Duration>(started_.reload.debounce, kRest, kLatest), [this] {
    again_timer_ = 0;
    Look(false);
  });
}

void Reloader::Seen(const FileStamps& stamps, SourceState& state) const {
  if (stamps.lines != state.seen.lines) state.seen_since = looked_at_;
  state.seen = stamps;
}

void Reloader::Apply(ConfigOutcome& outcome) {
  Seen(outcome.stamps, config_);
  if (outcome.end == ReloadEnd::kNothing || outcome.end == ReloadEnd::kWaits) return;
  config_.tried = std::move(outcome.stamps);
  config_.forced = false;
  const base::WallTime now = loop_.clock().WallNow();
  if (outcome.end == ReloadEnd::kFailed) {
    Failed("", outcome.error, status_.config_failed);
    instruments_->Count("", "config", false, now);
  }
  if (outcome.end == ReloadEnd::kSame && status_.config_failed) {
    status_.config_failed.reset();
    instruments_->Count("", "config", true, now);
    logger_.Info("config_reloaded", {{"file", started_.file}, {"changed", false}});
  }
  if (!outcome.config) return;
  written_ = std::make_shared<const std::map<std::string, size_t>>(outcome.config->written);
  for (size_t i = 0; i < sources_.size(); ++i) {
    for (const config::AccountConfig& account : outcome.config->accounts) {
      if (account.name == accounts_[i]->name) config::TakeReloadable(account, sources_[i].config);
    }
    sources_[i].in_force.files = {};  // read with other options: whenever the account loads, all of it is read again
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
  FileStamps stamps = outcome.stamps.Both();
  Seen(stamps, source.state);
  if (outcome.end == ReloadEnd::kNothing || outcome.end == ReloadEnd::kWaits) return;
  source.state.tried = std::move(stamps);
  const bool was_forced = std::exchange(source.state.forced, false);
  ReloadStatus::Account& status = status_.accounts[index];
  const base::WallTime now = loop_.clock().WallNow();
  instruments_->Count(status.name, "rules_and_words", outcome.data.has_value(), now);
  if (!outcome.data) {
    Failed(status.name, outcome.error, status.failed);
    if (was_forced) source.in_force.files = {};  // the operator's word holds for the load that mends it
    return;
  }
  const auto before = accounts_[index]->files.Get();
  const bool new_rules = outcome.data->files.rules != before->rules;
  const bool new_words = outcome.data->files.words != before->words;
  bot::Statistics* const statistics = accounts_[index]->statistics;
  if (new_rules && statistics != nullptr) statistics->OnRulesLoaded(std::move(outcome.counts));
  source.of_force = std::move(outcome.stamps);
  Loaded(index, *std::move(outcome.data));
  // Freed off the serving threads, when nobody reads in them any more.
  if (new_rules && before->rules) old_.push_back(before->rules);
  if (new_words && before->words) old_.push_back(before->words);
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
  sources_[index].in_force = {data.files, data.rule_count, data.word_count};
  status.rules = data.rule_count;
  status.words = data.word_count;
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
    wants_sweep_ = true;
    Begin();
  });
}

}  // namespace yingda::app
