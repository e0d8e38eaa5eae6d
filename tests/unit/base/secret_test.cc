// SPDX-License-Identifier: MIT
#include "base/secret.h"

#include <gtest/gtest.h>

#include <bitset>
#include <set>

namespace yingda::base {
namespace {

TEST(SecretTest, RandomBytesHaveTheirLengthAndDoNotRepeat) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{16}, size_t{1000}, size_t{100'000}}) {
    EXPECT_EQ(RandomBytes(count).size(), count);
  }
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(RandomBytes(16)).second);
}

TEST(SecretTest, RandomBitsAreEven) {
  size_t ones = 0;
  const std::string bytes = RandomBytes(100'000);
  for (const char byte : bytes) ones += std::bitset<8>(static_cast<unsigned char>(byte)).count();
  // 800,000 tosses of a coin: ten standard deviations (447) are out of reach of chance.
  EXPECT_NEAR(static_cast<double>(ones), 400'000, 4470);
}

TEST(SecretTest, RandomHexIsTwoDigitsAByte) {
  const std::string hex = RandomHex(500);
  EXPECT_EQ(hex.size(), 1000U);
  EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(std::set<char>(hex.begin(), hex.end()).size(), 16U);
}

TEST(SecretTest, ConstantTimeComparisonIsEquality) {
  EXPECT_TRUE(EqualInConstantTime("", ""));
  EXPECT_TRUE(EqualInConstantTime("abc", "abc"));
  EXPECT_FALSE(EqualInConstantTime("abc", "abd"));
  EXPECT_FALSE(EqualInConstantTime("abc", "Abc"));
  EXPECT_FALSE(EqualInConstantTime("abc", "ab"));
  EXPECT_FALSE(EqualInConstantTime("", "a"));
  EXPECT_TRUE(EqualInConstantTime(std::string("a\0b", 3), std::string("a\0b", 3)));
  EXPECT_FALSE(EqualInConstantTime(std::string("a\0b", 3), std::string("a\0c", 3)));
}

TEST(FollowerTaggerTest, TagIsEightHexDigitsTheSameForTheSameFollower) {
  const FollowerTagger tagger;
  const std::string tag = tagger.Tag("main", "oFollower");
  EXPECT_EQ(tag.size(), 8U);
  EXPECT_EQ(tag.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(tagger.Tag("main", "oFollower"), tag);
}

TEST(FollowerTaggerTest, TagsOfOthersDiffer) {
  const FollowerTagger tagger;
  EXPECT_NE(tagger.Tag("main", "oFollower"), tagger.Tag("other", "oFollower"));
  EXPECT_NE(tagger.Tag("main", "oFollower"), tagger.Tag("main", "oFollowes"));
  EXPECT_NE(tagger.Tag("ab", "c"), tagger.Tag("a", "bc")) << "account and follower do not run into each other";
}

TEST(FollowerTaggerTest, AnotherProcessGivesAnotherTag) {
  EXPECT_NE(FollowerTagger().Tag("main", "oFollower"), FollowerTagger().Tag("main", "oFollower"));
}

}  // namespace
}  // namespace yingda::base
