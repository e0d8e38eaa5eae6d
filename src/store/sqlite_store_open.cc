// SPDX-License-Identifier: MIT
// How a store comes into being: its place, its tables, and what an earlier process left.
#include <filesystem>
#include <utility>

#include "store/conversation_table.h"
#include "store/inbox_table.h"
#include "store/intent_table.h"
#include "store/schema.h"
#include "store/sqlite_store.h"

namespace yingda::store {
namespace {

constexpr int64_t kPageBytes = 4096;

bool InMemory(const SqliteStore::Options& options) { return options.path == ":memory:"; }

base::Result<void> CheckForDamage(SqliteConnection& connection, int64_t up_to_bytes) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(connection.path(), unknown);
  if (unknown || static_cast<int64_t>(size) > up_to_bytes) return {};
  YINGDA_TRY(const std::string verdict, connection.ReadText("PRAGMA quick_check(1)"));
  if (verdict == "ok") return {};
  return base::Error{base::ErrorCode::kCorrupt,
                     "store " + connection.path() + ": the file is damaged (" + verdict +
                         "); stop yingda, move it away together with its -wal and -shm files, and put a backup there "
                         "(or what `sqlite3 FILE .recover` saves; without a file yingda starts empty)"};
}

base::Result<void> UseWal(SqliteConnection& connection) {
  YINGDA_TRY(const std::string mode, connection.ReadText("PRAGMA journal_mode = WAL"));
  if (mode == "wal") return {};
  return base::Error{
      base::ErrorCode::kInvalidArgument,
      "store " + connection.path() +
          ": its file system cannot keep a write-ahead log (no shared memory; a network drive?); put the "
          "file on a local disk"};
}

base::Result<std::unique_ptr<SqliteConnection>> Connect(const SqliteStore::Options& options) {
  YINGDA_TRY(auto connection, SqliteConnection::Open(options.path, options.busy_timeout));
  // secure_delete FAST: what a follower wrote is overwritten where that costs no extra write.
  std::string settings =
      "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST; PRAGMA cache_size = -8192;"
      "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = " +
      std::to_string(options.wal_limit_bytes) + ";";
  if (options.size_limit_bytes > 0) {
    settings += "PRAGMA max_page_count = " + std::to_string(options.size_limit_bytes / kPageBytes);
  }
  auto set = connection->Execute(settings);
  if (!set) {
    connection->LeaveFilesOnClose();  // a damaged table of tables is found here already
    return set.error();
  }
  connection->TrackWal();
  return connection;
}

base::Result<void> PrepareTables(SqliteConnection& connection, const SqliteStore::Options& options) {
  // Nothing is written into a damaged file, nor is WAL mode into a foreign one.
  base::Result<void> prepared;
  if (!InMemory(options)) prepared = CheckForDamage(connection, options.check_up_to_bytes);
  if (prepared) prepared = Migrate(connection, SchemaSteps());
  if (prepared && !InMemory(options)) prepared = UseWal(connection);
  if (prepared) prepared = MarkClaimsAbandoned(connection);
  return prepared;
}

/// All of the log behind `applied`, as one step of a transaction that the caller holds.
base::Result<void> WriteIntentsAfter(SqliteConnection& connection, int64_t applied, const IntentLog& log,
                                     base::Logger& logger) {
  base::Result<void> written;
  for (const IntentLog::Left& left : log.left()) {
    if (left.number <= applied) continue;
    const auto intent = DecodeIntent(left.bytes);
    written = connection.Execute("SAVEPOINT one_intent");
    if (!written) return written;
    const auto failed = intent ? WriteIntent(connection, *intent) : base::Result<void>(intent.error());
    if (!failed && intent && MayWorkLater(failed.error())) return failed;
    if (!failed) {
      // One that can never be written must not keep all others away.
      logger.Error("store.promise_broken", {{"error", failed.error().message}});
      written = connection.Execute("ROLLBACK TO one_intent");
    }
    if (written) written = connection.Execute("RELEASE one_intent");
    if (!written) return written;
  }
  return SetIntentsApplied(connection, log.left().back().number);
}

}  // namespace

base::Result<std::unique_ptr<SqliteStore>> SqliteStore::Open(Options options, Executor executor, base::Logger& logger,
                                                             base::Metrics& metrics) {
  const bool in_memory = InMemory(options);
  std::unique_ptr<SqliteStore> store(new SqliteStore(options, executor, logger));
  if (!in_memory) {
    YINGDA_TRY(store->file_, StoreFile::Prepare(options.path));
    // First of all, so that a log that cannot be read stops it before the tables are changed.
    auto opened = store->OpenLog();
    if (!opened) return opened.error();
  }
  auto writing = std::make_shared<SharedConnection>();
  YINGDA_TRY(writing->connection, Connect(options));
  auto prepared = PrepareTables(*writing->connection, options);
  if (prepared) prepared = store->WriteLeftIntents(*writing->connection);
  if (prepared) prepared = store->KnowFollowers(*writing->connection);
  if (!prepared) {
    writing->connection->LeaveFilesOnClose();
    return prepared.error();
  }

  auto reading = writing;
  if (!in_memory) {
    reading = std::make_shared<SharedConnection>();
    YINGDA_TRY(reading->connection, Connect(options));
    auto guarded = reading->connection->Execute("PRAGMA query_only = ON");
    if (!guarded) return guarded.error();
    YINGDA_TRY(auto moving, Connect(options));
    store->checkpointer_ = std::make_unique<Checkpointer>(
        std::move(moving), static_cast<int>(options.wal_limit_bytes / kPageBytes), logger);
  }
  store->reader_ = std::make_unique<Reader>(std::move(reading), options.queue_limit);
  store->writer_ =
      std::make_unique<GroupWriter>(GroupWriter::Options{options.queue_limit, options.batch_limit}, std::move(writing),
                                    store->checkpointer_.get(), store->log_.get(), executor, logger, metrics);
  return store;
}

SqliteStore::SqliteStore(Options options, Executor executor, base::Logger& logger)
    : options_(std::move(options)),
      executor_(std::move(executor)),
      logger_(logger),
      conversations_(std::make_shared<ConversationCache>(options_.conversations)) {}

SqliteStore::~SqliteStore() {
  writer_.reset();
  if (log_) log_->Wipe();
}

/// A store can do without its log; what was left in one it cannot.
base::Result<void> SqliteStore::OpenLog() {
  const std::string path = StoreFile::SideFile(options_.path, "-intents");
  std::error_code unknown;
  if (options_.intent_log_bytes == 0 && !std::filesystem::exists(path, unknown) && !unknown) return {};
  auto log = IntentLog::Open(path, options_.intent_log_bytes);
  if (log) {
    log_ = *std::move(log);
  } else if (log.error().code == base::ErrorCode::kUnavailable) {
    logger_.Warning("store.without_intent_log", {{"error", log.error().message}});
  } else {
    return log.error();
  }
  return {};
}

/// What a process promised that ended before its transaction.
base::Result<void> SqliteStore::WriteLeftIntents(SqliteConnection& connection) {
  YINGDA_TRY(const IntentProgress progress, SelectIntentProgress(connection));
  if (!log_) return {};
  if (!log_->left().empty() && log_->store_id() != progress.store_id) {
    auto aside = SetLogAside();
    if (!aside || !log_) return aside;
  }
  int64_t applied = progress.applied;
  if (!log_->left().empty() && log_->left().back().number > applied) {
    auto written = connection.Execute("BEGIN IMMEDIATE");
    if (written) written = WriteIntentsAfter(connection, applied, *log_, logger_);
    if (written) written = connection.Execute("COMMIT");
    if (!written) {
      if (connection.InTransaction()) (void)connection.Execute("ROLLBACK");
      return written.error().Prefixed("writing down what was promised before the last end: ");
    }
    applied = log_->left().back().number;
  }
  log_->Begin(progress.store_id, applied);
  if (options_.intent_log_bytes == 0) log_.reset();
  return {};
}

/// Its store was put away, or another one was put in its place.
base::Result<void> SqliteStore::SetLogAside() {
  const std::string path = log_->path();
  const std::string name = path + "-of-another-store-" + std::to_string(static_cast<uint64_t>(log_->store_id()));
  std::string aside = name;
  std::error_code unknown;
  for (int i = 2; std::filesystem::exists(aside, unknown); ++i) aside = name + "-" + std::to_string(i);
  logger_.Warning("store.intents_of_another_store", {{"moved_to", aside}, {"intents", log_->left().size()}});
  log_.reset();
  std::error_code failed;
  std::filesystem::rename(path, aside, failed);
  if (failed) {
    return base::Error{base::ErrorCode::kUnavailable, "store: " + path + ": belongs to another store, and cannot be " +
                                                          "renamed (" + failed.message() + "); move it away"};
  }
  return OpenLog();
}

base::Result<void> SqliteStore::KnowFollowers(SqliteConnection& connection) {
  const size_t most = options_.conversations.followers;
  YINGDA_TRY(const auto followers, SelectFollowersWithTurns(connection, most + 1));
  conversations_->KnowFollowers(followers);
  return {};
}

}  // namespace yingda::store
