// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/file_watch.h"
#include "app/reload_status.h"
#include "app/reload_work.h"
#include "app/reload_worker.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "bot/account.h"
#include "config/config.h"
#include "net/event_loop.h"

namespace yingda::app {

/// Puts edited rules, words and settings in force while the server serves (热加载). They are looked at, read and built
/// on one thread of low priority, one after the other, and then replaced in one step for each account: a message meets
/// either all of an edit or nothing of it. What is wrong changes nothing, and is told in the log, in metrics and in the
/// status until a later load is right. What nobody reads any more is freed on that thread, too.
/// Files that are saved and closed are loaded at once; what may be half of something (written and not closed, changed
/// all the time, or noticed by chance) when it looks the same twice, or has changed for kPatience.
/// Thread-safety: on the loop, but for the constructor, LoadFirst, Stop, Join and Busy. Lifetime: loop,
/// accounts, logger and metrics outlive it.
class Reloader {
 public:
  static constexpr base::Duration kPatience = std::chrono::minutes(2);
  /// A load that takes so long is told in the log: a disk or a network may hang.
  static constexpr base::Duration kLong = std::chrono::seconds(60);
  static constexpr size_t kMaxErrors = 10;

  Reloader(const config::Config& config, net::EventLoop& loop, base::Logger& logger, base::Metrics& metrics);
  ~Reloader();

  /// At start-up, on the starting thread: everything, into `accounts`, which are those of the configuration in its
  /// order. Errors: what is wrong with any of the files, or that there is no thread to load them later.
  base::Result<void> LoadFirst(std::vector<bot::Account*> accounts);
  /// Begins to watch.
  void Start();
  /// Loads everything, changed or not; an operator's word, so also what has become empty.
  void LoadAll();
  /// From any thread but the loop's, with the loop still running: watches and loads no more. Does not wait for a load
  /// that is under way; nothing comes of it.
  void Stop();
  /// After Stop: waits for that load, at most `at_most` of real time. False: its thread hangs and was left behind, so
  /// the process must not end by running destructors of static objects.
  bool Join(base::Duration at_most);

  const ReloadStatus& status() const { return status_; }
  /// Something is being looked at or built. Any thread.
  bool Busy() const { return busy_; }

 private:
  struct Instruments;

  void Hint(FileWatch::Hint hint);
  void Look(bool settled);
  void Begin();
  ReloadJob NextJob();
  void Finished();
  void Seen(const FileStamps& stamps, SourceState& state) const;
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
  SourceState config_;
  std::shared_ptr<const std::map<std::string, size_t>> written_;  // what is in force of config.yml
  ReloadStatus status_;
  std::optional<FileWatch> watch_;

  // What the next job is for.
  bool wants_look_ = false;
  bool wants_settled_ = false;
  bool wants_all_ = false;
  bool wants_sweep_ = false;
  base::TimePoint looked_at_{};                   // last
  std::optional<base::TimePoint> waiting_since_;  // for files to come to rest
  net::EventLoop::TimerId again_timer_ = 0;

  std::vector<std::shared_ptr<const void>> old_;
  net::EventLoop::TimerId sweep_timer_ = 0;
  base::Duration sweep_pause_{};

  net::EventLoop::TimerId long_timer_ = 0;
  std::atomic<bool> busy_{false};
  bool stopped_ = false;
  std::unique_ptr<ReloadWorker> worker_;
};

}  // namespace yingda::app
