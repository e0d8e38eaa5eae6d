// SPDX-License-Identifier: MIT
#include "bot/passed_texts.h"

#include <gtest/gtest.h>

#include <set>

namespace yingda::bot {
namespace {

std::shared_ptr<const filter::WordFilter> Words(const std::string& list) {
  return filter::WordFilter::FromLists({filter::ParseWordList(list, "deny/a.txt", false)});
}

TEST(PassedTextsTest, WhatWasAddedIsKnownUnderTheSameWordsRoleAndText) {
  PassedTexts passed(1000);
  const auto words = Words("甲\n");
  const auto digest = passed.Of(words, "user", "你好");
  EXPECT_FALSE(passed.Has(digest));
  passed.Add(digest);
  EXPECT_TRUE(passed.Has(passed.Of(words, "user", "你好")));
  EXPECT_FALSE(passed.Has(passed.Of(words, "assistant", "你好")));
  EXPECT_FALSE(passed.Has(passed.Of(words, "user", "你好 ")));
  EXPECT_FALSE(passed.Has(passed.Of(words, "use", "r你好")));
  EXPECT_FALSE(passed.Has(passed.Of(Words("甲\n"), "user", "你好"))) << "another reading of the lists";
}

TEST(PassedTextsTest, WordsThatComeAtTheAddressOfFormerOnesAreOthers) {
  PassedTexts passed(100'000);
  std::set<const filter::WordFilter*> addresses;
  constexpr int kReloads = 300;
  for (int i = 0; i < kReloads; ++i) {
    const auto words = Words("甲\n");
    addresses.insert(words.get());
    const auto digest = passed.Of(words, "user", "你好");
    EXPECT_FALSE(passed.Has(digest)) << i;
    passed.Add(digest);
  }
#ifndef YINGDA_SANITIZED  // which keeps what was freed from being used again
  EXPECT_LT(addresses.size(), size_t{kReloads}) << "addresses did come again";
#endif
}

TEST(PassedTextsTest, TheNewerTextStaysAndTheTableDoesNotGrow) {
  PassedTexts passed(64);
  const auto words = Words("甲\n");
  for (int i = 0; i < 10'000; ++i) {
    const auto digest = passed.Of(words, "user", std::to_string(i));
    EXPECT_FALSE(passed.Has(digest));
    passed.Add(digest);
    EXPECT_TRUE(passed.Has(digest));
  }
  int known = 0;
  for (int i = 0; i < 10'000; ++i) known += passed.Has(passed.Of(words, "user", std::to_string(i))) ? 1 : 0;
  EXPECT_LE(known, 64);
  EXPECT_GT(known, 32);
}

TEST(PassedTextsTest, WithoutRoomNothingIsRemembered) {
  PassedTexts passed(0);
  const auto digest = passed.Of(Words("甲\n"), "user", "你好");
  passed.Add(digest);
  EXPECT_FALSE(passed.Has(digest));
}

TEST(PassedTextsTest, AnotherProcessHasAnotherKey) {
  PassedTexts one(10);
  PassedTexts other(10);
  const auto words = Words("甲\n");
  EXPECT_NE(one.Of(words, "user", "你好"), other.Of(words, "user", "你好"));
}

}  // namespace
}  // namespace yingda::bot
