// SPDX-License-Identifier: MIT
#include "app/application.h"

#include <algorithm>
#include <future>
#include <utility>

#include "app/status_report.h"
#include "platform/ability_probe.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kBetweenSweeps = 60s;
/// Open calls to WeChat's API that each account may have: WeChatApi's limit, and one for the token.
constexpr size_t kPlatformCalls = 257;
/// For a load of edited files to end when everything else has: a folder may be on a network that is gone.
constexpr base::Duration kLoadEnds = 3s;
constexpr base::Duration kTurnsKeep = 24h * 30;

/// An account's ability is asked for again when WeChat could not be reached: after this, doubled each time.
constexpr base::Duration kFirstProbeAgain = 30s;
constexpr int kMostDoublings = 6;  // then about every half an hour, for whoever mends it meanwhile

int64_t MillisecondsBefore(base::Clock& clock, base::Duration ago) {
  return base::UnixMilliseconds(clock.WallNow() - ago);
}

}  // namespace

Application::Application(config::Config config, base::Clock& clock, base::Logger& logger)
    : config_(std::move(config)),
      clock_(clock),
      started_(clock.WallNow()),
      logger_(logger),
      loop_(clock),
      book_(config_.reply_book, clock) {}

Application::~Application() {
  Stop();
  EndPlatforms();
  // The loop's last functions are completions that point into the desk and the models, so it ends before them.
  store_.reset();
  loop_.Stop();
}

base::Result<void> Application::Start() {
  net::CurlHttpClient::Options client;
  client.max_calls =
      config_.max_model_calls + config_.accounts.size() * kPlatformCalls + config_.pictures.max_in_flight + 16;
  http_client_ = std::make_unique<net::CurlHttpClient>(client, loop_);
  pictures_ = std::make_unique<model::PictureFetcher>(config_.pictures, *http_client_, loop_, metrics_);
  MakeUpstreams();
  if (auto made = MakeAccounts(); !made) return made;
  if (auto opened = OpenStore(); !opened) return opened;
  MakePlatforms();
  pages_ = std::make_unique<bot::AnswerPages>(config_.pages, loop_, *store_, metrics_);
  pages_->ShowThrough([this](const std::string& account) { return AccountNamed(account); });
  desk_ = std::make_unique<bot::AnswerDesk>(config_.desk, loop_, book_, *store_, *pages_, logger_, metrics_, tagger_);
  bot_ = std::make_unique<bot::Bot>(config_.bot, book_, *desk_, loop_, clock_, logger_, metrics_);
  if (auto recovered = TakeUpStatistics(); !recovered) return recovered;
  if (auto recovered = TakeUpUsage(); !recovered) return recovered;
  if (auto recovered = TakeUpOldJobs(); !recovered) return recovered;
  MakeServers();
  if (auto started = operations_server_->Start(); !started) return started;
  if (auto started = push_server_->Start(); !started) return started;
  operations_->SetReady(true);
  loop_.Post([this] {
    SweepRegularly();
    statistics_->Start();
    FindAbilities();
    reloader_->Start();
    for (model::KeepWarm* const warm : warm_) warm->Start();
  });
  logger_.Info("serving",
               {{"push_port", PushPort()}, {"operations_port", OperationsPort()}, {"accounts", accounts_.size()}});
  return {};
}

void Application::MakeUpstreams() {
  for (const auto& upstream : config_.upstreams) {
    std::unique_ptr<model::ChatModel> model =
        std::make_unique<model::OpenAiChatModel>(upstream, *http_client_, loop_, logger_, metrics_);
    model::KeepWarm* keeps_warm = nullptr;
    if (upstream.keep_warm > 0s) {
      model::KeepWarm::Options options{.upstream = upstream.name, .every = upstream.keep_warm};
      auto warm = std::make_unique<model::KeepWarm>(std::move(options), std::move(model), loop_, logger_, metrics_);
      warm_.push_back(keeps_warm = warm.get());
      model = std::move(warm);
    }
    upstreams_.push_back(std::make_unique<model::Upstream>(upstream.name, std::move(model), upstream.takes_pictures,
                                                           config_.upstream_health, logger_, metrics_));
    if (keeps_warm == nullptr) continue;
    keeps_warm->AskOnlyWhile([this, &health = upstreams_.back()->health()] {
      return health.StateAt(loop_.clock().Now()) != model::UpstreamHealth::State::kParked;
    });
  }
}

base::Result<void> Application::MakeAccounts() {
  std::vector<bot::Account*> all;
  for (const config::AccountConfig& from : config_.accounts) {
    auto account = std::make_unique<bot::Account>();
    account->name = from.name;
    account->pictures = pictures_.get();
    account->model = MakeModel(from);
    accounts_.push_back(std::move(account));
    all.push_back(accounts_.back().get());
  }
  reloader_ = std::make_unique<Reloader>(config_, loop_, logger_, metrics_);
  return reloader_->LoadFirst(std::move(all));
}

/// What answers for this account: its upstreams, in its order. Null: it has none.
model::ChatModel* Application::MakeModel(const config::AccountConfig& account) {
  std::vector<model::ModelRouter::Choice> choices;
  for (const config::UpstreamChoice& choice : account.upstreams) {
    for (const auto& upstream : upstreams_) {
      if (upstream->name() == choice.name) choices.push_back({upstream.get(), choice.weight});
    }
  }
  if (choices.empty()) return nullptr;
  routers_.push_back(
      std::make_unique<model::ModelRouter>(account.name, config_.route, choices, loop_, logger_, metrics_));
  if (account.repeats.ttl <= 0s) return routers_.back().get();
  // One of its own: another account's prompt may be the same today, and its answers are still not this one's.
  repeats_.push_back(
      std::make_unique<model::RepeatCache>(account.name, account.repeats, *routers_.back(), loop_, metrics_));
  return repeats_.back().get();
}

base::Result<void> Application::OpenStore() {
  store::SqliteStore::Options options;
  options.path = config_.sqlite_path;
  options.queue_limit = config_.store_queue;
  options.intent_log_bytes = config_.store_intent_log;
  options.conversations = config_.store_conversations;
  auto opened = store::SqliteStore::Open(
      options, [this](std::function<void()> completion) { loop_.Post(std::move(completion)); }, logger_, metrics_);
  if (!opened) return opened.error();
  store_ = *std::move(opened);
  return {};
}

void Application::MakePlatforms() {
  const PlatformParts parts{*http_client_, loop_, *store_, logger_, metrics_};
  for (const config::AccountConfig& account : config_.accounts) {
    platforms_.push_back(MakeAccountPlatform(account, parts));
    bot::Account& of_bot = *accounts_[platforms_.size() - 1];
    of_bot.messages = platforms_.back().messages.get();
    of_bot.ability = FirstAbility(account.kind);
  }
}

/// On the loop, where calls of theirs may be under way.
void Application::EndPlatforms() {
  std::promise<void> ended;
  loop_.Post([&] {
    platforms_.clear();
    ended.set_value();
  });
  ended.get_future().get();
}

base::Result<void> Application::TakeUpStatistics() {
  statistics_ = std::make_unique<StatisticsKeeper>(StatisticsKeeper::Options(), loop_, *store_, logger_);
  for (const auto& account : accounts_) {
    bot::Statistics::Options options;
    options.questions.keep_texts = config_.desk.log_content;
    account->statistics = &statistics_->Add(account->name, options);
    account->statistics->OnRulesLoaded(bot::Statistics::TableOf(account->files.Get()->rules));
  }
  std::promise<base::Result<void>> done;
  statistics_->Recover([&](base::Result<void> recovered) { done.set_value(std::move(recovered)); });
  return done.get_future().get();
}

base::Result<void> Application::TakeUpUsage() {
  std::promise<base::Result<void>> done;
  store_->LoadUsage(base::ChinaDay(clock_.WallNow()), [&](const base::Result<std::vector<store::Usage>>& usage) {
    if (usage) desk_->RecoverUsage(*usage, [this](const std::string& name) { return AccountNamed(name); });
    done.set_value(usage ? base::Result<void>() : base::Result<void>(usage.error()));
  });
  return done.get_future().get();
}

base::Result<void> Application::TakeUpOldJobs() {
  std::promise<base::Result<void>> done;
  const int64_t since = MillisecondsBefore(clock_, config_.reply_book.keep);
  store_->LoadJobs(since, [&](base::Result<std::vector<store::JobRecord>> jobs) {
    if (!jobs) {
      done.set_value(jobs.error());
      return;
    }
    desk_->Recover(*std::move(jobs), [this](const std::string& name) { return AccountNamed(name); });
    TakeUpUnread(done);
  });
  return done.get_future().get();
}

void Application::TakeUpUnread(std::promise<base::Result<void>>& done) {
  store_->UnreadFollowers(base::UnixMilliseconds(clock_.WallNow()), config_.desk.most_unread_at_start,
                          [&](const base::Result<std::vector<store::FollowerName>>& followers) {
                            if (!followers) {
                              done.set_value(followers.error());
                              return;
                            }
                            desk_->RecoverUnread(*followers,
                                                 [this](const std::string& name) { return AccountNamed(name); });
                            done.set_value({});
                          });
}

/// Accounts of kind auto answer passively until WeChat says that they may write to their followers.
void Application::FindAbilities() {
  for (size_t i = 0; i < platforms_.size(); ++i) {
    if (config_.accounts[i].kind == config::AccountConfig::Kind::kAuto && platforms_[i].api) FindAbility(i, 0);
  }
}

void Application::FindAbility(size_t index, int failures) {
  platform::ProbeAbility(*platforms_[index].api, [this, index, failures](const platform::AbilityFinding& finding) {
    const bot::Account& account = *accounts_[index];
    if (stopped_) return;
    if (finding.can_push == platform::CanPush::kUnknown) {
      if (failures == 0) logger_.Warning("ability_unknown", {{"account", account.name}, {"what", finding.why}});
      loop_.After(kFirstProbeAgain * (int64_t{1} << std::min(failures, kMostDoublings)), [this, index, failures] {
        if (index < platforms_.size()) FindAbility(index, failures + 1);
      });
      return;
    }
    const bool can = finding.can_push == platform::CanPush::kYes;
    logger_.Info("ability", {{"account", account.name}, {"customer_service_messages", can}});
    if (!can) return;
    account.ability = bot::Ability::kPush;
    desk_->AbilityFound(account);
  });
}

void Application::MakeServers() {
  push_server_ = std::make_unique<net::HttpServer>(config_.push_server, clock_, logger_, metrics_);
  operations_server_ = std::make_unique<net::HttpServer>(config_.operations_server, clock_, logger_, metrics_);
  std::vector<const bot::Account*> all;
  for (size_t i = 0; i < accounts_.size(); ++i) {
    // The configuration was checked when it was read: the options are known to be good.
    auto callback = wechat::Callback::Create(config_.accounts[i].callback);
    callbacks_.push_back(std::make_unique<server::CallbackHandler>(*accounts_[i], *std::move(callback), *bot_, clock_,
                                                                   logger_, metrics_));
    callbacks_.back()->Serve(*push_server_, config_.accounts[i].path);
    all.push_back(accounts_[i].get());
  }
  if (pages_->Enabled()) {
    page_handler_ =
        std::make_unique<server::AnswerPageHandler>(server::AnswerPageHandler::Options(), *pages_, loop_, metrics_);
    page_handler_->Serve(*push_server_);
  }
  statistics_handler_ = std::make_unique<server::StatisticsHandler>(all);
  statistics_handler_->Serve(*operations_server_);
  operations_ = std::make_unique<server::OperationsHandler>(server::OperationsHandler::Options(), std::move(all),
                                                            metrics_, loop_);
  operations_->Serve(*operations_server_);
  ServeStatus();
  ServePrograms();
}

void Application::ServeStatus() {
  operations_server_->Handle("GET", "/status", [this](const auto&, auto responder) {
    loop_.Post([this, responder = std::make_shared<net::Responder>(std::move(responder))] {
      ServerStatus status{started_, clock_.WallNow(),   operations_->IsReady(), desk_->Waiting(), desk_->Jobs(),
                          {},       reloader_->status()};
      for (const auto& upstream : upstreams_) {
        status.upstreams.push_back({upstream->name(), upstream->health().StateAt(clock_.Now())});
      }
      responder->Send({200, "application/json; charset=utf-8", StatusJson(status), {}});
    });
  });
}

void Application::ServePrograms() {
  if (config_.clients.empty()) return;
  std::map<std::string, platform::TokenProvider*> tokens;
  std::map<std::string, platform::WeChatApi*> apis;
  for (size_t i = 0; i < platforms_.size(); ++i) {
    const std::string& name = config_.accounts[i].name;
    if (platforms_[i].tokens) tokens.emplace(name, platforms_[i].tokens.get());
    if (platforms_[i].api) apis.emplace(name, platforms_[i].api.get());
  }
  clients_ = std::make_unique<server::ApiClients>(config_.clients, clock_);
  token_handler_ = std::make_unique<server::TokenHandler>(std::move(tokens), *clients_, loop_, metrics_);
  token_handler_->Serve(*operations_server_);
  api_proxy_ = std::make_unique<server::ApiProxyHandler>(std::move(apis), *clients_, loop_, metrics_);
  api_proxy_->Serve(*operations_server_);
}

void Application::SweepRegularly() {
  sweep_timer_ = loop_.After(kBetweenSweeps, [this] {
    const int64_t now = base::UnixMilliseconds(clock_.WallNow());
    store_->Sweep(now, MillisecondsBefore(clock_, config_.reply_book.keep), MillisecondsBefore(clock_, kTurnsKeep),
                  [this](const base::Result<int64_t>& expired) {
                    if (!expired) logger_.Error("sweep_failed", {{"error", expired.error().message}});
                    if (expired && *expired > 0) {
                      metrics_.Counter("yingda_inbox_expired_total", "Texts that nobody asked for in time")
                          .Add(static_cast<double>(*expired));
                    }
                  });
    SweepRegularly();
  });
}

void Application::Reload() {
  loop_.Post([this] { reloader_->LoadAll(); });
}

bool Application::Stop() {
  if (stopped_) return true;
  stopped_ = true;
  bool whole = true;
  if (operations_) operations_->SetReady(false);
  if (reloader_) reloader_->Stop();
  if (push_server_) {
    push_server_->StopAccepting();
    if (page_handler_) page_handler_->Stop();
    whole = push_server_->Stop(config_.drain);
  }
  if (desk_) {
    std::promise<void> stopped;
    auto idle = std::make_shared<std::promise<void>>();
    loop_.Post([&, idle] {
      loop_.Cancel(sweep_timer_);
      for (model::KeepWarm* const warm : warm_) warm->Stop();
      pages_->Stop();
      desk_->Stop([idle] { idle->set_value(); });
      stopped.set_value();
    });
    stopped.get_future().get();
    // Customer-service messages on their way: whether they arrived is worth a moment.
    idle->get_future().wait_for(config_.drain);
    // What they leave behind is in the store before it is flushed.
    std::promise<void> ended;
    loop_.Post([&] {
      for (const AccountPlatform& account : platforms_) {
        if (account.messages) account.messages->Stop();
      }
      statistics_->Stop();
      ended.set_value();
    });
    ended.get_future().get();
  }
  if (operations_server_) operations_server_->Stop(base::Duration::zero());
  if (store_) {
    std::promise<void> flushed;
    store_->Flush([&](const base::Result<void>& result) {
      if (!result) logger_.Error("flush_failed", {{"error", result.error().message}});
      flushed.set_value();
    });
    flushed.get_future().get();
  }
  if (reloader_ && !reloader_->Join(kLoadEnds)) {
    thread_left_behind_ = true;
    logger_.Warning("reload_left_behind", {{"what", "files were still being read at the end; nothing waits for that"}});
  }
  logger_.Info("stopped", {{"whole", whole}});
  return whole;
}

bool Application::Idle() const { return loop_.Idle(); }

const bot::Account* Application::AccountNamed(const std::string& name) const {
  for (const auto& account : accounts_) {
    if (account->name == name) return account.get();
  }
  return nullptr;
}

}  // namespace yingda::app
