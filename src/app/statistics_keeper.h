// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "bot/statistics.h"
#include "net/event_loop.h"
#include "store/store.h"

namespace yingda::app {

/// Owns the numbers of all accounts and keeps them across restarts: reads them from the store at the start, writes what
/// was added once in a while and at the end. A crash loses what was counted since the last write.
/// Thread-safety: Add and Recover before Start; Start and Stop on the loop. Lifetime: ends after the loop.
class StatisticsKeeper {
 public:
  struct Options {
    base::Duration write_every = std::chrono::seconds(60);
    size_t rows_at_once = 500;  // of one account, in one write
    int recover_days = 30;
  };

  StatisticsKeeper(Options options, net::EventLoop& loop, store::Store& store, base::Logger& logger);

  /// The numbers of one more account; they live as long as the keeper.
  bot::Statistics& Add(std::string account, bot::Statistics::Options options);
  void Recover(std::function<void(base::Result<void>)> done);
  void Start();
  /// Hands everything that is left to the store.
  void Stop();

 private:
  struct Account {
    std::string name;
    std::unique_ptr<bot::Statistics> statistics;
    bool writing = false;
  };

  void Arm();
  void Tick();
  /// False: there was nothing to write.
  bool Write(Account& account);

  const Options options_;
  net::EventLoop& loop_;
  store::Store& store_;
  base::Logger& logger_;
  std::vector<std::unique_ptr<Account>> accounts_;
  net::EventLoop::TimerId timer_ = 0;
  bool failing_ = false;
};

}  // namespace yingda::app
