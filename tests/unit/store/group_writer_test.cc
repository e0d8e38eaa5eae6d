// SPDX-License-Identifier: MIT
#include "store/group_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "store/reader.h"
#include "support/wait.h"
#include "unit/store/inlet.h"

namespace yingda::store {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GroupWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteConnection::Open(":memory:", std::chrono::milliseconds(100));
    ASSERT_TRUE(opened);
    shared_->connection = std::move(*opened);
    ASSERT_TRUE(shared_->connection->Execute("CREATE TABLE t (a INTEGER)"));
  }

  void Start(GroupWriter::Options options = {}) {
    writer_ = std::make_unique<GroupWriter>(options, shared_, nullptr, nullptr, inlet_.Executor(), *logger_, metrics_);
  }
  /// Occupies the writer until `Go`, so that everything queued meanwhile falls into the transactions after it.
  void Hold() {
    std::promise<void> busy;
    writer_->Enqueue(GroupWriter::Write{[&busy, go = go_.get_future().share()](SqliteConnection&) {
                                          busy.set_value();
                                          go.wait();
                                          return base::Result<void>();
                                        },
                                        nullptr});
    busy.get_future().wait();
  }
  void Go() { go_.set_value(); }

  void Insert(int value, const char* afterwards = "") {
    writer_->Enqueue(GroupWriter::Write{
        [value, afterwards](SqliteConnection& connection) {
          auto done = Query(connection, "INSERT INTO t VALUES (?)", value).Run();
          if (done && *afterwards != '\0') done = connection.Execute(afterwards);
          return done;
        },
        [this](base::Result<void> result) { outcomes_.push_back(result ? "ok" : ToString(result.error().code)); }});
  }
  void InsertPatiently(int value) {
    GroupWriter::Write write{
        [value](SqliteConnection& connection) { return Query(connection, "INSERT INTO t VALUES (?)", value).Run(); },
        [this](base::Result<void> result) { outcomes_.push_back(result ? "patient" : "failed"); }};
    write.patient = true;
    writer_->Enqueue(std::move(write));
  }
  /// Its outcome is what the table holds.
  void Read() {
    const auto found = std::make_shared<std::string>();
    GroupWriter::Write read{
        [found](SqliteConnection& connection) -> base::Result<void> {
          YINGDA_TRY(*found, connection.ReadText("SELECT coalesce(group_concat(a, ','), '') FROM t"));
          return {};
        },
        [this, found](base::Result<void> result) { outcomes_.push_back(result ? "read " + *found : "failed"); }};
    read.reads = true;
    writer_->Enqueue(std::move(read));
  }
  bool RunUntil(size_t outcomes) {
    return testing::WaitFor([&] {
      inlet_.RunPosted();
      return outcomes_.size() == outcomes;
    });
  }
  std::string Values() {
    std::lock_guard lock(shared_->mutex);
    return *shared_->connection->ReadText(
        "SELECT coalesce(group_concat(a, ','), '') FROM (SELECT a FROM t ORDER BY 1)");
  }

  Inlet inlet_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  std::shared_ptr<SharedConnection> shared_ = std::make_shared<SharedConnection>();
  std::promise<void> go_;
  std::vector<std::string> outcomes_;
  std::unique_ptr<GroupWriter> writer_;
};

TEST_F(GroupWriterTest, WhatIsQueuedGoesIntoOneTransaction) {
  Start({.queue_limit = 100, .batch_limit = 32});
  Hold();
  for (int i = 0; i < 40; ++i) Insert(i);
  Go();
  ASSERT_TRUE(RunUntil(40));
  // One for the holder, then 32 and 8.
  EXPECT_THAT(metrics_.Text(), HasSubstr("yingda_store_batch_size_count 3"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("yingda_store_batch_size_sum 41"));
}

TEST_F(GroupWriterTest, AFullQueueRefusesAtOnce) {
  Start({.queue_limit = 2, .batch_limit = 32});
  Hold();
  Insert(1);
  Insert(2);
  Insert(3);
  ASSERT_TRUE(RunUntil(1));
  EXPECT_THAT(outcomes_, ElementsAre("unavailable"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("yingda_store_writes_total{result=\"refused\"} 1"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("yingda_store_queue 2"));
  Go();
  ASSERT_TRUE(RunUntil(3));
  EXPECT_EQ(Values(), "1,2");
}

TEST_F(GroupWriterTest, AFailingWriteIsUndoneAndTheOthersStay) {
  Start();
  Hold();
  Insert(1);
  Insert(2, "INSERT INTO nowhere VALUES (1)");
  Insert(3);
  Go();
  ASSERT_TRUE(RunUntil(3));
  EXPECT_THAT(outcomes_, ElementsAre("ok", "internal", "ok"));
  EXPECT_EQ(Values(), "1,3");
}

TEST_F(GroupWriterTest, WhenATransactionIsLostItsWritesAreTriedOneByOne) {
  Start();
  Hold();
  Insert(1);
  Insert(2, "ROLLBACK; INSERT INTO nowhere VALUES (1)");  // as SQLite itself rolls back when the disk is full
  Insert(3);
  Go();
  ASSERT_TRUE(RunUntil(3));
  EXPECT_THAT(outcomes_, ElementsAre("ok", "internal", "ok"));
  EXPECT_EQ(Values(), "1,3");
}

TEST_F(GroupWriterTest, APatientWriteSharesTheNextTransaction) {
  Start({.patience = std::chrono::minutes(10)});
  Insert(1);
  ASSERT_TRUE(RunUntil(1));
  InsertPatiently(2);
  Insert(3);
  ASSERT_TRUE(RunUntil(3));
  EXPECT_THAT(outcomes_, ElementsAre("ok", "patient", "ok"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("yingda_store_batch_size_count 2"));
  EXPECT_THAT(metrics_.Text(), HasSubstr("yingda_store_batch_size_sum 3"));
  InsertPatiently(4);
  writer_.reset();
  inlet_.RunPosted();
  EXPECT_EQ(Values(), "1,2,3,4") << "the destructor waits for nobody";
}

TEST_F(GroupWriterTest, APatientWriteIsWrittenThoughNoOtherComes) {
  Start({.patience = std::chrono::milliseconds(1)});
  for (size_t i = 1; i <= 20; ++i) {
    InsertPatiently(static_cast<int>(i));
    ASSERT_TRUE(RunUntil(i));
  }
}

TEST_F(GroupWriterTest, AReadSeesWhatWasQueuedBeforeItAndNothingElse) {
  Start();
  Hold();
  Read();
  Insert(1);
  Insert(2, "INSERT INTO nowhere VALUES (1)");
  Read();
  Insert(3);
  Insert(4, "ROLLBACK; INSERT INTO nowhere VALUES (1)");  // once more, one by one
  Read();
  Go();
  ASSERT_TRUE(RunUntil(7));
  EXPECT_THAT(outcomes_, ElementsAre("read ", "ok", "internal", "read 1", "ok", "internal", "read 1,3"));
}

TEST_F(GroupWriterTest, AReadNeedsNoTransaction) {
  ASSERT_TRUE(shared_->connection->Execute("BEGIN; INSERT INTO t VALUES (9)"));  // and no other can begin
  Start();
  Insert(1);
  Read();
  Insert(2);
  Read();
  ASSERT_TRUE(RunUntil(4));
  EXPECT_THAT(outcomes_, ElementsAre("internal", "read 9", "internal", "read 9"));
}

TEST_F(GroupWriterTest, AQueuedWriteGoesBeforeTheNextStepOfAChore) {
  Start();
  std::string order;
  writer_->Enqueue(GroupWriter::Chore{[this, &order, steps = 0](SqliteConnection&) mutable -> base::Result<bool> {
                                        order += 'c';
                                        writer_->Enqueue(GroupWriter::Write{[&order](SqliteConnection&) {
                                                                              order += 'w';
                                                                              return base::Result<void>();
                                                                            },
                                                                            nullptr});
                                        return ++steps < 5;
                                      },
                                      [this](base::Result<void>) { outcomes_.emplace_back("swept"); }});
  ASSERT_TRUE(RunUntil(1));
  writer_.reset();
  EXPECT_EQ(order, "cwcwcwcwcw");
}

TEST_F(GroupWriterTest, AFailingStepEndsItsChoreAndUndoesThatStep) {
  Start();
  writer_->Enqueue(GroupWriter::Chore{
      [](SqliteConnection& connection) -> base::Result<bool> {
        (void)connection.Execute("INSERT INTO t VALUES (1)");
        return base::Error{base::ErrorCode::kInternal, "no"};
      },
      [this](base::Result<void> result) { outcomes_.push_back(result ? "ok" : ToString(result.error().code)); }});
  ASSERT_TRUE(RunUntil(1));
  EXPECT_THAT(outcomes_, ElementsAre("internal"));
  EXPECT_EQ(Values(), "");
}

TEST_F(GroupWriterTest, TheDestructorFinishesWhatIsQueued) {
  Start();
  Hold();
  for (int i = 0; i < 50; ++i) Insert(i);
  Go();
  writer_.reset();
  inlet_.RunPosted();
  EXPECT_EQ(outcomes_.size(), 50U);
  EXPECT_THAT(outcomes_, Each("ok"));
}

TEST(ReaderTest, AFullQueueTakesNothingAndTheDestructorFinishesTheRest) {
  auto shared = std::make_shared<SharedConnection>();
  shared->connection = *SqliteConnection::Open(":memory:", std::chrono::milliseconds(100));
  std::promise<void> busy;
  std::promise<void> go;
  std::atomic<int> ran = 0;
  {
    Reader reader(shared, 2);
    ASSERT_TRUE(reader.Enqueue([&](SqliteConnection&) {
      busy.set_value();
      go.get_future().wait();
    }));
    busy.get_future().wait();
    EXPECT_TRUE(reader.Enqueue([&](SqliteConnection&) { ++ran; }));
    EXPECT_TRUE(reader.Enqueue([&](SqliteConnection&) { ++ran; }));
    EXPECT_FALSE(reader.Enqueue([&](SqliteConnection&) { ++ran; }));
    go.set_value();
  }
  EXPECT_EQ(ran, 2);
}

}  // namespace
}  // namespace yingda::store
