// SPDX-License-Identifier: MIT
#include "store/sqlite_store.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/clock.h"
#include "store/conversation_table.h"
#include "store/inbox_table.h"
#include "store/job_table.h"
#include "store/page_table.h"
#include "store/schema.h"
#include "store/statistics_table.h"
#include "store/store_file.h"
#include "store/token_table.h"
#include "store/usage_table.h"

namespace yingda::store {
namespace {

constexpr int64_t kPageBytes = 4096;
// Rows of each table that one step of a sweep looks at: about a millisecond of the writer's time.
constexpr int kSweepRows = 32;
constexpr int kMostRecentJobs = 100;

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

}  // namespace

base::Result<std::unique_ptr<SqliteStore>> SqliteStore::Open(Options options, Executor executor, base::Logger& logger,
                                                             base::Metrics& metrics) {
  const bool in_memory = InMemory(options);
  std::unique_ptr<SqliteStore> store(new SqliteStore(options, executor, logger));
  if (!in_memory) {
    YINGDA_TRY(store->file_, StoreFile::Prepare(options.path));
  }
  auto writing = std::make_shared<SharedConnection>();
  YINGDA_TRY(writing->connection, Connect(options));
  auto prepared = PrepareTables(*writing->connection, options);
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
                                    store->checkpointer_.get(), executor, logger, metrics);
  return store;
}

SqliteStore::SqliteStore(Options options, Executor executor, base::Logger& logger)
    : options_(std::move(options)), executor_(std::move(executor)), logger_(logger) {}

SqliteStore::~SqliteStore() = default;

template <typename T>
void SqliteStore::Read(std::function<base::Result<T>(SqliteConnection&)> read,
                       std::function<void(base::Result<T>)> done) {
  const bool queued = reader_->Enqueue([this, read = std::move(read), done](SqliteConnection& connection) {
    auto result = std::make_shared<base::Result<T>>(read(connection));
    if (!*result) logger_.Error("store.read_failed", {{"error", result->error().message}});
    executor_([done, result] { done(std::move(*result)); });
  });
  if (queued) return;
  executor_([done = std::move(done)] {
    done(base::Error{base::ErrorCode::kUnavailable, "store: too many reads are waiting; try again later"});
  });
}

void SqliteStore::Write(std::function<base::Result<void>(SqliteConnection&)> write, Done done) {
  writer_->Enqueue(GroupWriter::Write{std::move(write), std::move(done)});
}

/// Of what only spares a later process work or doubt, nothing is lost that a moment matters to: unless somebody waits
/// for it, it shares the next transaction.
void SqliteStore::WriteSoon(std::function<base::Result<void>(SqliteConnection&)> write, Done done) {
  GroupWriter::Write soon{std::move(write), std::move(done)};
  soon.patient = !soon.done;
  writer_->Enqueue(std::move(soon));
}

void SqliteStore::AcceptJob(JobRecord job, Done done) {
  Write(
      [job = std::move(job)](SqliteConnection& connection) -> base::Result<void> {
        YINGDA_TRY(const bool is_new, InsertJob(connection, job));
        if (!is_new || job.usage_day == 0) return {};
        return AddUsage(connection, {job.account, job.open_id, job.usage_day, 1, 0});
      },
      std::move(done));
}

void SqliteStore::RecordTry(std::string key, int tries, Done done) {
  WriteSoon([key = std::move(key), tries](SqliteConnection& connection) { return RaiseTries(connection, key, tries); },
            std::move(done));
}

void SqliteStore::FinishJob(JobResult result, Done done) {
  for (auto& item : result.inbox) {
    item.account = result.account;
    item.open_id = result.open_id;
  }
  Write(
      [result = std::move(result)](SqliteConnection& connection) {
        auto written = SetJobReply(connection, result);
        for (const auto& item : result.inbox) {
          if (written) written = InsertInboxItem(connection, item);
        }
        for (const auto& turn : result.turns) {
          if (written) written = AppendTurn(connection, result.account, result.open_id, turn);
        }
        if (written && result.usage_day != 0 && (result.tokens > 0 || result.messages != 0)) {
          written =
              AddUsage(connection, {result.account, result.open_id, result.usage_day, result.messages, result.tokens});
        }
        return written;
      },
      std::move(done));
}

void SqliteStore::SetDelivery(std::string key, Delivery delivery, Done done) {
  WriteSoon([key = std::move(key),
             delivery](SqliteConnection& connection) { return SetJobDelivery(connection, key, delivery); },
            std::move(done));
}

void SqliteStore::LoadJobs(int64_t since_ms, std::function<void(base::Result<std::vector<JobRecord>>)> done) {
  Read<std::vector<JobRecord>>(
      [this, since_ms](SqliteConnection& connection) {
        auto jobs = SelectJobs(connection, since_ms, options_.load_jobs_limit);
        if (jobs && jobs->size() >= options_.load_jobs_limit) {
          logger_.Warning("store.more_jobs_than_are_loaded", {{"limit", options_.load_jobs_limit}});
        }
        return jobs;
      },
      std::move(done));
}

void SqliteStore::RecentJobs(std::string account, std::string open_id, int64_t since_ms, int limit,
                             std::function<void(base::Result<std::vector<JobRecord>>)> done) {
  const int bounded = std::clamp(limit, 0, kMostRecentJobs);
  Read<std::vector<JobRecord>>(
      [account = std::move(account), open_id = std::move(open_id), since_ms, bounded](SqliteConnection& connection) {
        return SelectJobsOf(connection, account, open_id, since_ms, bounded);
      },
      std::move(done));
}

void SqliteStore::ListUnread(std::string account, std::string open_id, int64_t now_ms, int limit,
                             std::function<void(base::Result<std::vector<InboxItem>>)> done) {
  const int bounded = std::clamp(limit, 0, options_.load_unread_limit);
  Read<std::vector<InboxItem>>(
      [account = std::move(account), open_id = std::move(open_id), now_ms, bounded](SqliteConnection& connection) {
        return SelectUnread(connection, account, open_id, now_ms, bounded);
      },
      std::move(done));
}

void SqliteStore::AddInboxItem(InboxItem item, Done done) {
  Write([item = std::move(item)](SqliteConnection& connection) { return InsertInboxItem(connection, item); },
        std::move(done));
}

void SqliteStore::ClaimPages(std::vector<PageClaim> claims, std::string key, Done done) {
  Write([claims = std::move(claims),
         key = std::move(key)](SqliteConnection& connection) { return ClaimInboxPages(connection, claims, key); },
        std::move(done));
}

void SqliteStore::ConfirmPages(std::string key, Done done) {
  WriteSoon([key = std::move(key)](SqliteConnection& connection) { return DeleteClaimedBy(connection, key); },
            std::move(done));
}

void SqliteStore::ReleasePages(std::string key, Done done) {
  Write([key = std::move(key)](SqliteConnection& connection) { return FreeClaimedBy(connection, key); },
        std::move(done));
}

void SqliteStore::AbandonPages(std::string key, Done done) {
  Write([key = std::move(key)](SqliteConnection& connection) { return AbandonClaimedBy(connection, key); },
        std::move(done));
}

void SqliteStore::ReleaseAbandoned(std::string account, std::string open_id, Done done) {
  Write([account = std::move(account), open_id = std::move(open_id)](
            SqliteConnection& connection) { return FreeAbandonedOf(connection, account, open_id); },
        std::move(done));
}

void SqliteStore::UnreadFollowers(int64_t now_ms, int limit,
                                  std::function<void(base::Result<std::vector<FollowerName>>)> done) {
  const int bounded = std::clamp(limit, 0, options_.load_followers_limit);
  Read<std::vector<FollowerName>>(
      [now_ms, bounded](SqliteConnection& connection) { return SelectUnreadFollowers(connection, now_ms, bounded); },
      std::move(done));
}

void SqliteStore::SavePage(AnswerPage page, Done done) {
  Write([page = std::move(page)](SqliteConnection& connection) { return UpsertPage(connection, page); },
        std::move(done));
}

void SqliteStore::LoadPage(std::string id, int64_t now_ms,
                           std::function<void(base::Result<std::optional<AnswerPage>>)> done) {
  Read<std::optional<AnswerPage>>(
      [id = std::move(id), now_ms](SqliteConnection& connection) { return SelectPage(connection, id, now_ms); },
      std::move(done));
}

void SqliteStore::DropUnreadOfPage(std::string page_id,
                                   std::function<void(base::Result<std::optional<FollowerName>>)> done) {
  auto whose = std::make_shared<std::optional<FollowerName>>();
  Write(
      [page_id = std::move(page_id), whose](SqliteConnection& connection) -> base::Result<void> {
        YINGDA_TRY(*whose, DeleteUnreadOfPage(connection, page_id));
        return {};
      },
      [whose, done = std::move(done)](const base::Result<void>& dropped) {
        using Outcome = base::Result<std::optional<FollowerName>>;
        if (done) done(dropped ? Outcome(std::move(*whose)) : Outcome(dropped.error()));
      });
}

void SqliteStore::SaveToken(TokenRecord token, Done done) {
  Write([token = std::move(token)](SqliteConnection& connection) { return UpsertToken(connection, token); },
        std::move(done));
}

void SqliteStore::LoadToken(std::string account, std::string app_id, std::string endpoint,
                            std::function<void(base::Result<std::optional<TokenRecord>>)> done) {
  Read<std::optional<TokenRecord>>(
      [account = std::move(account), app_id = std::move(app_id), endpoint = std::move(endpoint)](
          SqliteConnection& connection) { return SelectToken(connection, account, app_id, endpoint); },
      std::move(done));
}

/// By the writer, behind what is queued: it is asked for together with a write, so both take one way to that thread and
/// back, and the pages that it needs are in the writer's cache.
void SqliteStore::LoadConversation(std::string account, std::string open_id, int64_t since_ms, int limit,
                                   std::function<void(base::Result<std::vector<Turn>>)> done) {
  const int bounded = std::clamp(limit, 0, options_.load_turns_limit);
  auto turns = std::make_shared<std::vector<Turn>>();
  GroupWriter::Write read;
  read.reads = true;
  read.run = [account = std::move(account), open_id = std::move(open_id), since_ms, bounded,
              turns](SqliteConnection& connection) -> base::Result<void> {
    YINGDA_TRY(*turns, SelectTurns(connection, account, open_id, since_ms, bounded));
    return {};
  };
  read.done = [&logger = logger_, turns, done = std::move(done)](const base::Result<void>& loaded) {
    if (!loaded) logger.Error("store.read_failed", {{"error", loaded.error().message}});
    done(loaded ? base::Result<std::vector<Turn>>(std::move(*turns)) : loaded.error());
  };
  writer_->Enqueue(std::move(read));
}

void SqliteStore::ClearConversation(std::string account, std::string open_id, Done done) {
  Write([account = std::move(account), open_id = std::move(open_id)](
            SqliteConnection& connection) { return DeleteTurnsOf(connection, account, open_id); },
        std::move(done));
}

void SqliteStore::LoadUsage(int64_t day, std::function<void(base::Result<std::vector<Usage>>)> done) {
  Read<std::vector<Usage>>(
      [this, day](SqliteConnection& connection) {
        auto usage = SelectUsage(connection, day, options_.load_usage_limit);
        if (usage && usage->size() >= options_.load_usage_limit) {
          logger_.Warning("store.more_usage_than_is_loaded", {{"limit", options_.load_usage_limit}});
        }
        return usage;
      },
      std::move(done));
}

void SqliteStore::AddCounts(std::vector<DayCount> counts, Done done) {
  Write([counts = std::move(counts)](SqliteConnection& connection) { return AddDayCounts(connection, counts); },
        std::move(done));
}

void SqliteStore::LoadCounts(int64_t since_day, std::function<void(base::Result<std::vector<DayCount>>)> done) {
  Read<std::vector<DayCount>>(
      [this, since_day](SqliteConnection& connection) {
        return SelectDayCounts(connection, since_day, options_.load_counts_limit);
      },
      std::move(done));
}

void SqliteStore::ForgetFollower(std::string account, std::string open_id, Done done) {
  Write(
      [account = std::move(account), open_id = std::move(open_id)](SqliteConnection& connection) {
        auto forgotten = DeleteJobsOf(connection, account, open_id);
        if (forgotten) forgotten = DeleteInboxOf(connection, account, open_id);
        if (forgotten) forgotten = DeletePagesOf(connection, account, open_id);
        if (forgotten) forgotten = DeleteTurnsOf(connection, account, open_id);
        if (forgotten) forgotten = DeleteUsageOf(connection, account, open_id);
        return forgotten;
      },
      std::move(done));
}

void SqliteStore::Sweep(int64_t now_ms, int64_t jobs_before_ms, int64_t turns_before_ms,
                        std::function<void(base::Result<int64_t>)> done) {
  struct State {
    JobSweep jobs;
    int64_t unread = 0;
  };
  auto state = std::make_shared<State>();
  state->jobs.done_before_ms = jobs_before_ms;
  state->jobs.all_before_ms = now_ms - options_.undelivered_keep.count();
  const int64_t today = base::ChinaDay(base::WallTime(std::chrono::milliseconds(now_ms)));
  writer_->Enqueue(GroupWriter::Chore{
      [state, now_ms, turns_before_ms, yesterday = today - 1,
       counted_before = today - options_.keep_counts_days](SqliteConnection& connection) -> base::Result<bool> {
        YINGDA_TRY(const bool more_jobs, SweepJobs(connection, state->jobs, kSweepRows));
        YINGDA_TRY(const InboxSweep inbox, SweepInbox(connection, now_ms, kSweepRows));
        YINGDA_TRY(const int pages, SweepPages(connection, now_ms, kSweepRows));
        YINGDA_TRY(const int turns, SweepTurns(connection, turns_before_ms, kSweepRows));
        YINGDA_TRY(const int usage, SweepUsage(connection, yesterday, kSweepRows));
        YINGDA_TRY(const int counts, SweepDayCounts(connection, counted_before, kSweepRows));
        state->unread += inbox.unread;
        return more_jobs || std::max({inbox.deleted, pages, turns, usage, counts}) == kSweepRows;
      },
      [state, done = std::move(done)](base::Result<void> swept) {
        if (done) done(swept ? base::Result<int64_t>(state->unread) : base::Result<int64_t>(swept.error()));
      }});
}

void SqliteStore::Flush(Done done) {
  writer_->Enqueue(
      GroupWriter::Write{[](SqliteConnection&) { return base::Result<void>(); }, std::move(done), /*flush=*/true});
}

}  // namespace yingda::store
