// SPDX-License-Identifier: MIT
// Writes that are promised: completed once they are in the log, owed while the disk refuses them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "store/group_writer.h"
#include "support/temp_dir.h"
#include "support/wait.h"
#include "unit/store/inlet.h"

namespace yingda::store {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GroupWriterIntentsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteConnection::Open(":memory:", 100ms);
    ASSERT_TRUE(opened);
    shared_->connection = std::move(*opened);
    ASSERT_TRUE(
        shared_->connection->Execute("CREATE TABLE t (a INTEGER); CREATE TABLE intents (store_id, applied);"
                                     "INSERT INTO intents VALUES (1, 0)"));
    auto log = IntentLog::Open(dir_.File("log"), 1);
    ASSERT_TRUE(log) << log.error().message;
    log_ = *std::move(log);
    log_->Begin(1, 0);
  }
  void Start(GroupWriter::Options options = {.owed_again = 1ms}) {
    writer_ =
        std::make_unique<GroupWriter>(options, shared_, nullptr, log_.get(), inlet_.Executor(), *logger_, metrics_);
  }
  /// A disk in trouble: `run` of every write fails while it is.
  std::function<base::Result<void>(SqliteConnection&)> Inserting(int value) {
    return [this, value](SqliteConnection& connection) -> base::Result<void> {
      const base::ErrorCode trouble = trouble_;
      if (trouble != base::ErrorCode::kNotFound) return base::Error{trouble, "the disk is in trouble"};
      return Query(connection, "INSERT INTO t VALUES (?)", value).Run();
    };
  }
  GroupWriter::Done Noting(const std::string& what) {
    return [this, what](const base::Result<void>& result) {
      outcomes_.push_back(what + (result ? "" : std::string(" ") + ToString(result.error().code)));
    };
  }
  bool Promise(int value) {
    return writer_->Promise({Inserting(value), Noting(std::to_string(value))}, std::to_string(value));
  }
  void Insert(int value) { writer_->Enqueue(GroupWriter::Write{Inserting(value), Noting(std::to_string(value))}); }
  void InsertUnawaited(int value) {
    GroupWriter::Write write{Inserting(value), nullptr};
    write.patient = true;
    writer_->Enqueue(std::move(write));
  }
  void Read() {
    const auto found = std::make_shared<std::string>();
    GroupWriter::Write read{
        [found](SqliteConnection& connection) -> base::Result<void> {
          YINGDA_TRY(*found, connection.ReadText("SELECT coalesce(group_concat(a), '') FROM t"));
          return {};
        },
        [this, found](const base::Result<void>& result) {
          outcomes_.push_back(result ? "read " + *found : "read " + std::string(ToString(result.error().code)));
        }};
    read.reads = true;
    writer_->Enqueue(std::move(read));
  }
  bool RunUntil(size_t outcomes) {
    return testing::WaitFor([&] {
      inlet_.RunPosted();
      return outcomes_.size() >= outcomes;
    });
  }
  std::string Text(const std::string& sql) {
    std::lock_guard lock(shared_->mutex);
    return *shared_->connection->ReadText(sql);
  }
  std::string Values() { return Text("SELECT coalesce(group_concat(a), '') FROM t"); }
  std::string Applied() { return Text("SELECT applied FROM intents"); }

  testing::TempDir dir_;
  Inlet inlet_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  std::shared_ptr<SharedConnection> shared_ = std::make_shared<SharedConnection>();
  std::unique_ptr<IntentLog> log_;
  std::atomic<base::ErrorCode> trouble_ = base::ErrorCode::kNotFound;  // none
  std::vector<std::string> outcomes_;
  std::unique_ptr<GroupWriter> writer_;
};

TEST_F(GroupWriterIntentsTest, APromiseIsCompletedBeforeItsTransaction) {
  Start();
  {
    std::lock_guard no_transactions(shared_->mutex);
    EXPECT_TRUE(Promise(1));
    EXPECT_TRUE(Promise(2));
    ASSERT_TRUE(RunUntil(2));
    EXPECT_TRUE(writer_->Promised());
  }
  EXPECT_THAT(outcomes_, ElementsAre("1", "2"));
  ASSERT_TRUE(testing::WaitFor([&] { return !writer_->Promised(); }));
  EXPECT_EQ(Values(), "1,2");
  EXPECT_EQ(Applied(), "2");
}

TEST_F(GroupWriterIntentsTest, AReadThroughTheQueueSeesWhatIsPromised) {
  Start();
  Promise(1);
  Read();
  ASSERT_TRUE(RunUntil(2));
  EXPECT_THAT(outcomes_, ElementsAre("1", "read 1"));
}

TEST_F(GroupWriterIntentsTest, WhatTheLogCannotHoldWaitsForItsTransaction) {
  Start();
  EXPECT_FALSE(writer_->Promise({Inserting(1), Noting("1")}, std::string(IntentLog::kMostBytes + 1, 'x')));
  ASSERT_TRUE(RunUntil(1));
  EXPECT_EQ(Values(), "1");
  EXPECT_EQ(Applied(), "0");
}

TEST_F(GroupWriterIntentsTest, AFullQueueTakesNoPromise) {
  Start({.queue_limit = 1});
  {
    std::lock_guard no_transactions(shared_->mutex);
    // One may be in the writer's hands by then, another one fills the queue.
    size_t promised = 0;
    while (promised < 100 && Promise(1)) ++promised;
    EXPECT_LE(promised, 2U);
    ASSERT_TRUE(RunUntil(promised + 1));
  }
  EXPECT_EQ(outcomes_.back(), "1 unavailable");
}

TEST_F(GroupWriterIntentsTest, WhatIsOwedIsWrittenInItsOrderWhenTheDiskTakesItAgain) {
  Start();
  trouble_ = base::ErrorCode::kUnavailable;
  Promise(1);
  InsertUnawaited(2);
  Promise(3);
  InsertUnawaited(4);
  Insert(5);
  Read();
  ASSERT_TRUE(RunUntil(4));
  // Whoever waits learns it: nothing passes what is owed, and a read must not miss it.
  EXPECT_THAT(outcomes_, ElementsAre("1", "3", "5 unavailable", "read unavailable"));
  EXPECT_EQ(Values(), "");
  InsertUnawaited(6);
  Promise(7);
  trouble_ = base::ErrorCode::kNotFound;
  ASSERT_TRUE(testing::WaitFor([&] { return !writer_->Promised(); }));
  EXPECT_EQ(Values(), "1,2,3,4,6,7");
  EXPECT_EQ(Applied(), "3");
  Insert(8);
  Read();
  ASSERT_TRUE(RunUntil(7));
  EXPECT_EQ(outcomes_.back(), "read 1,2,3,4,6,7,8");
}

TEST_F(GroupWriterIntentsTest, WhatComesWhileSomethingIsOwedIsToldAtOnce) {
  Start({.owed_again = 1h});
  trouble_ = base::ErrorCode::kUnavailable;
  Promise(1);
  Insert(2);
  ASSERT_TRUE(RunUntil(2));
  trouble_ = base::ErrorCode::kNotFound;
  Insert(3);
  Read();
  ASSERT_TRUE(RunUntil(4));
  EXPECT_THAT(outcomes_, ElementsAre("1", "2 unavailable", "3 unavailable", "read unavailable"));
  writer_.reset();  // one last try
  EXPECT_EQ(Values(), "1");
}

TEST_F(GroupWriterIntentsTest, WhenNoTransactionBeginsTheWritesBeforeAPromiseFailAndTheRestIsOwed) {
  Start();
  {
    std::lock_guard no_transactions(shared_->mutex);
    ASSERT_TRUE(shared_->connection->Execute("PRAGMA query_only = ON"));
    Insert(1);
    Promise(2);
    Insert(3);
  }
  ASSERT_TRUE(RunUntil(3));
  EXPECT_EQ(Values(), "");
  {
    std::lock_guard lock(shared_->mutex);
    ASSERT_TRUE(shared_->connection->Execute("PRAGMA query_only = OFF"));
  }
  ASSERT_TRUE(testing::WaitFor([&] { return !writer_->Promised(); }));
  EXPECT_EQ(Values(), "2");
}

TEST_F(GroupWriterIntentsTest, WhatIsStillOwedAtTheEndStaysInTheLog) {
  Start();
  trouble_ = base::ErrorCode::kUnavailable;
  Promise(1);
  Promise(2);
  ASSERT_TRUE(RunUntil(2));
  writer_.reset();
  EXPECT_EQ(Values(), "");
  EXPECT_TRUE(log_->Pending());
  log_->Wipe();
  log_.reset();
  const auto log = IntentLog::Open(dir_.File("log"), 1);
  ASSERT_EQ((*log)->left().size(), 2U);
  EXPECT_EQ((*log)->left()[1].bytes, "2");
}

TEST_F(GroupWriterIntentsTest, APromiseThatCanNeverBeKeptDoesNotStopTheOthers) {
  Start();
  trouble_ = base::ErrorCode::kTooLarge;
  Promise(1);
  ASSERT_TRUE(testing::WaitFor([&] { return !writer_->Promised(); }));
  trouble_ = base::ErrorCode::kNotFound;
  Promise(2);
  ASSERT_TRUE(testing::WaitFor([&] { return !writer_->Promised(); }));
  EXPECT_EQ(Values(), "2");
  EXPECT_EQ(Applied(), "2");
}

TEST_F(GroupWriterIntentsTest, AChoreWaitsWhileSomethingIsOwed) {
  Start({.owed_again = 1ms});
  trouble_ = base::ErrorCode::kUnavailable;
  Promise(1);
  Insert(2);
  ASSERT_TRUE(RunUntil(2));
  std::string seen;
  writer_->Enqueue(GroupWriter::Chore{[&seen](SqliteConnection& connection) -> base::Result<bool> {
                                        YINGDA_TRY(seen, connection.ReadText("SELECT count(*) FROM t"));
                                        return false;
                                      },
                                      Noting("chore")});
  Insert(3);
  ASSERT_TRUE(RunUntil(3));
  EXPECT_EQ(outcomes_.back(), "3 unavailable");
  trouble_ = base::ErrorCode::kNotFound;
  ASSERT_TRUE(RunUntil(4));
  EXPECT_EQ(outcomes_.back(), "chore");
  EXPECT_EQ(seen, "1");
}

}  // namespace
}  // namespace yingda::store
