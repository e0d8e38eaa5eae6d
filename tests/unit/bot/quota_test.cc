// SPDX-License-Identifier: MIT
#include "bot/quota.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;
using Verdict = Quota::Verdict;

// Noon in China of some day.
constexpr base::WallTime kNoon{std::chrono::hours(24 * 20'000 + 4)};

class QuotaTest : public ::testing::Test {
 protected:
  Verdict Check(const std::string& open_id) { return quota_->Check("main", limits_, open_id, now_); }
  int64_t Count(const std::string& open_id) { return quota_->CountMessage("main", limits_, open_id, now_); }
  /// As the desk does: asks, and counts what is taken.
  Verdict Ask(const std::string& open_id) {
    const Verdict verdict = Check(open_id);
    if (verdict == Verdict::kYes) Count(open_id);
    return verdict;
  }

  QuotaLimits limits_;
  std::optional<Quota> quota_{Quota::Options()};
  base::WallTime now_ = kNoon;
};

TEST_F(QuotaTest, WithoutLimitsEverythingPassesAndIsCountedForTheAccount) {
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(Ask("alice"), Verdict::kYes);
  quota_->CountTokens("main", limits_, "alice", 77, now_);
  EXPECT_EQ(quota_->UsedToday("main", now_).messages, 1000);
  EXPECT_EQ(quota_->UsedToday("main", now_).tokens, 77);
  EXPECT_EQ(quota_->UsedToday("other", now_).messages, 0);
}

TEST_F(QuotaTest, MinuteIsAnySixtySeconds) {
  limits_.follower_per_minute = 2;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  now_ += 40s;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  now_ += 20s - 1ns;
  EXPECT_EQ(Ask("alice"), Verdict::kFollowerMinute);
  EXPECT_EQ(Ask("bob"), Verdict::kYes);
  now_ += 1ns;
  EXPECT_EQ(Ask("alice"), Verdict::kYes) << "the first one is a minute old; refused ones do not count";
  EXPECT_EQ(Ask("alice"), Verdict::kFollowerMinute);
}

TEST_F(QuotaTest, DayEndsAtMidnightInChina) {
  limits_.follower_per_day = 1;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Ask("bob"), Verdict::kYes);
  now_ = kNoon + 12h - 1ns;
  EXPECT_EQ(Ask("alice"), Verdict::kFollowerDay);
  now_ = kNoon + 12h;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
}

TEST_F(QuotaTest, MinuteGoesOnOverMidnight) {
  limits_.follower_per_minute = 1;
  now_ = kNoon + 12h - 1s;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  now_ += 2s;
  EXPECT_EQ(Ask("alice"), Verdict::kFollowerMinute);
}

TEST_F(QuotaTest, AccountsBudgetsAreSharedByItsFollowersAndByNobodyElse) {
  limits_.messages_per_day = 2;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Ask("bob"), Verdict::kYes);
  EXPECT_EQ(Ask("carol"), Verdict::kAccountMessages);
  EXPECT_EQ(quota_->Check("second", limits_, "carol", now_), Verdict::kYes);
}

TEST_F(QuotaTest, AnswerThatUsesUpTheTokensIsTheLast) {
  limits_.tokens_per_day = 1000;
  quota_->CountTokens("main", limits_, "alice", 999, now_);
  EXPECT_EQ(Check("bob"), Verdict::kYes);
  quota_->CountTokens("main", limits_, "alice", 500, now_);
  EXPECT_EQ(Check("bob"), Verdict::kAccountTokens);
  now_ += 12h;
  EXPECT_EQ(Check("bob"), Verdict::kYes);
}

TEST_F(QuotaTest, TheLimitThatLastsLongestIsTold) {
  limits_ = {1, 1, 1, 1, {}};
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  quota_->CountTokens("main", limits_, "alice", 1, now_);
  EXPECT_EQ(Check("alice"), Verdict::kFollowerDay);
  limits_.follower_per_day = 0;
  EXPECT_EQ(Check("alice"), Verdict::kAccountMessages);
  limits_.messages_per_day = 0;
  EXPECT_EQ(Check("alice"), Verdict::kAccountTokens);
  limits_.tokens_per_day = 0;
  EXPECT_EQ(Check("alice"), Verdict::kFollowerMinute);
}

TEST_F(QuotaTest, WhatIsGivenBackWasNeverAsked) {
  limits_.follower_per_minute = 1;
  limits_.follower_per_day = 2;
  limits_.messages_per_day = 2;
  const int64_t day = Count("alice");
  Count("bob");
  EXPECT_EQ(Check("carol"), Verdict::kAccountMessages);
  quota_->GiveBack("main", limits_, "alice", day, now_, now_);
  EXPECT_EQ(Check("bob"), Verdict::kFollowerMinute) << "not theirs";
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(quota_->UsedToday("main", now_).messages, 2);
  now_ += 60s;  // all of the minute is forgotten, given back or not
  quota_->GiveBack("main", limits_, "alice", day, now_, now_);
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  now_ += 24h;
  Count("alice");
  quota_->GiveBack("main", limits_, "alice", day, now_, now_);
  EXPECT_EQ(quota_->UsedToday("main", now_).messages, 1) << "of another day";
}

TEST_F(QuotaTest, WhatIsGivenBackWhenItsMinuteIsOverIsNotTakenForALaterQuestion) {
  limits_.follower_per_minute = 1;
  const base::WallTime asked = now_;
  const int64_t day = Count("alice");
  now_ += 61s;
  Count("alice");
  quota_->GiveBack("main", limits_, "alice", day, asked, now_);
  EXPECT_EQ(Check("alice"), Verdict::kFollowerMinute);
  quota_->GiveBack("main", limits_, "alice", day, now_, now_);
  EXPECT_EQ(Check("alice"), Verdict::kYes);
}

TEST_F(QuotaTest, WhatAnEarlierProcessCountedCanBeGivenBackAndNothingGoesBelowZero) {
  limits_ = {2, 2, 10, 0, {"boss"}};
  const int64_t today = base::ChinaDay(now_);
  quota_->Recover("main", "", today, {1, 500}, now_);
  quota_->Recover("main", "alice", today, {1, 500}, now_);
  EXPECT_EQ(quota_->RecoverQuestion("main", limits_, "boss", now_, now_), 0);
  const int64_t day = quota_->RecoverQuestion("main", limits_, "alice", now_, now_);
  EXPECT_EQ(day, today);
  for (int i = 0; i < 3; ++i) quota_->GiveBack("main", limits_, "alice", day, now_, now_);  // more than there were
  EXPECT_EQ(quota_->UsedToday("main", now_).messages, 0);
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Check("alice"), Verdict::kFollowerDay) << "two a day, not three";
  now_ += 24h;
  quota_->GiveBack("main", limits_, "alice", day, now_, now_);
  EXPECT_EQ(quota_->UsedToday("main", now_).messages, 0);
}

TEST_F(QuotaTest, StaffIsNeverLimitedAndNeverCounted) {
  limits_ = {1, 1, 1, 1, {"boss"}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Check("boss"), Verdict::kYes);
    EXPECT_EQ(Count("boss"), 0);
    EXPECT_EQ(quota_->CountTokens("main", limits_, "boss", 100, now_), 0);
  }
  EXPECT_EQ(Ask("alice"), Verdict::kYes) << "staff has used up nothing";
  EXPECT_EQ(Check("boss"), Verdict::kYes);
}

TEST_F(QuotaTest, CountedIsTheDayInChina) {
  EXPECT_EQ(Count("alice"), base::ChinaDay(now_));
  EXPECT_EQ(quota_->CountTokens("main", limits_, "alice", 5, now_ + 12h), base::ChinaDay(now_) + 1);
  EXPECT_EQ(quota_->CountTokens("main", limits_, "alice", 0, now_ + 12h), 0) << "nothing to count";
}

TEST_F(QuotaTest, TakesUpWhatAnEarlierProcessCounted) {
  limits_ = {2, 3, 10, 0, {}};
  const int64_t today = base::ChinaDay(now_);
  quota_->Recover("main", "", today, {9, 500}, now_);
  quota_->Recover("main", "alice", today, {2, 100}, now_);
  quota_->Recover("main", "bob", today - 1, {3, 100}, now_);
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Check("alice"), Verdict::kFollowerDay);
  EXPECT_EQ(Check("bob"), Verdict::kAccountMessages);
  EXPECT_EQ(quota_->UsedToday("main", now_).tokens, 500);
}

TEST_F(QuotaTest, TakesUpTheLastMinuteOfAnEarlierProcess) {
  limits_ = {2, 0, 0, 0, {"boss"}};
  for (const auto ago : {120s, 60s, 50s, 10s}) {
    quota_->RecoverQuestion("main", limits_, "alice", now_ - ago, now_);
    quota_->RecoverQuestion("main", limits_, "boss", now_ - ago, now_);
  }
  quota_->RecoverQuestion("main", limits_, "bob", now_ + 10s, now_);  // by a clock that went wrong
  EXPECT_EQ(Check("alice"), Verdict::kFollowerMinute);
  EXPECT_EQ(Check("boss"), Verdict::kYes);
  now_ += 10s;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
}

TEST_F(QuotaTest, ForgettingBeginsTheDayAnewButNotTheMinute) {
  limits_ = {2, 2, 0, 0, {}};
  Ask("alice");
  Ask("alice");
  Ask("bob");
  Ask("bob");
  quota_->ForgetFollower("main", "alice");
  EXPECT_EQ(Check("alice"), Verdict::kFollowerMinute);
  EXPECT_EQ(Check("bob"), Verdict::kFollowerDay);
  now_ += 60s;
  EXPECT_EQ(Check("alice"), Verdict::kYes);
  EXPECT_EQ(Check("bob"), Verdict::kFollowerDay);
  EXPECT_EQ(quota_->UsedToday("main", now_).messages, 4);
}

TEST_F(QuotaTest, ClockThatIsSetBackHoldsNobodyUp) {
  limits_.follower_per_minute = 1;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  now_ -= 1h;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Ask("alice"), Verdict::kFollowerMinute);
}

TEST_F(QuotaTest, FollowersBeyondTheMemoryAreNotLimitedByDayButTheAccountIs) {
  quota_.emplace(Quota::Options{.max_followers = 2, .max_recent = 2});
  limits_ = {0, 1, 5, 0, {}};
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Ask("bob"), Verdict::kYes);
  EXPECT_EQ(Ask("carol"), Verdict::kYes);
  EXPECT_EQ(Ask("carol"), Verdict::kYes) << "no room to remember her";
  EXPECT_EQ(Ask("alice"), Verdict::kFollowerDay);
  EXPECT_EQ(Ask("carol"), Verdict::kYes);
  EXPECT_EQ(Ask("carol"), Verdict::kAccountMessages);
}

TEST_F(QuotaTest, QuestionsBeyondTheMemoryAreForgottenOldestFirst) {
  quota_.emplace(Quota::Options{.max_followers = 2, .max_recent = 2});
  limits_.follower_per_minute = 1;
  EXPECT_EQ(Ask("alice"), Verdict::kYes);
  EXPECT_EQ(Ask("bob"), Verdict::kYes);
  EXPECT_EQ(Ask("carol"), Verdict::kYes);
  EXPECT_EQ(Check("bob"), Verdict::kFollowerMinute);
  EXPECT_EQ(Check("alice"), Verdict::kYes);
}

/// All that was ever taken, in a list.
class Oracle {
 public:
  struct Event {
    std::string account, open_id;
    base::WallTime at;
    int64_t messages = 0, tokens = 0;
  };
  std::vector<Event> events;
  std::vector<std::tuple<std::string, std::string, base::WallTime>> forgotten;

  Verdict Check(const std::string& account, const QuotaLimits& limits, const std::string& open_id,
                base::WallTime now) const {
    if (limits.staff.count(open_id) != 0) return Verdict::kYes;
    int64_t minute = 0;
    int64_t day = 0;
    Quota::Use used;
    for (const Event& event : events) {
      if (event.account != account) continue;
      const bool his = event.open_id == open_id;
      if (his && now - event.at < 60s) minute += event.messages;
      if (base::ChinaDay(event.at) != base::ChinaDay(now)) continue;
      used.messages += event.messages;
      used.tokens += event.tokens;
      bool gone = false;
      for (const auto& [in, who, when] : forgotten) gone |= in == account && who == open_id && when >= event.at;
      if (his && !gone) day += event.messages;
    }
    if (limits.follower_per_day > 0 && day >= limits.follower_per_day) return Verdict::kFollowerDay;
    if (limits.messages_per_day > 0 && used.messages >= limits.messages_per_day) return Verdict::kAccountMessages;
    if (limits.tokens_per_day > 0 && used.tokens >= limits.tokens_per_day) return Verdict::kAccountTokens;
    const bool fast = limits.follower_per_minute > 0 && minute >= limits.follower_per_minute;
    return fast ? Verdict::kFollowerMinute : Verdict::kYes;
  }
};

class QuotaOracleTest : public ::testing::TestWithParam<unsigned> {};

INSTANTIATE_TEST_SUITE_P(Seeds, QuotaOracleTest, ::testing::Values(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U));

TEST_P(QuotaOracleTest, RandomQuestionsGetTheVerdictOfAListOfAllThatWasTaken) {
  std::mt19937 random(GetParam());
  const auto pick = [&](unsigned below) { return static_cast<int64_t>(random() % below); };
  std::map<std::string, QuotaLimits> limits;
  for (const char* account : {"main", "second"}) {
    limits[account] = {pick(4), pick(9), pick(60), pick(3) == 0 ? pick(9000) : 0, {"follower0"}};
  }
  Quota quota{Quota::Options()};
  Oracle oracle;
  base::WallTime now = kNoon;
  std::map<Verdict, int> seen;
  for (int step = 0; step < 1500; ++step) {
    // Mostly seconds, sometimes hours, so that several days pass. Each step its own moment.
    now += std::chrono::nanoseconds(1) +
           (pick(40) == 0 ? std::chrono::seconds(pick(20'000)) : std::chrono::seconds(pick(15)));
    const std::string account = pick(3) == 0 ? "second" : "main";
    const std::string open_id = "follower" + std::to_string(pick(6));
    const Verdict expected = oracle.Check(account, limits[account], open_id, now);
    ASSERT_EQ(quota.Check(account, limits[account], open_id, now), expected) << step;
    ++seen[expected];
    if (expected == Verdict::kYes) {
      const bool counted = quota.CountMessage(account, limits[account], open_id, now) != 0;
      ASSERT_EQ(counted, open_id != "follower0");
      if (counted) oracle.events.push_back({account, open_id, now, 1, 0});
      const int64_t tokens = pick(500);
      if (quota.CountTokens(account, limits[account], open_id, tokens, now) != 0) {
        oracle.events.push_back({account, open_id, now, 0, tokens});
      }
    }
    if (pick(50) == 0) {
      quota.ForgetFollower(account, open_id);
      oracle.forgotten.emplace_back(account, open_id, now);
    }
  }
  EXPECT_GE(seen.size(), 2U) << "a run that only ever says one thing shows nothing";
}

}  // namespace
}  // namespace yingda::bot
