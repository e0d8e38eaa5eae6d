// SPDX-License-Identifier: MIT
#include "bot/unread_index.h"

#include <gtest/gtest.h>

namespace yingda::bot {
namespace {

TEST(UnreadIndexTest, KnowsWhoHasSomething) {
  UnreadIndex index(10);
  EXPECT_FALSE(index.MayHave("a"));
  index.Added("a");
  EXPECT_TRUE(index.MayHave("a"));
  EXPECT_FALSE(index.MayHave("b"));
  index.Emptied("a", index.Version("a"));
  EXPECT_FALSE(index.MayHave("a"));
}

TEST(UnreadIndexTest, LookThatBeganBeforeSomethingCameDoesNotForgetIt) {
  UnreadIndex index(10);
  index.Added("a");
  const uint64_t version = index.Version("a");
  index.Added("a");
  index.Emptied("a", version);
  EXPECT_TRUE(index.MayHave("a"));
}

TEST(UnreadIndexTest, PastItsBoundItSaysYesForEverybody) {
  UnreadIndex index(2);
  index.Added("a");
  index.Added("b");
  index.Added("c");
  EXPECT_TRUE(index.MayHave("c"));
  index.Forget("a");
  index.Forget("b");
  EXPECT_TRUE(index.MayHave("c")) << "c is known to nobody else";
}

}  // namespace
}  // namespace yingda::bot
