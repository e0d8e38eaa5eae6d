// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "app/account_platform.h"
#include "app/reloader.h"
#include "app/statistics_keeper.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "bot/bot.h"
#include "config/config.h"
#include "model/keep_warm.h"
#include "model/model_router.h"
#include "model/openai_chat_model.h"
#include "model/picture_fetcher.h"
#include "model/repeat_cache.h"
#include "model/upstream.h"
#include "net/curl_http_client.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "server/answer_page_handler.h"
#include "server/api_clients.h"
#include "server/api_proxy_handler.h"
#include "server/callback_handler.h"
#include "server/operations_handler.h"
#include "server/statistics_handler.h"
#include "server/token_handler.h"
#include "store/sqlite_store.h"

namespace yingda::app {

/// The whole server, put together from a configuration: the one place where modules meet. Members stand in the order of
/// their dependencies, so they go in the reverse. Thread-safety: Start, Reload and Stop from one thread at a time.
class Application {
 public:
  Application(config::Config config, base::Clock& clock, base::Logger& logger);
  ~Application();

  /// Loads rules and words, opens the store, takes up what an earlier process left, and serves. Errors: one message
  /// that says what is wrong, where, and what to do.
  base::Result<void> Start();
  /// Loads all files that people edit again, changed or not, and takes also what has become empty; what is broken
  /// changes nothing and is told (app/reloader.h). Does not wait for it.
  void Reload();
  /// Stops accepting, finishes what waits (at most config.drain), writes everything to the store. Unfinished questions
  /// run again at the next start. True when nothing had to be cut off.
  bool Stop();
  /// After Stop: a thread that reads files hangs in a file system. Everything else is done, but the process has to end
  /// by _exit once this object is gone.
  bool ThreadLeftBehind() const { return thread_left_behind_; }

  int PushPort() const { return push_server_->Port(); }
  int OperationsPort() const { return operations_server_->Port(); }
  /// Edited files are being looked at or loaded.
  bool Reloading() const { return reloader_ && reloader_->Busy(); }
  /// For tests that move the clock: nothing is about to happen without time passing or bytes arriving.
  bool Idle() const;
  size_t PushesWaiting() const { return desk_->Waiting(); }
  size_t PushesParked() const { return push_server_->Parked(); }
  size_t JobsOpen() const { return desk_->Jobs(); }
  base::Metrics& metrics() { return metrics_; }
  bot::AnswerPages& pages() { return *pages_; }

 private:
  void MakeUpstreams();
  base::Result<void> MakeAccounts();
  model::ChatModel* MakeModel(const config::AccountConfig& account);
  base::Result<void> OpenStore();
  base::Result<void> TakeUpStatistics();
  base::Result<void> TakeUpUsage();
  base::Result<void> TakeUpOldJobs();
  void TakeUpUnread(std::promise<base::Result<void>>& done);
  void FindAbilities();
  void FindAbility(size_t index, int failures);
  void MakePlatforms();
  void EndPlatforms();
  void MakeServers();
  void ServePrograms();
  void ServeStatus();
  void SweepRegularly();
  const bot::Account* AccountNamed(const std::string& name) const;

  const config::Config config_;
  base::Clock& clock_;
  const base::WallTime started_;
  base::Logger& logger_;
  base::Metrics metrics_;
  const base::FollowerTagger tagger_;
  net::EventLoop loop_;
  std::unique_ptr<net::CurlHttpClient> http_client_;
  std::vector<std::unique_ptr<model::Upstream>> upstreams_;
  std::vector<model::KeepWarm*> warm_;                        // those of the upstreams that have one
  std::vector<std::unique_ptr<model::ModelRouter>> routers_;  // of accounts that have a model
  std::unique_ptr<model::PictureFetcher> pictures_;
  std::vector<std::unique_ptr<model::RepeatCache>> repeats_;  // of those that want one
  std::vector<std::unique_ptr<bot::Account>> accounts_;
  std::unique_ptr<Reloader> reloader_;
  bot::ReplyBook book_;
  std::unique_ptr<store::SqliteStore> store_;
  std::unique_ptr<StatisticsKeeper> statistics_;
  std::vector<AccountPlatform> platforms_;  // by account; these end on the loop
  std::unique_ptr<bot::AnswerPages> pages_;
  std::unique_ptr<bot::AnswerDesk> desk_;
  std::unique_ptr<bot::Bot> bot_;
  std::vector<std::unique_ptr<server::CallbackHandler>> callbacks_;
  std::unique_ptr<server::AnswerPageHandler> page_handler_;  // null without pages
  std::unique_ptr<server::OperationsHandler> operations_;
  std::unique_ptr<server::StatisticsHandler> statistics_handler_;
  std::unique_ptr<server::ApiClients> clients_;
  std::unique_ptr<server::TokenHandler> token_handler_;
  std::unique_ptr<server::ApiProxyHandler> api_proxy_;
  std::unique_ptr<net::HttpServer> push_server_;
  std::unique_ptr<net::HttpServer> operations_server_;
  net::EventLoop::TimerId sweep_timer_ = 0;  // on the loop, once it serves
  bool stopped_ = false;
  bool thread_left_behind_ = false;
};

}  // namespace yingda::app
