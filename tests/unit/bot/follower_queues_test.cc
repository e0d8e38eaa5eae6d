// SPDX-License-Identifier: MIT
#include "bot/follower_queues.h"

#include <gtest/gtest.h>

#include <string>

namespace yingda::bot {
namespace {

TEST(FollowerQueuesTest, FirstGoesAtOnceAndTheOthersInOrder) {
  FollowerQueues queues(5);
  std::string order;
  EXPECT_TRUE(queues.Enter("a", [&] { order += '1'; }));
  EXPECT_TRUE(queues.Enter("a", [&] { order += '2'; }));
  EXPECT_TRUE(queues.Enter("a", [&] { order += '3'; }));
  EXPECT_EQ(order, "1");
  queues.Leave("a");
  EXPECT_EQ(order, "12");
  queues.Leave("a");
  EXPECT_EQ(order, "123");
}

TEST(FollowerQueuesTest, FollowersDoNotWaitForEachOther) {
  FollowerQueues queues(5);
  std::string order;
  queues.Enter("a", [&] { order += 'a'; });
  queues.Enter("b", [&] { order += 'b'; });
  EXPECT_EQ(order, "ab");
}

TEST(FollowerQueuesTest, FullQueueRefusesAndForgetsNothing) {
  FollowerQueues queues(1);
  int turns = 0;
  EXPECT_TRUE(queues.Enter("a", [&] { ++turns; }));
  EXPECT_TRUE(queues.Enter("a", [&] { ++turns; }));
  EXPECT_FALSE(queues.Enter("a", [&] { ++turns; }));
  queues.Leave("a");
  queues.Leave("a");
  EXPECT_EQ(turns, 2);
  EXPECT_EQ(queues.Followers(), 0u);
}

TEST(FollowerQueuesTest, TurnThatEndsAtOnceHandsOverToTheNext) {
  FollowerQueues queues(10);
  int turns = 0;
  queues.Enter("a", [] {});
  for (int i = 0; i < 5; ++i) {
    queues.Enter("a", [&] {
      ++turns;
      queues.Leave("a");
    });
  }
  queues.Leave("a");
  EXPECT_EQ(turns, 5);
  EXPECT_EQ(queues.Followers(), 0u);
}

TEST(FollowerQueuesTest, LookersOnAreCalledWhenTheOneWhoWorksIsDoneBeforeTheNext) {
  FollowerQueues queues(5);
  std::vector<std::string> order;
  queues.Enter("a", [&] { order.push_back("first"); });
  queues.Enter("a", [&] { order.push_back("second"); });
  queues.AfterThis("a", [&](bool done) { order.push_back(done ? "looker" : "early"); });
  EXPECT_EQ(order, (std::vector<std::string>{"first"}));
  queues.Leave("a");
  EXPECT_EQ(order, (std::vector<std::string>{"first", "looker", "second"}));
  queues.Leave("a");
  EXPECT_EQ(order.size(), 3u) << "each is called once";
  queues.AfterThis("a", [&](bool done) { order.push_back(done ? "nobody works" : "early"); });
  EXPECT_EQ(order.back(), "nobody works");
}

TEST(FollowerQueuesTest, TooManyLookersOnTakeNobodysPlace) {
  FollowerQueues queues(2);
  int early = 0;
  int called = 0;
  queues.Enter("a", [] {});
  for (int i = 0; i < 5; ++i) queues.AfterThis("a", [&](bool done) { ++(done ? called : early); });
  EXPECT_EQ(early, 3) << "the longest waiting ones";
  EXPECT_TRUE(queues.Enter("a", [] {}));
  EXPECT_TRUE(queues.Enter("a", [] {}));
  queues.Leave("a");
  EXPECT_EQ(called, 2);
}

}  // namespace
}  // namespace yingda::bot
