// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/file_watch.h"
#include "app/reload_status.h"
#include "app/reload_work.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "bot/account.h"
#include "config/config.h"
#include "net/event_loop.h"

namespace yingda::app {

/// Puts edited rules, words and settings in force while the server serves (热加载). They are read and built on a thread
/// of low priority that exists only meanwhile, one at a time, and then replaced in one step for each account: a message
/// meets either all of an edit or nothing of it. What is wrong changes nothing, and is told in the log, in metrics and
/// in the status until a later load is right. What nobody reads any more is freed on that thread, too.
/// Thread-safety: on the loop's thread, but for the constructor, LoadFirst, Stop and Busy. Lifetime: loop, accounts,
/// logger and metrics outlive it.
class Reloader {
 public:
  /// Loads that are put off because somebody is still changing the files are done all the same after so many.
  static constexpr int kMostWaits = 6;
  static constexpr size_t kMaxErrors = 10;
  static constexpr size_t kMaxOld = 8;  // sets that somebody still reads in; beyond, the last reader frees them

  Reloader(const config::Config& config, net::EventLoop& loop, base::Logger& logger, base::Metrics& metrics);
  ~Reloader();

  /// At start-up, on the starting thread: everything, into `accounts`, which are those of the configuration in its
  /// order. Errors: what is wrong with any of the files.
  base::Result<void> LoadFirst(std::vector<bot::Account*> accounts);
  /// Begins to watch.
  void Start();
  /// Loads everything, changed or not; an operator's word, so also what has become empty.
  void LoadAll();
  /// From any thread but the loop's, with the loop still running: watches no more, and waits for a build under way.
  void Stop();

  const ReloadStatus& status() const { return status_; }
  /// Something is being looked at or built. Any thread.
  bool Busy() const { return busy_; }

 private:
  struct Instruments;

  void Hint(FileWatch::Hint hint);
  void Begin();
  void Finished();
  void Apply(ConfigOutcome& outcome);
  void Apply(size_t index, AccountOutcome& outcome);
  void Loaded(size_t index, AccountData data);
  void Failed(const std::string& account, const std::string& error, std::optional<ReloadFailure>& failure);
  void LookAgain(bool waits);
  void SweepLater();

  const config::Config started_;
  net::EventLoop& loop_;
  base::Logger& logger_;
  const std::unique_ptr<Instruments> instruments_;
  std::vector<bot::Account*> accounts_;
  std::vector<AccountSource> sources_;
  FileStamps config_tried_;
  FileStamps config_seen_;
  ReloadStatus status_;
  std::optional<FileWatch> watch_;

  // What to do when the build under way is done.
  bool wanted_ = false;
  bool wanted_all_ = false;
  bool settled_ = true;
  int waits_ = 0;
  net::EventLoop::TimerId again_timer_ = 0;

  std::vector<std::shared_ptr<const void>> old_;
  net::EventLoop::TimerId sweep_timer_ = 0;
  base::Duration sweep_pause_{};

  int done_fd_ = -1;  // an eventfd: telling takes no lock that a slow thread might hold
  std::unique_ptr<ReloadOutcome> outcome_;
  std::atomic<bool> outcome_there_{false};
  std::atomic<bool> busy_{false};
  std::thread worker_;
  bool stopped_ = false;
};

}  // namespace yingda::app
