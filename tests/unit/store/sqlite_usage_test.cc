// SPDX-License-Identifier: MIT
// What is counted by days: what followers and accounts use, and how often which rule answered.
#include <gmock/gmock.h>

#include "unit/store/model.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kToday = 20'000;
// Noon in China.
constexpr int64_t kNowMs = kToday * kDayMs + 4LL * 3600 * 1000;

class SqliteUsageTest : public ::testing::Test {
 protected:
  void SetUp() override { YINGDA_ASSERT_OK(fixture_.Open()); }

  void Ask(const std::string& key, const std::string& open_id, int64_t day = kToday) {
    JobRecord job = MakeJob(key, open_id);
    job.usage_day = day;
    YINGDA_ASSERT_OK(fixture_.Accept(job));
  }
  void Answer(const std::string& key, const std::string& open_id, int64_t tokens, int64_t day = kToday) {
    JobResult result = MakeResult(MakeJob(key, open_id), "r");
    result.usage_day = day;
    result.tokens = tokens;
    YINGDA_ASSERT_OK(fixture_.Finish(result));
  }
  std::vector<std::string> On(int64_t day) {
    const auto usage = fixture_.UsageOn(day);
    return usage ? DescribeAll(*usage) : std::vector<std::string>{usage.error().message};
  }

  StoreFixture fixture_;
};

TEST_F(SqliteUsageTest, MessagesAndTokensCountForTheFollowerAndForTheAccount) {
  Ask("1", "alice");
  Ask("2", "bob");
  Ask("3", "bob");
  Answer("1", "alice", 500);
  Answer("2", "bob", 40);
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|3|540", "main|bob|20000|2|40", "main|alice|20000|1|500"));
}

TEST_F(SqliteUsageTest, AMessageThatIsThereAlreadyIsNotCountedAgain) {
  Ask("1", "alice");
  Ask("1", "alice");
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|1|0", "main|alice|20000|1|0"));
}

TEST_F(SqliteUsageTest, WithoutADayNothingIsCounted) {
  Ask("1", "alice", 0);
  Answer("1", "alice", 500, 0);
  EXPECT_THAT(On(0), IsEmpty());
}

TEST_F(SqliteUsageTest, DaysAreKeptApart) {
  Ask("1", "alice", kToday - 1);
  Ask("2", "alice", kToday);
  Answer("1", "alice", 5);  // asked before midnight, answered after
  EXPECT_THAT(On(kToday - 1), ElementsAre("main||19999|1|0", "main|alice|19999|1|0"));
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|1|5", "main|alice|20000|1|5"));
}

TEST_F(SqliteUsageTest, ASweepKeepsTodayAndYesterday) {
  for (const int64_t day : {kToday - 2, kToday - 1, kToday}) Ask(std::to_string(day), "alice", day);
  YINGDA_ASSERT_OK(fixture_.Sweep(kNowMs));
  EXPECT_THAT(On(kToday - 2), IsEmpty());
  EXPECT_EQ(On(kToday - 1).size(), 2U);
  EXPECT_EQ(On(kToday).size(), 2U);
  // The next day begins at midnight in China, which is 16:00 UTC.
  YINGDA_ASSERT_OK(fixture_.Sweep(kToday * kDayMs + 16LL * 3600 * 1000 - 1));
  EXPECT_EQ(On(kToday - 1).size(), 2U);
  YINGDA_ASSERT_OK(fixture_.Sweep(kToday * kDayMs + 16LL * 3600 * 1000));
  EXPECT_THAT(On(kToday - 1), IsEmpty());
  EXPECT_EQ(On(kToday).size(), 2U);
}

TEST_F(SqliteUsageTest, ASweepGoesThroughMoreThanOneStep) {
  for (int i = 0; i < 300; ++i) Ask(std::to_string(i), "follower" + std::to_string(i), kToday - 2);
  YINGDA_ASSERT_OK(fixture_.Sweep(kNowMs));
  EXPECT_THAT(On(kToday - 2), IsEmpty());
}

TEST_F(SqliteUsageTest, AForgottenFollowersUsageGoesAndTheAccountsStays) {
  Ask("1", "alice");
  Ask("2", "bob");
  YINGDA_ASSERT_OK(fixture_.Forget("alice"));
  YINGDA_ASSERT_OK(fixture_.Forget(""));
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|2|0", "main|bob|20000|1|0"));
}

TEST_F(SqliteUsageTest, AMessageIsGivenBackOnceAndNeverMoreThanWereCounted) {
  const auto give_back = [this](const std::string& key, const std::string& open_id, int64_t day) {
    JobResult result = MakeResult(MakeJob(key, open_id), "r");
    result.usage_day = day;
    result.messages = -1;
    YINGDA_ASSERT_OK(fixture_.Finish(result));
  };
  Ask("1", "alice");
  Ask("2", "alice");
  Ask("3", "bob");
  give_back("1", "alice", kToday);
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|2|0", "main|alice|20000|1|0", "main|bob|20000|1|0"));
  // The follower left meanwhile, or the day is long over: nothing comes back by it.
  YINGDA_ASSERT_OK(fixture_.Forget("alice"));
  give_back("2", "alice", kToday);
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|1|0", "main|bob|20000|1|0"));
  give_back("3", "bob", kToday - 5);
  EXPECT_THAT(On(kToday - 5), IsEmpty());
  for (int i = 0; i < 3; ++i) give_back("3", "bob", kToday);
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|0|0", "main|bob|20000|0|0"));
}

TEST_F(SqliteUsageTest, ALimitOnLoadingKeepsAccountsAndThenWhoAskedMost) {
  fixture_.options().load_usage_limit = 2;
  YINGDA_ASSERT_OK(fixture_.Open());
  Ask("1", "alice");
  Ask("2", "bob");
  Ask("3", "bob");
  EXPECT_THAT(On(kToday), ElementsAre("main||20000|3|0", "main|bob|20000|2|0"));
}

TEST_F(SqliteUsageTest, CountsOfADayAddUpUnderTheirName) {
  YINGDA_ASSERT_OK(
      fixture_.AddCounts({{"main", kToday, "rule", "a.yml\n价格", 3}, {"main", kToday, "route", "rule", 9}}));
  YINGDA_ASSERT_OK(
      fixture_.AddCounts({{"main", kToday, "rule", "a.yml\n价格", 4}, {"main", kToday - 1, "route", "rule", 1}}));
  YINGDA_ASSERT_OK(fixture_.AddCounts({{"other", kToday - 2, "route", "rule", 5}}));
  EXPECT_THAT(DescribeAll(*fixture_.CountsSince(kToday - 1)),
              ElementsAre("main|20000|route|rule|9", "main|20000|rule|a.yml\n价格|7", "main|19999|route|rule|1"));
  EXPECT_EQ(fixture_.CountsSince(kToday - 2)->size(), 4U);
}

TEST_F(SqliteUsageTest, ALimitOnLoadingLeavesOutWholeDaysOfTheCountsButNeverTheLatest) {
  // With yesterday it would be four; half of a day would tell rules as unused that were used.
  for (const size_t limit : {3U, 1U}) {
    fixture_.options().load_counts_limit = limit;
    YINGDA_ASSERT_OK(fixture_.Open());
    YINGDA_ASSERT_OK(fixture_.AddCounts({{"main", kToday - 2, "rule", "a", 100},
                                         {"main", kToday - 1, "rule", "a", 100},
                                         {"main", kToday - 1, "rule", "b", 100},
                                         {"main", kToday, "rule", "a", 1},
                                         {"other", kToday, "rule", "b", 2}}));
    EXPECT_THAT(DescribeAll(*fixture_.CountsSince(0)), ElementsAre("other|20000|rule|b|2", "main|20000|rule|a|1"));
  }
}

TEST_F(SqliteUsageTest, ASweepKeepsCountsForNinetyDays) {
  std::vector<DayCount> old;
  for (int i = 0; i < 100; ++i) old.push_back({"main", kToday - 91, "rule", std::to_string(i), 1});
  old.push_back({"main", kToday - 90, "rule", "a", 1});
  YINGDA_ASSERT_OK(fixture_.AddCounts(old));
  YINGDA_ASSERT_OK(fixture_.Sweep(kNowMs));
  EXPECT_THAT(DescribeAll(*fixture_.CountsSince(0)), ElementsAre("main|19910|rule|a|1"));
}

}  // namespace
}  // namespace yingda::store
