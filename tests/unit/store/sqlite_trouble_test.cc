// SPDX-License-Identifier: MIT
// Files that cannot be used, or not now: damage, other programs, missing permissions, a full disk.
#include <gmock/gmock.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support/file_size_limit.h"
#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
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

class SqliteTroubleTest : public ::testing::Test {
 protected:
  SqliteTroubleTest() { fixture_.options().busy_timeout = std::chrono::milliseconds(30); }
  base::Error FailToOpen() {
    auto opened = fixture_.Open();
    EXPECT_FALSE(opened);
    return opened ? base::Error{} : opened.error();
  }

  testing::TempDir dir_;
  const std::string path_ = dir_.File("yingda.db");
  StoreFixture fixture_{path_};
};

TEST_F(SqliteTroubleTest, AFileThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const std::string text = "Dear diary, this is no database. " + std::string(5000, '.');
  WriteFile(path_, text);
  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kCorrupt);
  EXPECT_THAT(error.message, HasSubstr(path_));
  EXPECT_THAT(error.message, HasSubstr("not an SQLite database; move the file away"));
  EXPECT_EQ(ReadFile(path_), text);
}

TEST_F(SqliteTroubleTest, ADamagedFileIsRefusedAndLeftAlone) {
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

TEST_F(SqliteTroubleTest, DamageFoundLaterFailsTheCallAsCorrupt) {
  YINGDA_ASSERT_OK(fixture_.Open());
  for (int i = 0; i < 1000; ++i) YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/" + std::to_string(i))));
  fixture_.Close();
  std::string bytes = ReadFile(path_);
  ASSERT_GT(bytes.size(), 40U * 4096);  // the tables' first pages lie in the first 30
  std::fill(bytes.begin() + 30 * 4096, bytes.end(), '\x5a');
  WriteFile(path_, bytes);
  fixture_.options().check_up_to_bytes = 0;
  YINGDA_ASSERT_OK(fixture_.Open());
  const auto jobs = fixture_.Jobs();
  ASSERT_FALSE(jobs);
  EXPECT_EQ(jobs.error().code, base::ErrorCode::kCorrupt);
}

TEST_F(SqliteTroubleTest, ANewerFileIsRefused) {
  YINGDA_ASSERT_OK(fixture_.Open());
  fixture_.Close();
  Intruder(path_).Run("PRAGMA user_version = 99");
  EXPECT_THAT(FailToOpen().message, HasSubstr("newer yingda"));
}

TEST_F(SqliteTroubleTest, AnotherProgramsDatabaseIsRefused) {
  Intruder(path_).Run("CREATE TABLE theirs (a TEXT)");
  EXPECT_THAT(FailToOpen().message, HasSubstr("another program"));
}

TEST_F(SqliteTroubleTest, AFolderThatMayNotBeWrittenIsNamed) {
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

TEST_F(SqliteTroubleTest, APlaceThatIsNoFileIsNamed) {
  WriteFile(path_, "");
  fixture_.options().path = path_ + "/below/yingda.db";
  EXPECT_THAT(FailToOpen().message, HasSubstr("cannot be made"));
  fixture_.options().path = dir_.File("folder");
  std::filesystem::create_directory(dir_.File("folder"));
  EXPECT_THAT(FailToOpen().message, HasSubstr("cannot be opened"));
}

TEST_F(SqliteTroubleTest, AFileLockedByAnotherProgramIsSaidSoAtOpening) {
  YINGDA_ASSERT_OK(fixture_.Open());
  fixture_.Close();
  Intruder other(path_);
  other.Run("BEGIN IMMEDIATE");
  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("locked by another program"));
}

TEST_F(SqliteTroubleTest, UnpromisedWritesFailWhileAnotherProgramHoldsTheLockAndReadsGoOn) {
  fixture_.options().intent_log_bytes = 0;
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

TEST_F(SqliteTroubleTest, AFullDiskFailsTheWritesThatDoNotFitAndNoOthers) {
  fixture_.options().intent_log_bytes = 0;
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

TEST_F(SqliteTroubleTest, AFileSystemWithoutWriteAheadLogsIsSaidSo) {
  // SQLite's variant for file systems without proper locks has no shared memory either.
  sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
  ASSERT_EQ(sqlite3_vfs_register(sqlite3_vfs_find("unix-dotfile"), 1), SQLITE_OK);
  const auto error = FailToOpen();
  ASSERT_EQ(sqlite3_vfs_register(usual, 1), SQLITE_OK);
  EXPECT_EQ(error.code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("write-ahead log"));
  EXPECT_THAT(error.message, HasSubstr("local disk"));
}

TEST_F(SqliteTroubleTest, AFileDamagedInAnyWayIsRefusedAndLeftAsItIsWithItsLog) {
  // A copy of a store at work, as a crash leaves it: rows in the file and newer ones in the log only.
  YINGDA_ASSERT_OK(fixture_.Open());
  for (int i = 0; i < 100; ++i) YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/" + std::to_string(i))));
  YINGDA_ASSERT_OK(fixture_.Flush());
  for (int i = 0; i < 100; ++i) YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("second/" + std::to_string(i))));
  const std::string good = ReadFile(path_);
  const std::string log = ReadFile(path_ + "-wal");
  ASSERT_GT(good.size(), 18U * 4096);
  ASSERT_GT(log.size(), 4096U);

  struct Case {
    const char* name;
    std::function<void(std::string&)> damage;
  };
  for (const auto& [name, damage] : std::vector<Case>{
           {"half.db", [](std::string& bytes) { bytes.resize(bytes.size() / 2); }},
           {"zeros.db", [](std::string& bytes) { std::fill(bytes.begin() + 4096, bytes.end(), '\0'); }},
           {"empty.db", [](std::string& bytes) { bytes.clear(); }},
       }) {
    SCOPED_TRACE(name);
    std::string bytes = good;
    damage(bytes);
    const std::string path = dir_.File(name);
    WriteFile(path, bytes);
    WriteFile(path + "-wal", log);
    StoreFixture damaged(path);
    const auto opened = damaged.Open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, base::ErrorCode::kCorrupt) << opened.error().message;
    EXPECT_THAT(opened.error().message, HasSubstr(path));
    EXPECT_THAT(opened.error().message, HasSubstr("move"));
    EXPECT_TRUE(ReadFile(path) == bytes);
    EXPECT_TRUE(ReadFile(path + "-wal") == log);
  }
}

TEST_F(SqliteTroubleTest, ASecondYingdaOnTheFileIsRefusedAndTheFirstGoesOn) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Add(MakeItem("alice", "page")));
  YINGDA_ASSERT_OK(fixture_.Claim((*fixture_.Oldest("alice"))->id, "k1", "page", ""));
  std::filesystem::create_directory(dir_.File("elsewhere"));
  std::filesystem::create_symlink(path_, dir_.File("elsewhere/link.db"));
  for (const std::string& path : {path_, dir_.File("elsewhere/../yingda.db"), dir_.File("elsewhere/link.db")}) {
    StoreFixture second(path);
    const auto refused = second.Open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("in use by another yingda (process " + std::to_string(::getpid())));
    EXPECT_THAT(refused.error().message, HasSubstr("stop that one first"));
  }
  YINGDA_ASSERT_OK(fixture_.ReleaseAbandoned("alice"));  // the claim is still a living process's
  EXPECT_FALSE(fixture_.Oldest("alice")->has_value());
  YINGDA_ASSERT_OK(fixture_.Confirm("k1"));
  fixture_.Close();
  YINGDA_ASSERT_OK(StoreFixture(path_).Open());
}

TEST_F(SqliteTroubleTest, AToolMayReadTheFileOfARunningStore) {
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/1")));
  YINGDA_ASSERT_OK(fixture_.Flush());
  Intruder backup(path_);
  backup.Run("SELECT count(*) FROM jobs");
  backup.Run(("VACUUM INTO '" + dir_.File("backup.db") + "'").c_str());
  StoreFixture copy(dir_.File("backup.db"));
  YINGDA_ASSERT_OK(copy.Open());
  EXPECT_EQ(copy.Jobs()->size(), 1U);
}

TEST_F(SqliteTroubleTest, UnpromisedWritesFailWhileNoneReachesTheDiskAndWorkAgainAfterwards) {
  fixture_.options().intent_log_bytes = 0;
  YINGDA_ASSERT_OK(fixture_.Open());
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/before")));
  {
    testing::FileSizeLimit full;
    const auto refused = fixture_.Accept(MakeJob("main/refused"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
    EXPECT_THAT(refused.error().message, HasSubstr("check the disk and its free space"));
    constexpr int64_t kTenDaysMs = 10LL * 24 * 3600 * 1000;
    const auto swept = fixture_.Sweep(kTenDaysMs);
    ASSERT_FALSE(swept);
    EXPECT_EQ(swept.error().code, base::ErrorCode::kUnavailable);
    EXPECT_EQ(fixture_.Jobs()->size(), 1U);
  }
  YINGDA_ASSERT_OK(fixture_.Accept(MakeJob("main/after")));
  fixture_.Reopen();
  const auto jobs = fixture_.Jobs();
  ASSERT_EQ(jobs->size(), 2U);
  EXPECT_EQ((*jobs)[1].key, "main/after");
}

/// A small file system of its own at `place`, which nobody else sees.
class SmallDisk {
 public:
  explicit SmallDisk(std::string place) : place_(std::move(place)) {
    std::filesystem::create_directory(place_);
    // A namespace of mounts for this thread and those it starts.
    mounted_ = ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", place_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(place_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool MakeReadOnly() { return ::mount("none", place_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0; }
  std::string File(const std::string& name) const { return place_ + "/" + name; }

 private:
  const std::string place_;
  bool mounted_ = false;
};

TEST_F(SqliteTroubleTest, WhenTheDiskIsFullWhatWasCompletedStaysAndFreedSpaceHelps) {
  SmallDisk disk(dir_.File("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "may not mount";
  WriteFile(disk.File("other"), std::string(300'000, 'o'));
  fixture_.options().path = disk.File("yingda.db");
  fixture_.options().intent_log_bytes = 0;
  YINGDA_ASSERT_OK(fixture_.Open());
  JobRecord job = MakeJob("");
  job.question = std::string(20'000, 'x');
  size_t completed = 0;
  base::Result<void> accepted;
  while (accepted && completed < 1000) {
    job.key = "main/" + std::to_string(completed);
    accepted = fixture_.Accept(job);
    if (accepted) ++completed;
  }
  ASSERT_FALSE(accepted);
  EXPECT_GT(completed, 3U);
  EXPECT_EQ(accepted.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(accepted.error().message, HasSubstr("no space left; free some on its disk"));
  EXPECT_EQ(fixture_.Jobs()->size(), completed);

  std::filesystem::remove(disk.File("other"));
  YINGDA_ASSERT_OK(fixture_.Accept(job));
  fixture_.Reopen();
  EXPECT_EQ(fixture_.Jobs()->size(), completed + 1);
  fixture_.Close();
}

TEST_F(SqliteTroubleTest, OpeningOnAFullDiskSaysSo) {
  SmallDisk disk(dir_.File("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "may not mount";
  WriteFile(disk.File("other"), std::string(2 << 20, 'o'));
  fixture_.options().path = disk.File("yingda.db");
  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("space"));
}

TEST_F(SqliteTroubleTest, AReadOnlyFileSystemIsNamed) {
  SmallDisk disk(dir_.File("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "may not mount";
  fixture_.options().path = disk.File("yingda.db");
  YINGDA_ASSERT_OK(fixture_.Open());
  fixture_.Close();
  ASSERT_TRUE(disk.MakeReadOnly());
  const auto error = FailToOpen();
  EXPECT_EQ(error.code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("Read-only file system"));
  EXPECT_THAT(error.message, HasSubstr("name a place"));
}

}  // namespace
}  // namespace yingda::store
