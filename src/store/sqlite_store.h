// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "store/checkpointer.h"
#include "store/conversation_cache.h"
#include "store/group_writer.h"
#include "store/intent.h"
#include "store/intent_log.h"
#include "store/reader.h"
#include "store/store.h"
#include "store/store_file.h"

namespace yingda::store {

/// The store in an SQLite file (write-ahead log): a writer thread with group commit, a reader thread and one that moves
/// the log into the file. A completed write survives the end of the process, however it ends; a power cut may take the
/// last seconds' writes (never the file's consistency), as commits do not wait for the disk: Flush does.
/// Questions taken, their results (but those with a page) and awaited marks of delivery are promised by the intent log
/// (intent_log.h), and completed before they are in a transaction. Should the disk then refuse them, they are owed:
/// until it takes them, whatever has to be read fails, and so does every write that somebody waits for and that is not
/// promised itself. A read asked after a write was completed sees it. Thread-safety: all members. Lifetime: executor,
/// logger and metrics must outlive the store; completions that were posted may run after its end.
class SqliteStore final : public Store {
 public:
  struct Options {
    std::string path = "data/yingda.db";            // or ":memory:"
    size_t queue_limit = 4096;                      // writes that may wait, and reads that may
    size_t batch_limit = 256;                       // writes in one transaction
    std::chrono::milliseconds busy_timeout{2000};   // for other programs that lock the file
    int64_t wal_limit_bytes = 32 << 20;             // a longer log makes the writer wait for the disk
    int64_t size_limit_bytes = 0;                   // of the file; 0: as large as the disk allows
    size_t intent_log_bytes = 1 << 20;              // of what is promised and not yet in the file; 0: nothing is
    ConversationCache::Options conversations = {};  // in memory
    int64_t check_up_to_bytes = 64 << 20;           // a file up to this size is checked for damage when it is opened
    size_t load_jobs_limit = 100'000;
    int load_turns_limit = 1'000;
    int load_unread_limit = 100;
    int load_followers_limit = 100'000;
    size_t load_usage_limit = 100'000;
    size_t load_counts_limit = 100'000;
    int keep_counts_days = 90;
    /// Sweep deletes even an unfinished or undelivered job after this long: WeChat takes no answer for it any more.
    std::chrono::milliseconds undelivered_keep = std::chrono::hours(48);
  };
  /// Posts a completion to the caller's event loop; must not run it on the spot.
  using Executor = GroupWriter::Executor;

  /// Makes the folder (mode 0700) and the file (0600) when they are missing, holds it against any other yingda until
  /// the end of the store, and brings older tables up to date. Errors: kUnavailable (place not writable, no space, in
  /// use by another program), kCorrupt (damaged, or no SQLite file), kInvalidArgument (another program's or a newer
  /// yingda's file, a file system without shared memory), kInternal (an intent log that is there and cannot be used).
  /// Also whatever keeps it from writing down what an earlier process promised. Nothing is ever deleted.
  static base::Result<std::unique_ptr<SqliteStore>> Open(Options options, Executor executor, base::Logger& logger,
                                                         base::Metrics& metrics);
  /// Finishes what is queued; all completions are posted by then. A sweep under way gets kCancelled.
  ~SqliteStore() override;

  void AcceptJob(JobRecord job, Done done) override;
  void RecordTry(std::string key, int tries, Done done) override;
  void FinishJob(JobResult result, Done done) override;
  void SetDelivery(std::string key, Delivery delivery, Done done) override;
  void LoadJobs(int64_t since_ms, std::function<void(base::Result<std::vector<JobRecord>>)> done) override;
  void RecentJobs(std::string account, std::string open_id, int64_t since_ms, int limit,
                  std::function<void(base::Result<std::vector<JobRecord>>)> done) override;
  void ListUnread(std::string account, std::string open_id, int64_t now_ms, int limit,
                  std::function<void(base::Result<std::vector<InboxItem>>)> done) override;
  void AddInboxItem(InboxItem item, Done done) override;
  void ClaimPages(std::vector<PageClaim> claims, std::string key, Done done) override;
  void ConfirmPages(std::string key, Done done) override;
  void ReleasePages(std::string key, Done done) override;
  void AbandonPages(std::string key, Done done) override;
  void ReleaseAbandoned(std::string account, std::string open_id, Done done) override;
  void UnreadFollowers(int64_t now_ms, int limit,
                       std::function<void(base::Result<std::vector<FollowerName>>)> done) override;
  void SavePage(AnswerPage page, Done done) override;
  void LoadPage(std::string id, int64_t now_ms,
                std::function<void(base::Result<std::optional<AnswerPage>>)> done) override;
  void DropUnreadOfPage(std::string page_id,
                        std::function<void(base::Result<std::optional<FollowerName>>)> done) override;
  void SaveToken(TokenRecord token, Done done) override;
  void LoadToken(std::string account, std::string app_id, std::string endpoint,
                 std::function<void(base::Result<std::optional<TokenRecord>>)> done) override;
  void LoadConversation(std::string account, std::string open_id, int64_t since_ms, int limit,
                        std::function<void(base::Result<std::vector<Turn>>)> done) override;
  void ClearConversation(std::string account, std::string open_id, Done done) override;
  void LoadUsage(int64_t day, std::function<void(base::Result<std::vector<Usage>>)> done) override;
  void AddCounts(std::vector<DayCount> counts, Done done) override;
  void LoadCounts(int64_t since_day, std::function<void(base::Result<std::vector<DayCount>>)> done) override;
  void ForgetFollower(std::string account, std::string open_id, Done done) override;
  void Sweep(int64_t now_ms, int64_t jobs_before_ms, int64_t turns_before_ms,
             std::function<void(base::Result<int64_t>)> done) override;
  void Flush(Done done) override;

 private:
  SqliteStore(Options options, Executor executor, base::Logger& logger);

  base::Result<void> OpenLog();
  base::Result<void> WriteLeftIntents(SqliteConnection& connection);
  base::Result<void> SetLogAside();
  base::Result<void> KnowFollowers(SqliteConnection& connection);
  void Promise(Intent intent, Done done);
  template <typename T>
  void Read(std::function<base::Result<T>(SqliteConnection&)> read, std::function<void(base::Result<T>)> done);
  template <typename T>
  void ReadBehindWrites(std::function<base::Result<T>(SqliteConnection&)> read,
                        std::function<void(base::Result<T>)> done);
  void WriteSoon(std::function<base::Result<void>(SqliteConnection&)> write, Done done);
  void Write(std::function<base::Result<void>(SqliteConnection&)> write, Done done);

  const Options options_;
  const Executor executor_;
  base::Logger& logger_;
  // In this order, so that the writer and the reader end before what they use, and the lock after all of them.
  std::optional<StoreFile> file_;  // none: in memory
  // Shared with completions, which may run after the store's end.
  const std::shared_ptr<ConversationCache> conversations_;
  std::unique_ptr<IntentLog> log_;  // null: none
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<GroupWriter> writer_;
};

}  // namespace yingda::store
