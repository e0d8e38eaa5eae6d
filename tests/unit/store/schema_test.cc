// SPDX-License-Identifier: MIT
#include "store/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "support/temp_dir.h"

namespace yingda::store {
namespace {

using ::testing::HasSubstr;

constexpr std::array<const char*, 3> kReleasedSteps = {
    "CREATE TABLE things (name TEXT)",
    "ALTER TABLE things ADD COLUMN size INTEGER NOT NULL DEFAULT 7",
    "CREATE INDEX things_by_size ON things (size)",
};

class SchemaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = SqliteConnection::Open(dir_.File("a.db"), std::chrono::milliseconds(100));
    ASSERT_TRUE(opened);
    connection_ = std::move(*opened);
  }

  base::Result<void> MigrateTo(size_t version) {
    return Migrate(*connection_, std::span(kReleasedSteps).first(version));
  }

  testing::TempDir dir_;
  std::unique_ptr<SqliteConnection> connection_;
};

TEST_F(SchemaTest, AnEmptyFileGetsEveryStep) {
  ASSERT_TRUE(MigrateTo(3));
  EXPECT_EQ(*connection_->ReadInteger("PRAGMA user_version"), 3);
  EXPECT_EQ(*connection_->ReadInteger("SELECT count(*) FROM sqlite_schema"), 2);
}

TEST_F(SchemaTest, AnOlderFileGetsTheMissingStepsAndKeepsItsRows) {
  ASSERT_TRUE(MigrateTo(1));
  ASSERT_TRUE(connection_->Execute("INSERT INTO things VALUES ('kept')"));
  ASSERT_TRUE(MigrateTo(3));
  EXPECT_EQ(*connection_->ReadText("SELECT name || size FROM things"), "kept7");
  ASSERT_TRUE(MigrateTo(3));
}

TEST_F(SchemaTest, AFailingStepLeavesTheFileAsItWas) {
  ASSERT_TRUE(MigrateTo(1));
  const std::array<const char*, 3> broken = {kReleasedSteps[0], "CREATE TABLE half (a TEXT)", "CREATE NONSENSE"};
  const auto migrated = Migrate(*connection_, broken);
  ASSERT_FALSE(migrated);
  EXPECT_THAT(migrated.error().message, HasSubstr("version 3"));
  EXPECT_EQ(*connection_->ReadInteger("PRAGMA user_version"), 1);
  EXPECT_EQ(*connection_->ReadInteger("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(SchemaTest, ANewerFileIsRefused) {
  ASSERT_TRUE(MigrateTo(3));
  const auto migrated = MigrateTo(2);
  ASSERT_FALSE(migrated);
  EXPECT_EQ(migrated.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(migrated.error().message, HasSubstr("newer yingda"));
  EXPECT_THAT(migrated.error().message, HasSubstr("a.db"));
}

TEST_F(SchemaTest, AnotherProgramsFileIsRefused) {
  ASSERT_TRUE(connection_->Execute("CREATE TABLE theirs (a TEXT)"));
  EXPECT_THAT(MigrateTo(3).error().message, HasSubstr("another program"));
  ASSERT_TRUE(connection_->Execute("PRAGMA user_version = 1"));
  EXPECT_THAT(MigrateTo(3).error().message, HasSubstr("another program"));
}

TEST_F(SchemaTest, EveryLookUpOfAFollowerAndEverySweepGoesByAnIndex) {
  ASSERT_TRUE(Migrate(*connection_, SchemaSteps()));
  for (const char* sql : {
           "DELETE FROM jobs WHERE account = 'a' AND open_id = 'b'",
           "SELECT key FROM jobs WHERE account = 'a' AND open_id = 'b' AND first_seen_ms >= 1 "
           "ORDER BY first_seen_ms DESC, id DESC LIMIT 3",
           "UPDATE jobs SET delivery = 1 WHERE key = 'k'",
           "SELECT id FROM jobs WHERE (first_seen_ms, id) > (1, 2) AND first_seen_ms < 3 ORDER BY first_seen_ms, id",
           "SELECT id FROM inbox WHERE account = 'a' AND open_id = 'b' AND claimed_by = '' AND expires_ms > 1 "
           "ORDER BY asked_ms, part, origin, id LIMIT 1",
           "DELETE FROM inbox WHERE page_id = 'p' AND page_id <> '' AND (claimed_by = '' OR abandoned = 1)",
           "SELECT question FROM pages WHERE id = 'p' AND expires_ms > 1",
           "DELETE FROM pages WHERE account = 'a' AND open_id = 'b'",
           "DELETE FROM pages WHERE row IN (SELECT row FROM pages WHERE expires_ms <= 1 ORDER BY expires_ms LIMIT 9)",
           "SELECT value FROM tokens WHERE account = 'a' AND app_id = 'b' AND endpoint = 'c'",
           "DELETE FROM usage WHERE account = 'a' AND open_id = 'b' AND open_id <> ''",
           "DELETE FROM usage WHERE (account, open_id, day) IN (SELECT account, open_id, day FROM usage WHERE day < 3 "
           "ORDER BY day LIMIT 9)",
           "DELETE FROM statistics WHERE (account, day, kind, name) IN (SELECT account, day, kind, name FROM "
           "statistics "
           "WHERE day < 3 ORDER BY day LIMIT 9)",
           "DELETE FROM inbox WHERE claimed_by = 'k' AND claimed_by <> ''",
           "SELECT id FROM inbox WHERE expires_ms <= 1 ORDER BY expires_ms LIMIT 9",
           "SELECT role FROM turns WHERE account = 'a' AND open_id = 'b' AND at_ms >= 1 ORDER BY place DESC LIMIT 3",
           "DELETE FROM turns WHERE (account, open_id, place) IN (SELECT account, open_id, place FROM turns "
           "WHERE at_ms < 1 ORDER BY at_ms LIMIT 9)",
       }) {
    Query plan(*connection_, std::string("EXPLAIN QUERY PLAN ") + sql);
    for (;;) {
      const auto row = plan.Next();
      ASSERT_TRUE(row) << row.error().message;
      if (!*row) break;
      const std::string step = plan.Text(3);
      EXPECT_NE(step.rfind("SCAN", 0), 0U) << sql << ": " << step;
      EXPECT_EQ(step.find("TEMP B-TREE"), std::string::npos) << sql << ": " << step;
    }
  }
}

}  // namespace
}  // namespace yingda::store
