// SPDX-License-Identifier: MIT
#include "app/statistics_keeper.h"

#include <algorithm>
#include <utility>

namespace yingda::app {
namespace {

/// Until the next day begins in China.
base::Duration UntilMidnight(base::WallTime now) {
  const auto next = base::WallTime(std::chrono::days(base::ChinaDay(now) + 1)) - std::chrono::hours(8);
  return next - now;
}

}  // namespace

StatisticsKeeper::StatisticsKeeper(Options options, net::EventLoop& loop, store::Store& store, base::Logger& logger)
    : options_(options), loop_(loop), store_(store), logger_(logger) {}

bot::Statistics& StatisticsKeeper::Add(std::string account, bot::Statistics::Options options) {
  accounts_.push_back(std::make_unique<Account>());
  accounts_.back()->name = std::move(account);
  accounts_.back()->statistics = std::make_unique<bot::Statistics>(options, loop_.clock());
  return *accounts_.back()->statistics;
}

void StatisticsKeeper::Recover(std::function<void(base::Result<void>)> done) {
  const int64_t since = base::ChinaDay(loop_.clock().WallNow()) - options_.recover_days + 1;
  store_.LoadCounts(since, [this, done = std::move(done)](base::Result<std::vector<store::DayCount>> loaded) {
    if (!loaded) return done(loaded.error());
    for (const auto& account : accounts_) {
      std::vector<store::DayCount> own;
      for (const store::DayCount& count : *loaded) {
        if (count.account == account->name) own.push_back(count);
      }
      account->statistics->Recover(own);
    }
    done({});
  });
}

void StatisticsKeeper::Start() { Arm(); }

void StatisticsKeeper::Arm() {
  const base::Duration wait = std::min(options_.write_every, UntilMidnight(loop_.clock().WallNow()));
  timer_ = loop_.After(std::max(wait, base::Duration(std::chrono::milliseconds(1))), [this] {
    Tick();
    Arm();
  });
}

void StatisticsKeeper::Tick() {
  for (const auto& account : accounts_) {
    account->statistics->Collect();
    if (!account->writing) WriteNext(*account);
  }
}

void StatisticsKeeper::WriteNext(Account& account) {
  account.writing = false;
  if (stopped_) return;
  std::vector<store::DayCount> rows = account.statistics->TakeUnwritten(account.name, options_.rows_at_once);
  if (rows.empty()) return;
  account.writing = true;
  Write(account, std::move(rows));
}

void StatisticsKeeper::Write(Account& account, std::vector<store::DayCount> rows) {
  store_.AddCounts(rows, [this, &account, rows](const base::Result<void>& written) {
    if (written) {
      loop_.After(options_.between_writes, [this, &account] { WriteNext(account); });
    } else {
      account.writing = false;  // until the next time
      account.statistics->PutBack(rows);
    }
    if (!written && !failing_) logger_.Warning("statistics_not_written", {{"error", written.error().message}});
    failing_ = !written;
  });
}

void StatisticsKeeper::Stop() {
  stopped_ = true;
  loop_.Cancel(timer_);
  for (const auto& account : accounts_) {
    account->statistics->Collect();
    for (;;) {
      auto rows = account->statistics->TakeUnwritten(account->name, options_.rows_at_end);
      if (rows.empty()) break;
      Write(*account, std::move(rows));
    }
  }
}

}  // namespace yingda::app
