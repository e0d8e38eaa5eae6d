// SPDX-License-Identifier: MIT
// What a file on a disk adds: restarts, updates, permissions, a log.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "store/schema.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteWhole(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

class SqliteStoreFileTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  const std::string path_ = dir_.File("yingda.db");
  StoreFixture fixture_{path_};
};

TEST_F(SqliteStoreFileTest, ARestartKeepsJobsInboxAndConversations) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/running")));
  YINGDA_ASSERT_OK(fixture_.RecordTry("main/running", 3));
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/done", "alice", 2000)));
  JobResult result = MakeResult(MakeJob("main/done"), "<xml/>");
  result.delivery = Delivery::kDelivered;
  result.inbox = {MakeItem("", "part 1", 5, 1), MakeItem("", "part 0", 5, 0)};
  result.turns = {{"user", "q", 1}, {"assistant", "a", 2}};
  YINGDA_ASSERT_OK(fixture_.Finish(result));
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "older", 4)));

  fixture_.Reopen();

  const auto jobs = fixture_.Jobs();
  ASSERT_EQ(jobs->size(), 2U);
  EXPECT_EQ((*jobs)[0].key, "main/running");
  EXPECT_EQ((*jobs)[0].tries, 3);
  EXPECT_FALSE((*jobs)[0].finished);
  EXPECT_EQ((*jobs)[1].reply, "<xml/>");
  EXPECT_EQ((*jobs)[1].delivery, Delivery::kDelivered);
  EXPECT_EQ(fixture_.Conversation("alice")->size(), 2U);
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("older", "part 0", "part 1"));
}

TEST_F(SqliteStoreFileTest, APageClaimedBeforeARestartIsGivenAgainOnlyWhenAskedFor) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "one two three")));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k1", "one", "two three"));
  YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned("alice"));  // this process lives: nothing is abandoned
  EXPECT_EQ((*fixture_.Oldest("alice"))->text, "two three");

  fixture_.Reopen();
  EXPECT_EQ((*fixture_.Oldest("alice"))->text, "two three");
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k2", "two", "three"));
  YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned("bob"));
  YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned("alice"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("one", "three"));
  YINGDA_ASSERT_OK(fixture_.Release("k2"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("two"));
}

TEST_F(SqliteStoreFileTest, AClaimFromBeforeARestartCanBeConfirmedByItsKey) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k1", "page", ""));
  fixture_.Reopen();
  YINGDA_ASSERT_OK(fixture_.Confirm("k1"));
  YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned("alice"));
  EXPECT_THAT(fixture_.Drain("alice"), IsEmpty());
}

TEST_F(SqliteStoreFileTest, AbandonedPagesCountAsUnreadAndGoWithTheirAnswerPage) {
  YINGDA_ASSERT_OK(fixture_.Open());
  InboxItem item = MakeItem("alice", "page");
  item.page_id = "p1";
  YINGDA_ASSERT_OK(fixture_.Add(item));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k1", "page", ""));
  EXPECT_THAT(*fixture_.UnreadFollowers(), IsEmpty());
  fixture_.Reopen();
  EXPECT_EQ(fixture_.UnreadFollowers()->size(), 1U);
  EXPECT_TRUE(fixture_.DropUnreadOfPage("p1")->has_value());
  EXPECT_THAT(*fixture_.UnreadFollowers(), IsEmpty());
}

TEST_F(SqliteStoreFileTest, ARestartKeepsAnswerPagesAndTokens) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.SavePage(MakePage("p1")));
  YINGDA_ASSERT_OK(fixture_.SaveToken({"main", "wx1", "stable", "secret", 3, 10, 20}));
  fixture_.Reopen();
  EXPECT_EQ((*fixture_.Page("p1"))->markdown, "**p1**");
  EXPECT_EQ((*fixture_.Token("main", "wx1", "stable"))->value, "secret");
}

TEST_F(SqliteStoreFileTest, AFileOfTheFirstVersionIsBroughtUpToDateWithAllItHolds) {
  {
    auto old = SqliteConnection::Open(path_, std::chrono::seconds(1));
    ASSERT_TRUE(old);
    YINGDA_ASSERT_OK(Migrate(**old, SchemaSteps().first(1)));
    YINGDA_ASSERT_OK((*old)->Execute(
        "INSERT INTO jobs (account, key, open_id, to_user, kind, first_seen_ms, tries, finished, delivery, question, "
        "reply, reply_text) VALUES ('main', 'main/1', 'alice', 'gh_1', 'model', 5, 2, 1, 1, 'why', '<xml/>', 'text');"
        "INSERT INTO inbox (account, open_id, asked_ms, part, origin, expires_ms, claimed_by, abandoned, question, "
        "text) VALUES ('main', 'alice', 5, 0, 1, 1000, 'main/2', 0, 'why', 'one'), ('main', 'alice', 5, 0, 1, 1000, "
        "'', 0, 'why', 'two'), ('main', 'alice', 5, 0, 3, 1000, '', 0, 'how', 'other');"
        "INSERT INTO turns VALUES ('main', 'alice', 1, 5, 'user', 'why')"));
    EXPECT_EQ(*(*old)->ReadInteger("PRAGMA user_version"), 1);
  }
  YINGDA_ASSERT_OK(fixture_.Open());
  const auto jobs = fixture_.Jobs();
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ(jobs->front().key, "main/1");
  EXPECT_EQ(jobs->front().tries, 2);
  EXPECT_EQ(jobs->front().reply, "<xml/>");
  EXPECT_EQ(jobs->front().delivery, Delivery::kClaimed);
  EXPECT_EQ(jobs->front().page_id, "");
  const auto items = fixture_.Unread("alice");
  ASSERT_EQ(items->size(), 2U);
  EXPECT_EQ((*items)[0].text, "two");
  EXPECT_EQ((*items)[0].part, 1);  // a page went before it
  EXPECT_EQ((*items)[0].page_id, "");
  EXPECT_EQ((*items)[1].text, "other");
  EXPECT_EQ((*items)[1].part, 0);
  EXPECT_EQ(fixture_.Conversation("alice")->size(), 1U);
  YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned("alice"));
  EXPECT_THAT(fixture_.Drain("alice"), ElementsAre("one", "two", "other"));
  YINGDA_ASSERT_OK(fixture_.SavePage(MakePage("p1")));
  YINGDA_ASSERT_OK(fixture_.SaveToken({"main", "wx1", "stable", "secret", 1, 1, 2}));
}

TEST_F(SqliteStoreFileTest, AFileOfTheSecondVersionIsBroughtUpToDateWithAllItHolds) {
  {
    auto old = SqliteConnection::Open(path_, std::chrono::seconds(1));
    ASSERT_TRUE(old);
    YINGDA_ASSERT_OK(Migrate(**old, SchemaSteps().first(2)));
    YINGDA_ASSERT_OK((*old)->Execute(
        "INSERT INTO jobs (account, key, open_id, to_user, kind, first_seen_ms, tries, finished, delivery, question, "
        "reply, reply_text, page_id) VALUES ('main', 'main/1', 'alice', 'gh_1', 'model', 5, 2, 0, 0, 'why', '', '', "
        "'p1'); INSERT INTO turns VALUES ('main', 'alice', 1, 5, 'user', 'why')"));
    EXPECT_EQ(*(*old)->ReadInteger("PRAGMA user_version"), 2);
  }
  YINGDA_ASSERT_OK(fixture_.Open());
  const auto jobs = fixture_.Jobs();
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_EQ(jobs->front().page_id, "p1");
  EXPECT_EQ(jobs->front().picture_url, "");
  const auto turns = fixture_.Conversation("alice");
  ASSERT_EQ(turns->size(), 1U);
  EXPECT_EQ(turns->front().content, "why");
  EXPECT_EQ(turns->front().picture_url, "");
  EXPECT_THAT(*fixture_.UsageOn(1), IsEmpty());
  // And takes what is new.
  YINGDA_ASSERT_OK(fixture_.AddCounts({{"main", 1, "rule", "a", 1}}));
  JobRecord job = MakeJob("main/2");
  job.usage_day = 1;
  job.picture_url = "http://mmbiz.qpic.cn/x";
  YINGDA_ASSERT_OK(fixture_.Accept(job));
  EXPECT_EQ(fixture_.Jobs()->back().picture_url, job.picture_url);
  EXPECT_EQ(fixture_.UsageOn(1)->size(), 2U);
}

TEST_F(SqliteStoreFileTest, NewFoldersAndFilesAreForTheirOwnerOnly) {
  fixture_.options().path = dir_.File("a/b/yingda.db");
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  EXPECT_EQ(ModeOf(dir_.File("a")), 0700U);
  EXPECT_EQ(ModeOf(dir_.File("a/b")), 0700U);
  EXPECT_EQ(ModeOf(dir_.File("a/b/yingda.db")), 0600U);
  EXPECT_EQ(ModeOf(dir_.File("a/b/yingda.db-wal")), 0600U);
}

TEST_F(SqliteStoreFileTest, FlushPutsEverythingIntoTheFileItself) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  YINGDA_ASSERT_OK(fixture_.Flush());
  // Without its write-ahead log.
  WriteWhole(dir_.File("copy.db"), ReadWhole(path_));
  StoreFixture copy(dir_.File("copy.db"));
  YINGDA_ASSERT_OK(copy.Open());
  EXPECT_EQ(copy.Jobs()->size(), 1U);
}

TEST_F(SqliteStoreFileTest, TheWriteAheadLogStaysBounded) {
  fixture_.options().wal_limit_bytes = 1 << 20;
  YINGDA_ASSERT_OK(fixture_.Open());
  uintmax_t largest = 0;
  for (int i = 0; i < 1500; ++i) {
    JobRecord job = MakeJob("main/" + std::to_string(i));
    job.question = std::string(10'000, 'x');
    YINGDA_ASSERT_OK(fixture_.Accept(job));
    largest = std::max(largest, std::filesystem::file_size(path_ + "-wal"));
  }
  // 15 MB were written. Up to 1 MB of them are promised at a time, and may come in one transaction.
  EXPECT_LT(largest, 3U << 20);
}

}  // namespace
}  // namespace yingda::store
