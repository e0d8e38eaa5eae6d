// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace yingda::store {

/// How far the reply of a job has come to its follower.
enum class Delivery {
  kNone,     // not given
  kClaimed,  // about to be written, or written and not yet confirmed: only an explicit 继续 may give it again after a
             // crash
  kDelivered,  // written to a connection that was open
};

/// One accepted message that needs work which must survive a crash. Times are Unix milliseconds.
struct JobRecord {
  std::string key;  // the message key; begins with the account
  std::string account;
  std::string open_id;
  std::string to_user;  // the account's original id (gh_…)
  std::string kind;     // "model" or "continue"
  std::string question;
  bool json = false;  // the push was JSON, and so is its reply
  int64_t first_seen_ms = 0;
  int tries = 1;
  bool finished = false;   // the job needs no more work; `reply` is final
  std::string reply;       // the reply body that any further push of this key gets again; empty: none yet
  std::string reply_text;  // the follower-visible text in `reply` that would be lost if it never arrived
  Delivery delivery = Delivery::kNone;
  std::string page_id;           // of its answer page; empty: none
  std::string picture_url = {};  // of the picture that the question is about; empty: none
  std::string instruction = {};  // added to the system prompt for this question; empty: none
  int64_t usage_day = 0;         // the day whose usage it counts for (see Usage); 0: none. Not loaded again
};

/// A text that waits for its follower (收件箱): what was left of an answer when its window closed.
struct InboxItem {
  int64_t id = 0;
  std::string account, open_id;
  std::string question;
  std::string text;
  int64_t asked_ms = 0;  // when the question came; items are given oldest first, then by part. Items of one follower
                         // with the same asked_ms are taken as parts of one answer
  int64_t part = 0;      // of its answer; 0: nothing of it was given before
  int64_t expires_ms = 0;
  std::string page_id;  // of the answer page that shows the whole answer; empty: none
  bool made_by_model = false;
};

/// The head of an inbox item that a reply takes. `rest` stays behind as an item of its own; empty: nothing does.
struct PageClaim {
  int64_t id = 0;
  std::string page, rest;
};

struct FollowerName {
  std::string account, open_id;
};

/// The whole answer on the web (网页). Its id is a secret: whoever knows it can read the page.
struct AnswerPage {
  std::string id, account, open_id;
  std::string question, markdown;
  bool finished = false;
  int64_t asked_ms = 0, expires_ms = 0;
};

/// An access token (access_token) of one account. `value` is a secret.
struct TokenRecord {
  std::string account, app_id;
  std::string endpoint;  // which of WeChat's ways of fetching it came by
  std::string value;
  int64_t generation = 0;
  int64_t fetched_ms = 0, expires_ms = 0;
};

struct Turn {
  std::string role;  // "user" or "assistant"
  std::string content;
  int64_t at_ms = 0;
  std::string picture_url = {};  // that belongs to it; empty: none
};

/// What one follower, or the account as a whole, has used on one day.
struct Usage {
  std::string account;
  std::string open_id;  // empty: the account as a whole
  int64_t day = 0;      // as base::ChinaDay counts; never 0
  int64_t messages = 0, tokens = 0;
};

/// How often something happened on one day, for the operator: a rule that answered, say. Never about one follower.
struct DayCount {
  std::string account;
  int64_t day = 0;  // as base::ChinaDay counts
  std::string kind, name;
  int64_t count = 0;
};

/// What a job leaves behind when its work is done, written in one transaction.
struct JobResult {
  std::string key;
  std::string reply;
  std::string reply_text;
  bool finished = true;
  Delivery delivery = Delivery::kNone;
  std::vector<InboxItem> inbox;  // ids are ignored
  std::vector<Turn> turns;       // appended to the follower's conversation
  std::string account, open_id;
  std::string page_id;    // recorded with the job; empty: what was recorded stays
  int64_t usage_day = 0;  // the day whose usage `tokens` and `messages` are added to; 0: none
  int64_t tokens = 0;
  int64_t messages = 0;  // -1: the question was refused after all, and its count is given back
};

/// What must outlive a restart. Asynchronous: every call returns at once, `done` runs later on the executor the store
/// was opened with, in the order of the calls for writes (but for Sweep, which lets later writes pass, and AcceptJob,
/// FinishJob and SetDelivery, which may be completed before earlier ones). An empty `done` of a write is allowed. A
/// read asked after a write was completed sees it, or fails. Thread-safety: all members. Limits: bounded queues; when
/// one is full the call fails with kUnavailable, before the calls that wait. Errors: kUnavailable (busy, disk full),
/// kCorrupt (damaged file), kInternal.
class Store {
 public:
  using Done = std::function<void(base::Result<void>)>;
  virtual ~Store() = default;

  /// Writes a new job, and counts it as a message of its follower and account on its `usage_day`; a key that is there
  /// already is left as it is, and not counted again.
  virtual void AcceptJob(JobRecord job, Done done) = 0;
  /// The number of tries only grows. Like SetDelivery, nothing for a key that is not there (any more).
  virtual void RecordTry(std::string key, int tries, Done done) = 0;
  /// The job's reply and its side effects, which all belong to the result's follower. An update of an unknown key still
  /// writes inbox and turns, and adds the tokens.
  virtual void FinishJob(JobResult result, Done done) = 0;
  virtual void SetDelivery(std::string key, Delivery delivery, Done done) = 0;
  /// Jobs first seen at or after `since_ms`, and all unfinished or undelivered ones, oldest first: for start-up. An
  /// engine may limit their number (no less than 100,000 by default): unfinished ones are then kept before undelivered
  /// ones, and those before the rest, the newest of each.
  virtual void LoadJobs(int64_t since_ms, std::function<void(base::Result<std::vector<JobRecord>>)> done) = 0;
  /// The follower's jobs first seen at or after `since_ms`, the newest first, at most `limit` (and 100).
  virtual void RecentJobs(std::string account, std::string open_id, int64_t since_ms, int limit,
                          std::function<void(base::Result<std::vector<JobRecord>>)> done) = 0;

  /// The follower's inbox items that no one has claimed and that have not expired, oldest first, at most `limit` (and
  /// 100 by default).
  virtual void ListUnread(std::string account, std::string open_id, int64_t now_ms, int limit,
                          std::function<void(base::Result<std::vector<InboxItem>>)> done) = 0;
  virtual void AddInboxItem(InboxItem item, Done done) = 0;
  /// Takes the head of each item for the job `key`: the item keeps `page` and is claimed, and a rest becomes a new item
  /// right behind, with part + 1 and all else the same. All or nothing: fails with kNotFound when one of the items is
  /// gone or claimed, kInvalidArgument for an empty key.
  virtual void ClaimPages(std::vector<PageClaim> claims, std::string key, Done done) = 0;
  /// All that `key` claimed arrived: it is removed. / It did not: it can be claimed again, a page and its rest still
  /// being two items. Nothing when it claimed none. A job that runs again after a restart without having given its
  /// reply releases first what its earlier run claimed.
  virtual void ConfirmPages(std::string key, Done done) = 0;
  virtual void ReleasePages(std::string key, Done done) = 0;
  /// Pages that a process claimed which ended before it confirmed or released them may have arrived or not, and stay
  /// claimed. This makes the follower's ones free to be claimed again, in their old places: for an explicit 继续.
  virtual void ReleaseAbandoned(std::string account, std::string open_id, Done done) = 0;
  /// Nobody knows whether what `key` claimed arrived: as if its process had ended.
  virtual void AbandonPages(std::string key, Done done) = 0;
  /// Whose inbox holds an unexpired item that is free or abandoned: each follower once, who has waited longest first,
  /// at most `limit` (and 100,000 by default). Reads the whole inbox: for start-up.
  virtual void UnreadFollowers(int64_t now_ms, int limit,
                               std::function<void(base::Result<std::vector<FollowerName>>)> done) = 0;

  /// Writes a new page, or writes over the one with its id.
  virtual void SavePage(AnswerPage page, Done done) = 0;
  /// Empty: there is none (any more), or it has expired.
  virtual void LoadPage(std::string id, int64_t now_ms,
                        std::function<void(base::Result<std::optional<AnswerPage>>)> done) = 0;
  /// The follower has read the whole answer on its page: the inbox items with this `page_id` go, free and abandoned
  /// ones; claimed ones are their claimer's. Gives the follower whose items went; empty: there were none.
  virtual void DropUnreadOfPage(std::string page_id,
                                std::function<void(base::Result<std::optional<FollowerName>>)> done) = 0;

  /// Replaces the one of the same account, app_id and endpoint.
  virtual void SaveToken(TokenRecord token, Done done) = 0;
  /// Empty: none was saved. An expired one is given, too: its generation still counts.
  virtual void LoadToken(std::string account, std::string app_id, std::string endpoint,
                         std::function<void(base::Result<std::optional<TokenRecord>>)> done) = 0;

  /// The newest `limit` (at most 1,000 by default) turns at or after `since_ms`, oldest first.
  virtual void LoadConversation(std::string account, std::string open_id, int64_t since_ms, int limit,
                                std::function<void(base::Result<std::vector<Turn>>)> done) = 0;
  virtual void ClearConversation(std::string account, std::string open_id, Done done) = 0;
  /// What was used on this day, accounts before followers, those with the most messages first: for start-up. An engine
  /// may limit the number (no less than 100,000 by default).
  virtual void LoadUsage(int64_t day, std::function<void(base::Result<std::vector<Usage>>)> done) = 0;
  /// Adds to what was counted before under the same account, day, kind and name; all of them or none.
  virtual void AddCounts(std::vector<DayCount> counts, Done done) = 0;
  /// What was counted on `since_day` and later, the latest days first, those of a day with the highest counts first. An
  /// engine may limit the number (no less than 100,000 by default): it leaves out whole days then, the earliest ones,
  /// and never the latest.
  virtual void LoadCounts(int64_t since_day, std::function<void(base::Result<std::vector<DayCount>>)> done) = 0;
  /// Everything of this follower goes: conversation, inbox, answer pages, jobs, usage (on unsubscribe, as WeChat
  /// requires). What their account used as a whole stays.
  virtual void ForgetFollower(std::string account, std::string open_id, Done done) = 0;

  /// Deletes finished and delivered jobs first seen before `jobs_before_ms`, expired inbox items and answer pages, and
  /// turns before `turns_before_ms`, the usage of days before yesterday, and counts after 90 days; and any job, were it
  /// unfinished, after 48 h (by default), when no answer to it can be sent any more. `done` gets the number of inbox
  /// items that expired unread; not counted are those that a reply had claimed. Goes in small steps between other
  /// writes; a store that closes meanwhile answers kCancelled.
  virtual void Sweep(int64_t now_ms, int64_t jobs_before_ms, int64_t turns_before_ms,
                     std::function<void(base::Result<int64_t>)> done) = 0;

  /// Calls `done` when everything asked before is on disk.
  virtual void Flush(Done done) = 0;
};

}  // namespace yingda::store
