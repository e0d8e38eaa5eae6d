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
/// was added once in a while and at the end. A crash loses what was counted since the last time. What there is to write
/// goes in small writes with pauses, so that messages do not wait behind it: with the usual options 300,000 numbers in
/// a minute.
/// Thread-safety: Add and Recover before Start; Start and Stop on the loop. Lifetime: ends after the loop.
class StatisticsKeeper {
 public:
  struct Options {
    base::Duration write_every = std::chrono::seconds(60);
    size_t rows_at_once = 100;  // of one account, in one write: half a millisecond of the store's time
    base::Duration between_writes = std::chrono::milliseconds(20);
    size_t rows_at_end = 1000;  // in one write of Stop, which makes no pauses
    int recover_days = 30;
  };

  StatisticsKeeper(Options options, net::EventLoop& loop, store::Store& store, base::Logger& logger);

  /// The numbers of one more account; they live as long as the keeper.
  bot::Statistics& Add(std::string account, bot::Statistics::Options options);
  void Recover(std::function<void(base::Result<void>)> done);
  void Start();
  /// Hands everything that is left to the store. What is counted later is lost.
  void Stop();

 private:
  struct Account {
    std::string name;
    std::unique_ptr<bot::Statistics> statistics;
    bool writing = false;  // one small write after the other, until nothing is left
  };

  void Arm();
  void Tick();
  void WriteNext(Account& account);
  void Write(Account& account, std::vector<store::DayCount> rows);

  const Options options_;
  net::EventLoop& loop_;
  store::Store& store_;
  base::Logger& logger_;
  std::vector<std::unique_ptr<Account>> accounts_;
  net::EventLoop::TimerId timer_ = 0;
  bool failing_ = false;
  bool stopped_ = false;
};

}  // namespace yingda::app
