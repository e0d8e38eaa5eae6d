// SPDX-License-Identifier: MIT
#include "store/schema.h"

#include <array>

namespace yingda::store {
namespace {

// Marks the file as ours ("YDst"), so that a path to some other program's database is refused, not written into.
constexpr int64_t kApplicationId = 0x59447374;

// What a follower's rows are found by begins with the account. `jobs`, `inbox` and `pages` keep a number as row id
// because their long texts would make a tree ordered by text keys split all the time; `turns` lies in the order in
// which a conversation is read. The inbox never reuses an id (AUTOINCREMENT): a caller may hold one of a page long
// gone.
constexpr std::array<const char*, 5> kSteps = {R"sql(
  CREATE TABLE jobs (
    id            INTEGER PRIMARY KEY,
    account       TEXT NOT NULL,
    key           TEXT NOT NULL UNIQUE,
    open_id       TEXT NOT NULL,
    to_user       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    json          INTEGER NOT NULL DEFAULT 0,
    first_seen_ms INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    finished      INTEGER NOT NULL,
    delivery      INTEGER NOT NULL,
    question      TEXT NOT NULL,
    reply         TEXT NOT NULL,
    reply_text    TEXT NOT NULL
  ) STRICT;
  CREATE INDEX jobs_of_follower ON jobs (account, open_id);
  CREATE INDEX jobs_by_time ON jobs (first_seen_ms);

  CREATE TABLE inbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    TEXT NOT NULL,
    open_id    TEXT NOT NULL,
    asked_ms   INTEGER NOT NULL,
    part       INTEGER NOT NULL,
    origin     INTEGER NOT NULL,  -- the id of the item this one was cut from, or its own
    expires_ms INTEGER NOT NULL,
    claimed_by TEXT NOT NULL,     -- a message key; empty: free
    abandoned  INTEGER NOT NULL,  -- claimed by a process that ended since
    question   TEXT NOT NULL,
    text       TEXT NOT NULL
  ) STRICT;
  CREATE INDEX inbox_of_follower ON inbox (account, open_id, asked_ms, part, origin, id);
  CREATE INDEX inbox_by_expiry ON inbox (expires_ms);
  CREATE INDEX inbox_by_claim ON inbox (claimed_by) WHERE claimed_by <> '';

  CREATE TABLE turns (
    account TEXT NOT NULL,
    open_id TEXT NOT NULL,
    place   INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    role    TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (account, open_id, place)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX turns_by_time ON turns (at_ms);
)sql",
                                               R"sql(
  ALTER TABLE jobs ADD COLUMN page_id TEXT NOT NULL DEFAULT '';
  DROP INDEX jobs_of_follower;
  CREATE INDEX jobs_of_follower ON jobs (account, open_id, first_seen_ms);

  ALTER TABLE inbox ADD COLUMN page_id TEXT NOT NULL DEFAULT '';
  -- How many pages were cut off in front of the item. `part` stays that of its origin, so that all that was one item
  -- keeps its one place in the order; what a caller sees as the part is the sum.
  ALTER TABLE inbox ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE inbox ADD COLUMN by_model INTEGER NOT NULL DEFAULT 0;
  UPDATE inbox SET cut = 1 WHERE id <> origin;  -- at least one; nobody had counted them
  CREATE INDEX inbox_by_page ON inbox (page_id) WHERE page_id <> '';

  CREATE TABLE pages (
    row        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL,
    open_id    TEXT NOT NULL,
    asked_ms   INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    finished   INTEGER NOT NULL,
    question   TEXT NOT NULL,
    markdown   TEXT NOT NULL
  ) STRICT;
  CREATE INDEX pages_of_follower ON pages (account, open_id);
  CREATE INDEX pages_by_expiry ON pages (expires_ms);

  CREATE TABLE tokens (
    account    TEXT NOT NULL,
    app_id     TEXT NOT NULL,
    endpoint   TEXT NOT NULL,
    value      TEXT NOT NULL,
    generation INTEGER NOT NULL,
    fetched_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (account, app_id, endpoint)
  ) STRICT, WITHOUT ROWID;
)sql",
                                               R"sql(
  ALTER TABLE jobs ADD COLUMN picture_url TEXT NOT NULL DEFAULT '';
  ALTER TABLE turns ADD COLUMN picture_url TEXT NOT NULL DEFAULT '';

  CREATE TABLE usage (
    account  TEXT NOT NULL,
    open_id  TEXT NOT NULL,  -- empty: the account as a whole
    day      INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    tokens   INTEGER NOT NULL,
    PRIMARY KEY (account, open_id, day)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX usage_by_day ON usage (day);
)sql",
                                               R"sql(
  ALTER TABLE jobs ADD COLUMN instruction TEXT NOT NULL DEFAULT '';
  CREATE TABLE statistics (
    account TEXT NOT NULL,
    day     INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (account, day, kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX statistics_by_day ON statistics (day);
)sql",
                                               R"sql(
  CREATE TABLE intents (
    store_id INTEGER NOT NULL,
    applied  INTEGER NOT NULL
  ) STRICT;
  INSERT INTO intents VALUES (random() | 1, 0);  -- never 0, which is nobody's
)sql"};

base::Error Refusal(const SqliteConnection& connection, const std::string& what) {
  return {base::ErrorCode::kInvalidArgument, "store " + connection.path() + ": " + what};
}

base::Result<void> MigrateInTransaction(SqliteConnection& connection, std::span<const char* const> steps) {
  YINGDA_TRY(const int64_t version, connection.ReadInteger("PRAGMA user_version"));
  if (version == 0) {
    YINGDA_TRY(const int64_t tables, connection.ReadInteger("SELECT count(*) FROM sqlite_schema"));
    if (tables != 0) return Refusal(connection, "the file belongs to another program; name another file");
  } else {
    YINGDA_TRY(const int64_t application, connection.ReadInteger("PRAGMA application_id"));
    if (application != kApplicationId) {
      return Refusal(connection, "the file belongs to another program; name another file");
    }
  }
  const auto known = static_cast<int64_t>(steps.size());
  if (version > known) {
    return Refusal(connection, "written by a newer yingda (its tables have version " + std::to_string(version) +
                                   ", this program knows " + std::to_string(known) +
                                   "); run that version, or put the backup from before the update there");
  }
  if (version == known) return {};
  for (int64_t at = version; at < known; ++at) {
    auto done = connection.Execute(steps[static_cast<size_t>(at)]);
    if (!done) return done.error().Prefixed("updating the tables to version " + std::to_string(at + 1) + ": ");
  }
  return connection.Execute("PRAGMA application_id = " + std::to_string(kApplicationId) +
                            "; PRAGMA user_version = " + std::to_string(known));
}

}  // namespace

std::span<const char* const> SchemaSteps() { return kSteps; }

base::Result<void> Migrate(SqliteConnection& connection, std::span<const char* const> steps) {
  auto begun = connection.Execute("BEGIN IMMEDIATE");
  if (!begun) return begun;
  auto migrated = MigrateInTransaction(connection, steps);
  if (migrated) migrated = connection.Execute("COMMIT");
  if (!migrated && connection.InTransaction()) {
    // The first error is the one to tell; a failing rollback leaves the file as it was, too.
    (void)connection.Execute("ROLLBACK");
  }
  return migrated;
}

}  // namespace yingda::store
