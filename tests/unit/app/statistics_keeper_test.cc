// SPDX-License-Identifier: MIT
#include "app/statistics_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/temp_dir.h"
#include "support/wait.h"
#include "unit/bot/page_store.h"

namespace yingda::app {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kRules = 1050;

/// Keeps counts, and answers each write when told to.
class CountStore : public bot::PageStore {
 public:
  std::vector<std::pair<std::vector<store::DayCount>, Done>> asked;  // and not answered
  std::map<std::string, int64_t> written;                            // by name
  size_t writes = 0;
  size_t largest = 0;

  void AddCounts(std::vector<store::DayCount> counts, Done done) override {
    largest = std::max(largest, counts.size());
    asked.emplace_back(std::move(counts), std::move(done));
  }
  void LoadCounts(int64_t, std::function<void(base::Result<std::vector<store::DayCount>>)> done) override {
    done(std::vector<store::DayCount>());
  }
  void Answer(bool well = true) {
    ++writes;
    const auto [counts, done] = std::move(asked.front());
    asked.erase(asked.begin());
    for (const store::DayCount& count : counts) written[count.name] += well ? count.count : 0;
    done(well ? base::Result<void>() : base::Error{base::ErrorCode::kUnavailable, "no space"});
  }
  int64_t Total() const {
    int64_t total = 0;
    for (const auto& [name, count] : written) total += count;
    return total;
  }
};

class StatisticsKeeperTest : public ::testing::Test {
 protected:
  StatisticsKeeperTest() {
    std::ofstream file(folder_.File("a.yml"), std::ios::binary);
    for (uint32_t i = 0; i < kRules; ++i) file << "- keywords: [第" << i << "号]\n  reply: 好\n";
    file.close();
    rules::LoadReport report;
    rules_ = *rules::RuleSet::Load({folder_.path().string()}, report);
    statistics_ = &keeper_.Add("main", {});
    statistics_->OnRulesLoaded(bot::Statistics::TableOf(rules_));
    testing::RunOn(loop_, [this] { keeper_.Start(); });
  }
  ~StatisticsKeeperTest() override { loop_.Stop(); }

  void UseEveryRule() {
    for (uint32_t i = 0; i < kRules; ++i) {
      bot::Decision decision;
      decision.route = bot::Decision::Route::kRule;
      decision.rules = rules_;
      decision.rule_index = i;
      statistics_->Count(decision, {});
    }
  }
  void Pass(base::Duration time) {
    clock_.Advance(time);
    ASSERT_TRUE(testing::WaitFor([this] { return loop_.Idle(); }));
  }
  /// One write is asked for and answered, the pause behind it passes.
  void OneWrite() {
    testing::RunOn(loop_, [this] {
      ASSERT_EQ(store_.asked.size(), 1U) << "one at a time";
      store_.Answer();
      EXPECT_EQ(store_.asked.size(), 0U) << "messages go first";
    });
    Pass(StatisticsKeeper::Options().between_writes);
  }

  testing::TempDir folder_;
  testing::ManualClock clock_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  net::EventLoop loop_{clock_};
  CountStore store_;
  StatisticsKeeper keeper_{{}, loop_, store_, *logger_};
  std::shared_ptr<const rules::RuleSet> rules_;
  bot::Statistics* statistics_ = nullptr;
};

TEST_F(StatisticsKeeperTest, HoweverManyRulesWereUsedAllIsWrittenOneSmallWriteAfterTheOther) {
  UseEveryRule();
  Pass(60s);
  while (!store_.asked.empty()) OneWrite();
  EXPECT_EQ(store_.written.size(), kRules + 1) << "and the route";
  EXPECT_EQ(store_.Total(), 2 * kRules);
  EXPECT_EQ(store_.largest, StatisticsKeeper::Options().rows_at_once);
  EXPECT_EQ(store_.writes, 11U);
  Pass(60s);
  EXPECT_TRUE(store_.asked.empty()) << "there is nothing new";
  // A hundred thousand names, too, are written before the next minute's come.
  const StatisticsKeeper::Options options;
  EXPECT_GT(options.rows_at_once * (options.write_every / options.between_writes), 200'000U);
}

TEST_F(StatisticsKeeperTest, WhatIsStillBeingWrittenWhenTheNextMinuteBeginsIsNotWrittenTwice) {
  UseEveryRule();
  Pass(60s);
  UseEveryRule();
  Pass(60s);  // the store has not answered
  while (!store_.asked.empty()) OneWrite();
  EXPECT_EQ(store_.Total(), 4 * kRules);
}

TEST_F(StatisticsKeeperTest, WhatCouldNotBeWrittenIsTriedAgainAMinuteLater) {
  UseEveryRule();
  Pass(60s);
  testing::RunOn(loop_, [this] { store_.Answer(false); });
  Pass(59s);
  EXPECT_TRUE(store_.asked.empty());
  Pass(1s);
  while (!store_.asked.empty()) OneWrite();
  EXPECT_EQ(store_.Total(), 2 * kRules);
}

TEST_F(StatisticsKeeperTest, StopHandsOverAllThatIsLeftAtOnce) {
  UseEveryRule();
  Pass(60s);
  OneWrite();
  UseEveryRule();
  testing::RunOn(loop_, [this] {
    keeper_.Stop();
    while (!store_.asked.empty()) store_.Answer();
  });
  Pass(60s);
  EXPECT_TRUE(store_.asked.empty());
  EXPECT_EQ(store_.Total(), 4 * kRules);
}

}  // namespace
}  // namespace yingda::app
