// SPDX-License-Identifier: MIT
// Questions and results that are promised before their transaction, on files, over ends of the process.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/file_size_limit.h"
#include "unit/store/model.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Another program that holds the write lock of the file.
class LockHolder {
 public:
  explicit LockHolder(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~LockHolder() { sqlite3_close(handle_); }

 private:
  sqlite3* handle_ = nullptr;
};

class SqlitePromiseTest : public ::testing::Test {
 protected:
  SqlitePromiseTest() { fixture_.options().busy_timeout = std::chrono::milliseconds(20); }

  /// The files as a process that is killed now leaves them.
  std::string Killed(const std::string& name) {
    const std::string copy = dir_.File(name);
    for (const char* const ending : {"", "-wal", "-intents"}) {
      if (std::filesystem::exists(path_ + ending)) std::filesystem::copy_file(path_ + ending, copy + ending);
    }
    return copy;
  }
  JobResult FullResult(const JobRecord& job) {
    JobResult result = MakeResult(job, "answer");
    result.delivery = Delivery::kClaimed;
    result.inbox = {MakeItem(job.open_id, "rest")};
    result.turns = {{"user", "question", 1}, {"assistant", "answer", 2}};
    result.usage_day = 7;
    result.tokens = 30;
    return result;
  }
  std::string IntentBytes() {
    std::ifstream file(path_ + "-intents", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TempDir dir_;
  const std::string path_ = dir_.File("yingda.db");
  StoreFixture fixture_{path_};
};

TEST_F(SqlitePromiseTest, WhatWasCompletedBeforeItsTransactionIsThereAfterAKillAndOnlyOnce) {
  YINGDA_ASSERT_OK(fixture_.Open());
  JobRecord job = MakeJob("main/1");
  job.usage_day = 7;
  std::string copy;
  {
    const LockHolder lock(path_);
    YINGDA_ASSERT_OK(fixture_.Accept(job));
    YINGDA_ASSERT_OK(fixture_.Finish(FullResult(job)));
    YINGDA_ASSERT_OK(fixture_.Deliver("main/1", Delivery::kDelivered));
    copy = Killed("killed.db");
  }
  StoreFixture next(copy);
  for (int start = 0; start < 3; ++start) {
    YINGDA_ASSERT_OK(next.Open());
    ASSERT_THAT(*next.Jobs(), SizeIs(1));
    EXPECT_EQ(next.Jobs()->front().reply, "answer");
    EXPECT_EQ(next.Jobs()->front().delivery, Delivery::kDelivered);
    EXPECT_THAT(*next.Unread("alice"), SizeIs(1));
    EXPECT_THAT(*next.Conversation("alice"), SizeIs(2));
    EXPECT_EQ(next.UsageOn(7)->front().tokens, 30);
    EXPECT_EQ(next.UsageOn(7)->front().messages, 1);
    next.Close();
  }
}

TEST_F(SqlitePromiseTest, AStartThatFailsLeavesInTheLogWhatWasPromised) {
  YINGDA_ASSERT_OK(fixture_.Open());
  std::string copy;
  {
    const LockHolder lock(path_);
    YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
    copy = Killed("killed.db");
  }
  StoreFixture next(copy);
  next.options().busy_timeout = std::chrono::milliseconds(20);
  {
    const LockHolder lock(copy);
    EXPECT_EQ(next.Open().error().code, base::ErrorCode::kUnavailable);
  }
  {
    const testing::FileSizeLimit full;
    EXPECT_FALSE(next.Open());
  }
  YINGDA_ASSERT_OK(next.Open());
  EXPECT_THAT(*next.Jobs(), SizeIs(1));
}

TEST_F(SqlitePromiseTest, QuestionsLeaveRoomInTheLogForTheirAnswers) {
  YINGDA_ASSERT_OK(fixture_.Open());
  const LockHolder lock(path_);
  std::vector<JobRecord> taken;
  for (int i = 0; i < 1000; ++i) {
    const JobRecord job = MakeJob("main/" + std::to_string(i));
    if (!fixture_.Accept(job)) break;
    taken.push_back(job);
  }
  ASSERT_GT(taken.size(), 50U);
  ASSERT_LT(taken.size(), 1000U);
  for (const JobRecord& job : taken) YINGDA_ASSERT_OK(fixture_.Finish(MakeResult(job, std::string(1000, 'a'))));
}

TEST_F(SqlitePromiseTest, AKillBetweenTransactionAndEmptyingWritesNothingTwice) {
  YINGDA_ASSERT_OK(fixture_.Open());
  JobRecord job = MakeJob("main/1");
  YINGDA_ASSERT_OK(fixture_.Accept(job));
  YINGDA_ASSERT_OK(fixture_.Finish(FullResult(job)));
  YINGDA_ASSERT_OK(fixture_.Flush());
  StoreFixture next(Killed("killed.db"));
  YINGDA_ASSERT_OK(next.Open());
  EXPECT_THAT(*next.Unread("alice"), SizeIs(1));
  EXPECT_THAT(*next.Conversation("alice"), SizeIs(2));
}

TEST_F(SqlitePromiseTest, WhileSomethingIsOwedReadsFailAndAfterwardsFindIt) {
  YINGDA_ASSERT_OK(fixture_.Open());
  {
    const LockHolder lock(path_);
    YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
    EXPECT_EQ(fixture_.Jobs().error().code, base::ErrorCode::kUnavailable);
    EXPECT_EQ(fixture_.Add(MakeItem("alice", "page")).error().code, base::ErrorCode::kUnavailable);
    EXPECT_EQ(fixture_.Unread("alice").error().code, base::ErrorCode::kUnavailable);
    YINGDA_ASSERT_OK(fixture_.Finish(MakeResult(MakeJob("main/1"), "answer")));
    fixture_.store().SetDelivery("main/1", Delivery::kDelivered, nullptr);
  }
  ASSERT_TRUE(fixture_.RunUntil([&] { return fixture_.Jobs().has_value(); }));
  const auto jobs = fixture_.Jobs();
  ASSERT_THAT(*jobs, SizeIs(1));
  EXPECT_EQ(jobs->front().reply, "answer");
  EXPECT_EQ(jobs->front().delivery, Delivery::kDelivered);
}

TEST_F(SqlitePromiseTest, OnADiskThatTakesNothingPromisesAreMadeWhileTheLogHasRoomAndAllAreKept) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/before")));
  YINGDA_ASSERT_OK(fixture_.Flush());
  int promised = 0;
  {
    testing::FileSizeLimit full;
    JobRecord job = MakeJob("");
    job.question = std::string(10'000, 'x');
    base::Result<void> accepted;
    while (accepted && promised < 100) {
      job.key = "main/" + std::to_string(promised);
      accepted = fixture_.Accept(job);
      if (accepted) ++promised;
    }
    ASSERT_FALSE(accepted);
    EXPECT_EQ(accepted.error().code, base::ErrorCode::kUnavailable);
    EXPECT_THAT(accepted.error().message, HasSubstr("check the disk and its free space"));
    EXPECT_GE(promised, 5);
    fixture_.Close();
  }
  YINGDA_ASSERT_OK(fixture_.Open());  // what is owed stayed in the log
  EXPECT_THAT(*fixture_.Jobs(), SizeIs(static_cast<size_t>(promised) + 1));
}

TEST_F(SqlitePromiseTest, AResultWithAPageWaitsForItsTransaction) {
  YINGDA_ASSERT_OK(fixture_.Open());
  const LockHolder lock(path_);
  JobResult result = MakeResult(MakeJob("main/1"), "answer");
  result.page_id = "page";
  EXPECT_EQ(fixture_.Finish(result).error().code, base::ErrorCode::kUnavailable);
}

TEST_F(SqlitePromiseTest, AConversationIsKnownWithoutAReadAndAsPromised) {
  YINGDA_ASSERT_OK(fixture_.Open());
  JobResult result = MakeResult(MakeJob("main/1"), "answer");
  result.turns = {{"user", "question", 1}};
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  fixture_.Reopen();
  EXPECT_THAT(*fixture_.Conversation("alice"), SizeIs(1));
  const LockHolder lock(path_);
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  EXPECT_THAT(*fixture_.Conversation("alice"), SizeIs(2));
  EXPECT_THAT(*fixture_.Conversation("bob"), IsEmpty());
  EXPECT_FALSE(fixture_.Jobs());
}

TEST_F(SqlitePromiseTest, AnAnswerThatWasNotKeptIsNotInTheConversation) {
  fixture_.options().intent_log_bytes = 0;
  YINGDA_ASSERT_OK(fixture_.Open());
  EXPECT_THAT(*fixture_.Conversation("alice"), IsEmpty());
  {
    const LockHolder lock(path_);
    JobResult result = MakeResult(MakeJob("main/1"), "answer");
    result.turns = {{"user", "question", 1}};
    EXPECT_FALSE(fixture_.Finish(result));
  }
  EXPECT_THAT(*fixture_.Conversation("alice"), IsEmpty());
}

TEST_F(SqlitePromiseTest, WhatAFollowerWroteIsGoneFromTheLogWhenTheyLeaveAndWhenTheStoreEnds) {
  YINGDA_ASSERT_OK(fixture_.Open());
  JobRecord job = MakeJob("main/1");
  job.question = "a secret question";
  YINGDA_ASSERT_OK(fixture_.Accept(job));
  YINGDA_ASSERT_OK(fixture_.Flush());
  EXPECT_THAT(IntentBytes(), HasSubstr("secret"));
  YINGDA_ASSERT_OK(fixture_.Forget("alice"));
  EXPECT_THAT(IntentBytes(), Not(HasSubstr("secret")));
  YINGDA_ASSERT_OK(fixture_.Accept(job));
  fixture_.Close();
  EXPECT_THAT(IntentBytes(), Not(HasSubstr("secret")));
}

TEST_F(SqlitePromiseTest, TheLogOfAnotherStoreIsSetAsideAndKept) {
  YINGDA_ASSERT_OK(fixture_.Open());
  std::string copy;
  {
    const LockHolder lock(path_);
    YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
    copy = Killed("replaced.db");
  }
  std::filesystem::remove(copy);
  std::filesystem::remove(copy + "-wal");
  StoreFixture next(copy);
  YINGDA_ASSERT_OK(next.Open());
  EXPECT_THAT(*next.Jobs(), IsEmpty());
  YINGDA_ASSERT_OK(next.Accept(MakeJob("main/2")));
  EXPECT_THAT(*next.Jobs(), SizeIs(1));
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    aside += entry.path().string().find("replaced.db-intents-of-another-store-") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(aside, 1);
}

TEST_F(SqlitePromiseTest, ABackupFromBeforeTakesWhatTheLogHolds) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/early")));
  YINGDA_ASSERT_OK(fixture_.Flush());
  const std::string backup = Killed("backup.db");
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/between")));
  YINGDA_ASSERT_OK(fixture_.Flush());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/late")));
  std::filesystem::copy_file(path_ + "-intents", backup + "-intents",
                             std::filesystem::copy_options::overwrite_existing);
  StoreFixture next(backup);
  YINGDA_ASSERT_OK(next.Open());
  std::vector<std::string> keys;
  const auto jobs = next.Jobs();
  for (const JobRecord& job : *jobs) keys.push_back(job.key);
  EXPECT_THAT(keys, ElementsAre("main/early", "main/late"));
}

TEST_F(SqlitePromiseTest, WithoutALogWhatAnEarlierOneHeldIsStillWritten) {
  YINGDA_ASSERT_OK(fixture_.Open());
  std::string copy;
  {
    const LockHolder lock(path_);
    YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
    copy = Killed("killed.db");
  }
  StoreFixture next(copy);
  next.options().intent_log_bytes = 0;
  YINGDA_ASSERT_OK(next.Open());
  EXPECT_THAT(*next.Jobs(), SizeIs(1));
}

TEST_F(SqlitePromiseTest, ALogThatCannotBeMadeIsDoneWithout) {
  std::filesystem::create_directory(path_ + "-intents");
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  fixture_.Reopen();
  EXPECT_THAT(*fixture_.Jobs(), SizeIs(1));
}

}  // namespace
}  // namespace yingda::store
