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

}  // namespace
}  // namespace yingda::bot
