// SPDX-License-Identifier: MIT
#include "store/sqlite_store.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "store/conversation_table.h"
#include "store/inbox_table.h"
#include "store/job_table.h"
#include "store/page_table.h"
#include "store/statistics_table.h"
#include "store/token_table.h"
#include "store/usage_table.h"

namespace yingda::store {
namespace {

// Rows of each table that one step of a sweep looks at: about a millisecond of the writer's time.
constexpr int kSweepRows = 32;
constexpr int kMostRecentJobs = 100;

}  // namespace

template <typename T>
void SqliteStore::Read(std::function<base::Result<T>(SqliteConnection&)> read,
                       std::function<void(base::Result<T>)> done) {
  if (writer_->Promised()) return ReadBehindWrites(std::move(read), std::move(done));
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

/// By the writer, behind what is queued.
template <typename T>
void SqliteStore::ReadBehindWrites(std::function<base::Result<T>(SqliteConnection&)> read,
                                   std::function<void(base::Result<T>)> done) {
  auto found = std::make_shared<T>();
  GroupWriter::Write write;
  write.reads = true;
  write.run = [read = std::move(read), found](SqliteConnection& connection) -> base::Result<void> {
    YINGDA_TRY(*found, read(connection));
    return {};
  };
  write.done = [&logger = logger_, found, done = std::move(done)](const base::Result<void>& result) {
    if (!result) logger.Error("store.read_failed", {{"error", result.error().message}});
    done(result ? base::Result<T>(std::move(*found)) : result.error());
  };
  writer_->Enqueue(std::move(write));
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

/// What gives a page a name waits for the page, which is not promised.
void SqliteStore::Promise(Intent intent, Done done) {
  const auto* const result = std::get_if<JobResult>(&intent);
  const bool in_order = result != nullptr && !result->page_id.empty();
  const bool begins = std::holds_alternative<JobRecord>(intent);
  if (result != nullptr) conversations_->Append(result->account, result->open_id, result->turns);
  const std::string bytes = in_order ? std::string() : EncodeIntent(intent);
  const auto shared = std::make_shared<const Intent>(std::move(intent));
  GroupWriter::Write write;
  write.run = [shared](SqliteConnection& connection) { return WriteIntent(connection, *shared); };
  write.done = std::move(done);
  bool promised = false;
  if (in_order) {
    writer_->Enqueue(std::move(write));
  } else {
    promised = writer_->Promise(std::move(write), bytes, begins);
  }
  const auto* const unsure = promised ? nullptr : std::get_if<JobResult>(shared.get());
  if (unsure != nullptr && !unsure->turns.empty()) conversations_->Doubt(unsure->account, unsure->open_id);
}

void SqliteStore::AcceptJob(JobRecord job, Done done) { Promise(std::move(job), std::move(done)); }

void SqliteStore::RecordTry(std::string key, int tries, Done done) {
  WriteSoon([key = std::move(key), tries](SqliteConnection& connection) { return RaiseTries(connection, key, tries); },
            std::move(done));
}

void SqliteStore::FinishJob(JobResult result, Done done) { Promise(std::move(result), std::move(done)); }

void SqliteStore::SetDelivery(std::string key, Delivery delivery, Done done) {
  if (done) return Promise(DeliveryMark{std::move(key), delivery}, std::move(done));
  WriteSoon([key = std::move(key),
             delivery](SqliteConnection& connection) { return SetJobDelivery(connection, key, delivery); },
            {});
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

/// From memory, where it is known. Else by the writer: it is asked for together with a write, so both take one way to
/// that thread and back, and the pages that it needs are in the writer's cache.
void SqliteStore::LoadConversation(std::string account, std::string open_id, int64_t since_ms, int limit,
                                   std::function<void(base::Result<std::vector<Turn>>)> done) {
  const int bounded = std::clamp(limit, 0, options_.load_turns_limit);
  const auto most = static_cast<size_t>(bounded);
  if (auto known = conversations_->Find(account, open_id, since_ms, most)) {
    executor_([known = *std::move(known), done = std::move(done)]() mutable { done(std::move(known)); });
    return;
  }
  conversations_->ReadBegins(account, open_id);
  ReadBehindWrites<std::vector<Turn>>(
      [account, open_id, since_ms, bounded](SqliteConnection& connection) {
        return SelectTurns(connection, account, open_id, since_ms, bounded);
      },
      [conversations = conversations_, account, open_id, since_ms, most,
       done = std::move(done)](base::Result<std::vector<Turn>> turns) {
        conversations->ReadEnds(account, open_id, most, turns && since_ms <= 0 ? &*turns : nullptr);
        done(std::move(turns));
      });
}

void SqliteStore::ClearConversation(std::string account, std::string open_id, Done done) {
  conversations_->Doubt(account, open_id);
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
  conversations_->Doubt(account, open_id);
  writer_->WipeLog();
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
  conversations_->Sweep(turns_before_ms);
  writer_->WipeLog();
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
      [state, turns_before_ms, conversations = conversations_, done = std::move(done)](base::Result<void> swept) {
        conversations->Sweep(turns_before_ms);  // once more: what was read meanwhile may be gone
        if (done) done(swept ? base::Result<int64_t>(state->unread) : base::Result<int64_t>(swept.error()));
      }});
}

void SqliteStore::Flush(Done done) {
  writer_->Enqueue(
      GroupWriter::Write{[](SqliteConnection&) { return base::Result<void>(); }, std::move(done), /*flush=*/true});
}

}  // namespace yingda::store
