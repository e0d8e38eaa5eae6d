// SPDX-License-Identifier: MIT
#include "store/conversation_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "unit/store/model.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Turns = ConversationCache::Turns;

class ConversationCacheTest : public ::testing::Test {
 protected:
  Turns Said(int from, int count) {
    Turns turns;
    for (int i = from; i < from + count; ++i) turns.push_back({"user", std::to_string(i), i});
    return turns;
  }
  std::vector<std::string> Find(const std::string& open_id, int64_t since_ms = 0, size_t limit = 100) {
    const auto found = cache_->Find("main", open_id, since_ms, limit);
    if (!found) return {"unknown"};
    std::vector<std::string> contents;
    for (const Turn& turn : *found) contents.push_back(turn.content);
    return contents;
  }
  void Read(const std::string& open_id, const Turns& found, size_t limit = 100) {
    cache_->ReadBegins("main", open_id);
    cache_->ReadEnds("main", open_id, limit, &found);
  }

  std::unique_ptr<ConversationCache> cache_ = std::make_unique<ConversationCache>(ConversationCache::Options{});
};

TEST_F(ConversationCacheTest, WhatWasReadIsKnownWithWhatIsAppended) {
  EXPECT_THAT(Find("alice"), ElementsAre("unknown"));
  Read("alice", Said(1, 2));
  cache_->Append("main", "alice", Said(3, 2));
  EXPECT_THAT(Find("alice"), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(Find("alice", 2, 2), ElementsAre("3", "4"));
  EXPECT_THAT(Find("alice", 4), ElementsAre("4"));
  EXPECT_THAT(Find("bob"), ElementsAre("unknown"));
}

TEST_F(ConversationCacheTest, AppendingToWhatIsUnknownDoesNotMakeItKnown) {
  cache_->Append("main", "alice", Said(3, 2));
  EXPECT_THAT(Find("alice"), ElementsAre("unknown"));
}

TEST_F(ConversationCacheTest, WhoeverIsNotAmongTheFollowersHasNoConversation) {
  cache_->KnowFollowers({{"main", "alice"}});
  EXPECT_THAT(Find("alice"), ElementsAre("unknown"));
  EXPECT_THAT(Find("bob"), IsEmpty());
  cache_->Append("main", "bob", Said(1, 2));
  EXPECT_THAT(Find("bob"), ElementsAre("1", "2"));
  EXPECT_EQ(cache_->Find("second", "bob", 0, 9)->size(), 0U);
}

TEST_F(ConversationCacheTest, WithMoreFollowersThanItMayRememberItKnowsOfNobody) {
  cache_ = std::make_unique<ConversationCache>(ConversationCache::Options{.followers = 2});
  cache_->KnowFollowers({{"main", "a"}, {"main", "b"}});
  EXPECT_THAT(Find("c"), IsEmpty());
  cache_->Append("main", "c", Said(1, 1));
  EXPECT_THAT(Find("d"), ElementsAre("unknown"));
  cache_->KnowFollowers({{"main", "a"}, {"main", "b"}, {"main", "c"}});
  EXPECT_THAT(Find("d"), ElementsAre("unknown"));
}

TEST_F(ConversationCacheTest, AReadDuringWhichSomethingChangedTellsNothing) {
  for (const bool doubted : {false, true}) {
    cache_->ReadBegins("main", "alice");
    if (doubted) {
      cache_->Doubt("main", "alice");
    } else {
      cache_->Append("main", "alice", Said(3, 1));
    }
    const Turns found = Said(1, 2);
    cache_->ReadEnds("main", "alice", 100, &found);
    EXPECT_THAT(Find("alice"), ElementsAre("unknown"));
  }
  Read("alice", Said(1, 3));
  EXPECT_THAT(Find("alice"), ElementsAre("1", "2", "3"));
}

TEST_F(ConversationCacheTest, DoubtForgetsEvenThatThereWasNone) {
  cache_->KnowFollowers({});
  cache_->Doubt("main", "alice");
  EXPECT_THAT(Find("alice"), ElementsAre("unknown"));
}

TEST_F(ConversationCacheTest, OfALongConversationTheNewestAreKnown) {
  Read("alice", Said(10, 3), 3);  // there may be older ones
  EXPECT_THAT(Find("alice", 0, 3), ElementsAre("10", "11", "12"));
  EXPECT_THAT(Find("alice", 0, 4), ElementsAre("unknown"));
  EXPECT_THAT(Find("alice", 12, 3), ElementsAre("unknown"));  // an older one may be later by its clock
}

TEST_F(ConversationCacheTest, WhoSpokeLongAgoMakesRoom) {
  cache_ = std::make_unique<ConversationCache>(ConversationCache::Options{.bytes = 4096});
  const Turns large = {{"user", std::string(1200, 'x'), 1}};
  for (const char* const follower : {"a", "b"}) Read(follower, large);
  Find("a");
  Read("c", large);
  EXPECT_THAT(Find("b"), ElementsAre("unknown"));
  EXPECT_EQ(Find("a").front().size(), 1200U);
  EXPECT_EQ(Find("c").front().size(), 1200U);
  cache_->Append("main", "a", {{"user", std::string(5000, 'x'), 1}});  // too large for all of it
  EXPECT_THAT(Find("a"), ElementsAre("unknown"));
}

TEST_F(ConversationCacheTest, ASweepTakesOldTurns) {
  Read("alice", Said(1, 4));
  cache_->Sweep(3);
  EXPECT_THAT(Find("alice"), ElementsAre("3", "4"));
}

/// Against what it stands for: whatever it knows is right.
TEST_F(ConversationCacheTest, WhateverItKnowsIsWhatAReadWouldFind) {
  cache_ = std::make_unique<ConversationCache>(ConversationCache::Options{.bytes = 6000, .followers = 6, .turns = 8});
  cache_->KnowFollowers({});
  std::mt19937 random(20261122);
  std::map<std::string, Turns> truth;
  std::map<std::string, std::vector<Turns>> reading;
  size_t known = 0;
  int clock = 0;
  for (int step = 0; step < 40'000; ++step) {
    const std::string follower = std::to_string(random() % 7);
    const size_t limit = 1 + random() % 10;
    const unsigned action = random() % 100;
    if (action < 25) {
      const Turns more = Said(++clock, 1 + static_cast<int>(random() % 2));
      truth[follower].insert(truth[follower].end(), more.begin(), more.end());
      cache_->Append("main", follower, more);
    } else if (action < 50 && reading[follower].size() < 2) {
      const Turns& all = truth[follower];
      const size_t count = std::min<size_t>(all.size(), 10);
      reading[follower].push_back(Turns(all.end() - static_cast<std::ptrdiff_t>(count), all.end()));
      cache_->ReadBegins("main", follower);
    } else if (action < 75 && !reading[follower].empty()) {
      const Turns found = reading[follower].front();
      reading[follower].erase(reading[follower].begin());
      cache_->ReadEnds("main", follower, 10, random() % 8 == 0 ? nullptr : &found);
    } else if (action < 78) {
      if (random() % 2 == 0) truth[follower].clear();
      cache_->Doubt("main", follower);
    } else if (action == 78) {
      for (auto& [name, turns] : truth) std::erase_if(turns, [&](const Turn& turn) { return turn.at_ms < clock - 20; });
      cache_->Sweep(clock - 20);
    } else {
      const int64_t since = random() % 2 == 0 ? 0 : clock - static_cast<int>(random() % 30);
      const auto found = cache_->Find("main", follower, since, limit);
      if (!found) continue;
      ++known;
      Turns expected;
      for (const Turn& turn : truth[follower]) {
        if (turn.at_ms >= since) expected.push_back(turn);
      }
      if (expected.size() > limit)
        expected.erase(expected.begin(), expected.end() - static_cast<std::ptrdiff_t>(limit));
      ASSERT_EQ(DescribeAll(*found), DescribeAll(expected)) << step;
    }
  }
  EXPECT_GT(known, 1'000U);
}

}  // namespace
}  // namespace yingda::store
