// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "store/sqlite_store.h"
#include "support/temp_dir.h"
#include "support/wait.h"
#include "unit/store/inlet.h"

namespace yingda::store {

/// A store and the calls to it as if they were synchronous.
class StoreFixture {
 public:
  explicit StoreFixture(const std::string& path = ":memory:") { options_.path = path; }

  base::Result<void> Open() {
    auto opened = SqliteStore::Open(options_, inlet_.Executor(), *logger_, metrics_);
    if (!opened) return opened.error();
    store_ = std::move(*opened);
    return {};
  }
  void Close() {
    store_.reset();
    inlet_.RunPosted();
  }
  /// Ends the store and opens its file again, as a restart does.
  void Reopen() {
    Close();
    auto opened = Open();
    ASSERT_TRUE(opened) << opened.error().message;
  }

  /// Runs completions until `predicate` holds; false when it does not in time.
  template <typename Predicate>
  bool RunUntil(Predicate predicate) {
    return testing::WaitFor([&] {
      inlet_.RunPosted();
      return predicate();
    });
  }

  /// Calls `start` with a completion and waits for that.
  template <typename T, typename Start>
  base::Result<T> Await(Start start) {
    std::optional<base::Result<T>> result;
    start([&result](base::Result<T> got) { result.emplace(std::move(got)); });
    const bool came = RunUntil([&] { return result.has_value(); });
    EXPECT_TRUE(came) << "no completion";
    if (!came) return base::Error{base::ErrorCode::kInternal, "no completion"};
    return std::move(*result);
  }

  base::Result<void> Accept(JobRecord job) {
    return Await<void>([&](auto done) { store_->AcceptJob(job, done); });
  }
  base::Result<void> RecordTry(const std::string& key, int tries) {
    return Await<void>([&](auto done) { store_->RecordTry(key, tries, done); });
  }
  base::Result<void> Finish(JobResult result) {
    return Await<void>([&](auto done) { store_->FinishJob(result, done); });
  }
  base::Result<void> Deliver(const std::string& key, Delivery delivery) {
    return Await<void>([&](auto done) { store_->SetDelivery(key, delivery, done); });
  }
  base::Result<std::vector<JobRecord>> Jobs(int64_t since_ms = 0) {
    return Await<std::vector<JobRecord>>([&](auto done) { store_->LoadJobs(since_ms, done); });
  }
  base::Result<std::vector<JobRecord>> RecentJobs(const std::string& open_id, int64_t since_ms = 0, int limit = 100,
                                                  const std::string& account = "main") {
    return Await<std::vector<JobRecord>>(
        [&](auto done) { store_->RecentJobs(account, open_id, since_ms, limit, done); });
  }
  base::Result<std::optional<InboxItem>> Oldest(const std::string& open_id, int64_t now_ms = 0,
                                                const std::string& account = "main") {
    auto unread = Unread(open_id, now_ms, 1, account);
    if (!unread) return unread.error();
    return unread->empty() ? std::optional<InboxItem>() : std::optional(unread->front());
  }
  base::Result<std::vector<InboxItem>> Unread(const std::string& open_id, int64_t now_ms = 0, int limit = 100,
                                              const std::string& account = "main") {
    return Await<std::vector<InboxItem>>([&](auto done) { store_->ListUnread(account, open_id, now_ms, limit, done); });
  }
  base::Result<std::vector<FollowerName>> UnreadFollowers(int64_t now_ms = 0, int limit = 100) {
    return Await<std::vector<FollowerName>>([&](auto done) { store_->UnreadFollowers(now_ms, limit, done); });
  }
  base::Result<void> SavePage(const AnswerPage& page) {
    return Await<void>([&](auto done) { store_->SavePage(page, done); });
  }
  base::Result<std::optional<AnswerPage>> Page(const std::string& id, int64_t now_ms = 0) {
    return Await<std::optional<AnswerPage>>([&](auto done) { store_->LoadPage(id, now_ms, done); });
  }
  base::Result<std::optional<FollowerName>> DropUnreadOfPage(const std::string& page_id) {
    return Await<std::optional<FollowerName>>([&](auto done) { store_->DropUnreadOfPage(page_id, done); });
  }
  base::Result<void> SaveToken(const TokenRecord& token) {
    return Await<void>([&](auto done) { store_->SaveToken(token, done); });
  }
  base::Result<std::optional<TokenRecord>> Token(const std::string& account, const std::string& app_id,
                                                 const std::string& endpoint) {
    return Await<std::optional<TokenRecord>>([&](auto done) { store_->LoadToken(account, app_id, endpoint, done); });
  }
  base::Result<void> Add(InboxItem item) {
    return Await<void>([&](auto done) { store_->AddInboxItem(item, done); });
  }
  base::Result<void> Claim(int64_t id, const std::string& key, const std::string& page, const std::string& rest) {
    return Claim({{id, page, rest}}, key);
  }
  base::Result<void> Claim(const std::vector<PageClaim>& claims, const std::string& key) {
    return Await<void>([&](auto done) { store_->ClaimPages(claims, key, done); });
  }
  base::Result<void> Confirm(const std::string& key) {
    return Await<void>([&](auto done) { store_->ConfirmPages(key, done); });
  }
  base::Result<void> Release(const std::string& key) {
    return Await<void>([&](auto done) { store_->ReleasePages(key, done); });
  }
  base::Result<void> Abandon(const std::string& key) {
    return Await<void>([&](auto done) { store_->AbandonPages(key, done); });
  }
  base::Result<void> ReleaseAbandoned(const std::string& open_id, const std::string& account = "main") {
    return Await<void>([&](auto done) { store_->ReleaseAbandoned(account, open_id, done); });
  }
  base::Result<std::vector<Turn>> Conversation(const std::string& open_id, int64_t since_ms = 0, int limit = 100,
                                               const std::string& account = "main") {
    return Await<std::vector<Turn>>(
        [&](auto done) { store_->LoadConversation(account, open_id, since_ms, limit, done); });
  }
  base::Result<void> ClearConversation(const std::string& open_id) {
    return Await<void>([&](auto done) { store_->ClearConversation("main", open_id, done); });
  }
  base::Result<std::vector<Usage>> UsageOn(int64_t day) {
    return Await<std::vector<Usage>>([&](auto done) { store_->LoadUsage(day, done); });
  }
  base::Result<void> AddCounts(const std::vector<DayCount>& counts) {
    return Await<void>([&](auto done) { store_->AddCounts(counts, done); });
  }
  base::Result<std::vector<DayCount>> CountsSince(int64_t day) {
    return Await<std::vector<DayCount>>([&](auto done) { store_->LoadCounts(day, done); });
  }
  base::Result<void> Forget(const std::string& open_id, const std::string& account = "main") {
    return Await<void>([&](auto done) { store_->ForgetFollower(account, open_id, done); });
  }
  base::Result<int64_t> Sweep(int64_t now_ms, int64_t jobs_before_ms = 0, int64_t turns_before_ms = 0) {
    return Await<int64_t>([&](auto done) { store_->Sweep(now_ms, jobs_before_ms, turns_before_ms, done); });
  }
  base::Result<void> Flush() {
    return Await<void>([&](auto done) { store_->Flush(done); });
  }

  /// The texts of the follower's inbox in the order in which pages are given; takes them all out.
  std::vector<std::string> Drain(const std::string& open_id, const std::string& account = "main") {
    std::vector<std::string> texts;
    for (;;) {
      auto item = Oldest(open_id, 0, account);
      if (!item || !*item) return texts;
      texts.push_back((*item)->text);
      const std::string key = "drain" + std::to_string((*item)->id);
      if (!Claim((*item)->id, key, (*item)->text, "") || !Confirm(key)) return texts;
    }
  }

  SqliteStore::Options& options() { return options_; }
  SqliteStore& store() { return *store_; }
  Inlet& inlet() { return inlet_; }
  std::string MetricsText() const { return metrics_.Text(); }

 private:
  SqliteStore::Options options_;
  Inlet inlet_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  std::unique_ptr<SqliteStore> store_;
};

inline JobRecord MakeJob(const std::string& key, const std::string& open_id = "alice", int64_t first_seen_ms = 1000) {
  JobRecord job;
  job.key = key;
  job.account = "main";
  job.open_id = open_id;
  job.to_user = "gh_1";
  job.kind = "model";
  job.question = "为什么天是蓝的？";
  job.first_seen_ms = first_seen_ms;
  return job;
}

inline JobResult MakeResult(const JobRecord& job, const std::string& reply) {
  JobResult result;
  result.key = job.key;
  result.account = job.account;
  result.open_id = job.open_id;
  result.reply = reply;
  result.reply_text = reply;
  return result;
}

inline InboxItem MakeItem(const std::string& open_id, const std::string& text, int64_t asked_ms = 1, int64_t part = 0,
                          int64_t expires_ms = 1'000'000) {
  InboxItem item;
  item.account = "main";
  item.open_id = open_id;
  item.question = "question of " + text;
  item.text = text;
  item.asked_ms = asked_ms;
  item.part = part;
  item.expires_ms = expires_ms;
  return item;
}

inline AnswerPage MakePage(const std::string& id, const std::string& open_id = "alice", int64_t expires_ms = 1000) {
  AnswerPage page;
  page.id = id;
  page.account = "main";
  page.open_id = open_id;
  page.question = "question of " + id;
  page.markdown = "**" + id + "**";
  page.asked_ms = 7;
  page.expires_ms = expires_ms;
  return page;
}

#define YINGDA_ASSERT_OK(expression)                     \
  do {                                                   \
    const auto ok_result = (expression);                 \
    ASSERT_TRUE(ok_result) << ok_result.error().message; \
  } while (false)

}  // namespace yingda::store
