// SPDX-License-Identifier: MIT
// What a file on a disk adds: restarts, damage, permissions, locks, a full disk.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "store/schema.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

/// Another program at work on the file.
class Intruder {
 public:
  explicit Intruder(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK); }
  ~Intruder() { sqlite3_close(handle_); }
  void Run(const char* sql) {
    ASSERT_EQ(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle_);
  }

 private:
  sqlite3* handle_ = nullptr;
};

class SqliteStoreFileTest : public ::testing::Test {
 protected:
  SqliteStoreFileTest() { fixture_.options().busy_timeout = std::chrono::milliseconds(30); }
  base::Error FailToOpen() {
    auto opened = fixture_.Open();
    EXPECT_FALSE(opened);
    return opened ? base::Error{} : opened.error();
  }

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
  WriteFile(dir_.File("copy.db"), ReadFile(path_));
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
  EXPECT_LT(largest, 2U << 20);  // 15 MB were written
}

TEST_F(SqliteStoreFileTest, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text = "Dear diary, this is no database. " + std::string(5000, '.');
  WriteFile(path_, text);
  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr(path_));
  EXPECT_THAT(error.message, HasSubstr("not an SQLite database; move the file away"));
  EXPECT_EQ(ReadFile(path_), text);
}

TEST_F(SqliteStoreFileTest, ADamagedFileIsRefusedAndLeftAlone) {
  YINGDA_ASSERT_OK(fixture_.Open());
  for (int i = 0; i < 200; ++i) YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/" + std::to_string(i))));
  fixture_.Close();
  std::string bytes = ReadFile(path_);
  ASSERT_GT(bytes.size(), 12U * 4096);
  std::fill(bytes.begin() + 8192, bytes.end() - 4096, '\x5a');
  WriteFile(path_, bytes);

  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr(path_));
  EXPECT_THAT(error.message, HasSubstr("damaged"));
  EXPECT_THAT(error.message, HasSubstr("backup"));
  EXPECT_EQ(ReadFile(path_).size(), bytes.size());
}

TEST_F(SqliteStoreFileTest, DamageFoundLaterFailsTheCallAsCorrupt) {
  YINGDA_ASSERT_OK(fixture_.Open());
  for (int i = 0; i < 1000; ++i) YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/" + std::to_string(i))));
  fixture_.Close();
  std::string bytes = ReadFile(path_);
  ASSERT_GT(bytes.size(), 40U * 4096);  // the tables' first pages lie in the first 20
  std::fill(bytes.begin() + 20 * 4096, bytes.end(), '\x5a');
  WriteFile(path_, bytes);
  fixture_.options().check_up_to_bytes = 0;
  YINGDA_ASSERT_OK(fixture_.Open());
  const auto jobs = fixture_.Jobs();
  ASSERT_FALSE(jobs);
  EXPECT_EQ(jobs.error().code, base::ErrorCode::kCorrupt);
}

TEST_F(SqliteStoreFileTest, ANewerFileIsRefused) {
  YINGDA_ASSERT_OK(fixture_.Open());
  fixture_.Close();
  Intruder(path_).Run("PRAGMA user_version = 99");
  EXPECT_THAT(FailToOpen().message, HasSubstr("newer yingda"));
}

TEST_F(SqliteStoreFileTest, AnotherProgramsDatabaseIsRefused) {
  Intruder(path_).Run("CREATE TABLE theirs (a TEXT)");
  EXPECT_THAT(FailToOpen().message, HasSubstr("another program"));
}

TEST_F(SqliteStoreFileTest, AFolderThatMayNotBeWrittenIsNamed) {
  const std::string folder = dir_.File("closed");
  ASSERT_EQ(::mkdir(folder.c_str(), 0500), 0);
  fixture_.options().path = folder + "/yingda.db";
  // Nothing is closed to root: be somebody else for the moment.
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto error = FailToOpen();
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(error.code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr(folder));
  EXPECT_THAT(error.message, HasSubstr("Permission denied"));
}

TEST_F(SqliteStoreFileTest, APlaceThatIsNoFileIsNamed) {
  WriteFile(path_, "");
  fixture_.options().path = path_ + "/below/yingda.db";
  EXPECT_THAT(FailToOpen().message, HasSubstr("cannot be made"));
  fixture_.options().path = dir_.path().string();
  EXPECT_THAT(FailToOpen().message, HasSubstr("cannot be opened"));
}

TEST_F(SqliteStoreFileTest, AFileLockedByAnotherProgramIsSaidSoAtOpening) {
  YINGDA_ASSERT_OK(fixture_.Open());
  fixture_.Close();
  Intruder other(path_);
  other.Run("BEGIN IMMEDIATE");
  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("locked by another program"));
}

TEST_F(SqliteStoreFileTest, WritesFailWhileAnotherProgramHoldsTheLockAndReadsGoOn) {
  YINGDA_ASSERT_OK(fixture_.Open());
  Intruder other(path_);
  other.Run("BEGIN IMMEDIATE");
  const auto refused = fixture_.Accept(MakeJob("main/1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
  EXPECT_TRUE(fixture_.Jobs());
  other.Run("ROLLBACK");
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
}

TEST_F(SqliteStoreFileTest, AFullDiskFailsTheWritesThatDoNotFitAndNoOthers) {
  fixture_.options().size_limit_bytes = 40 * 4096;
  YINGDA_ASSERT_OK(fixture_.Open());
  JobRecord large = MakeJob("main/large");
  large.question = std::string(200'000, 'x');
  std::vector<std::string> outcomes;
  const auto note = [&outcomes](base::Result<void> result) {
    outcomes.push_back(result ? "ok" : base::ToString(result.error().code));
  };
  {
    // Holds the writer back, so that the three share a transaction.
    fixture_.options().busy_timeout = std::chrono::seconds(20);
    fixture_.Reopen();
    Intruder other(path_);
    other.Run("BEGIN IMMEDIATE");
    fixture_.store().AcceptJob(MakeJob("main/first"), nullptr);
    fixture_.store().AcceptJob(MakeJob("main/1"), note);
    fixture_.store().AcceptJob(large, note);
    fixture_.store().AcceptJob(MakeJob("main/2"), note);
    other.Run("ROLLBACK");
  }
  ASSERT_TRUE(fixture_.RunUntil([&] { return outcomes.size() == 3; }));
  EXPECT_THAT(outcomes, ElementsAre("ok", "unavailable", "ok"));
  EXPECT_THAT(fixture_.Accept(large).error().message, HasSubstr("no space left"));
  EXPECT_EQ(fixture_.Jobs()->size(), 3U);
}

TEST_F(SqliteStoreFileTest, AFileSystemWithoutWriteAheadLogsIsSaidSo) {
  // SQLite's variant for file systems without proper locks has no shared memory either.
  sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
  ASSERT_EQ(sqlite3_vfs_register(sqlite3_vfs_find("unix-dotfile"), 1), SQLITE_OK);
  const auto error = FailToOpen();
  ASSERT_EQ(sqlite3_vfs_register(usual, 1), SQLITE_OK);
  EXPECT_EQ(error.code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("write-ahead log"));
  EXPECT_THAT(error.message, HasSubstr("local disk"));
}

}  // namespace
}  // namespace yingda::store
