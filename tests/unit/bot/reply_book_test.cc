// SPDX-License-Identifier: MIT
#include "bot/reply_book.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "support/manual_clock.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;
using State = ReplyBook::Page::State;

ReplyBook::Bytes Text(const char* text) { return std::make_shared<const std::string>(text); }

class ReplyBookTest : public ::testing::Test {
 protected:
  testing::ManualClock clock_;
  ReplyBook book_{{.max_entries = 1600, .keep = 10min}, clock_};
};

TEST_F(ReplyBookTest, UnknownKeyIsUnknown) { EXPECT_EQ(book_.Look("a").state, State::kUnknown); }

TEST_F(ReplyBookTest, SecondStartOfAKeyIsRefused) {
  EXPECT_TRUE(book_.StartWork("a"));
  EXPECT_FALSE(book_.StartWork("a"));
  EXPECT_EQ(book_.Look("a").state, State::kWorking);
}

TEST_F(ReplyBookTest, FinishedJobGivesTheSameBytesEveryTime) {
  ASSERT_TRUE(book_.StartWork("a"));
  const auto bytes = std::make_shared<const std::string>("<xml/>");
  book_.FinishJob("a", bytes);
  for (int i = 0; i < 3; ++i) {
    const auto page = book_.Look("a");
    ASSERT_EQ(page.state, State::kFinished);
    EXPECT_EQ(page.reply, bytes);
  }
}

TEST_F(ReplyBookTest, FirstOfTwoImmediateRepliesWins) {
  EXPECT_EQ(*book_.FinishAtOnce("a", Text("one")), "one");
  EXPECT_EQ(*book_.FinishAtOnce("a", Text("two")), "one");
}

TEST_F(ReplyBookTest, ImmediateReplyDoesNotOverrideAJob) {
  ASSERT_TRUE(book_.StartWork("a"));
  EXPECT_EQ(book_.FinishAtOnce("a", Text("one")), nullptr);
}

TEST_F(ReplyBookTest, FinishedEntriesLeaveAfterTheirTimeAndWorkingOnesNever) {
  book_.FinishAtOnce("done", Text("x"));
  ASSERT_TRUE(book_.StartWork("working"));
  clock_.Advance(11min);
  for (int i = 0; i < 200; ++i) book_.FinishAtOnce("other" + std::to_string(i), Text("y"));  // touches every shard
  EXPECT_EQ(book_.Look("done").state, State::kUnknown);
  EXPECT_EQ(book_.Look("working").state, State::kWorking);
}

TEST_F(ReplyBookTest, SizeIsBounded) {
  for (int i = 0; i < 20'000; ++i) book_.FinishAtOnce("key" + std::to_string(i), Text("y"));
  EXPECT_LE(book_.Size(), 1600u);
  EXPECT_EQ(book_.Look("key19999").state, State::kFinished);
}

TEST_F(ReplyBookTest, KeyThatWasDroppedAndEnteredAgainOutlivesItsOldPlace) {
  book_.FinishAtOnce("a", Text("old"));
  clock_.Advance(6min);
  book_.Drop("a");
  book_.FinishAtOnce("a", Text("new"));
  clock_.Advance(6min);
  for (int i = 0; i < 200; ++i) book_.FinishAtOnce("other" + std::to_string(i), Text("y"));
  ASSERT_EQ(book_.Look("a").state, State::kFinished);
  EXPECT_EQ(*book_.Look("a").reply, "new");
}

TEST_F(ReplyBookTest, OfManyThreadsExactlyOneStartsAKey) {
  std::atomic<int> started{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) started += book_.StartWork("key" + std::to_string(i)) ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(started, 500);
}

}  // namespace
}  // namespace yingda::bot
