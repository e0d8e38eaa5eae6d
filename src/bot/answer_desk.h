// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/task.h"
#include "bot/answer_text.h"
#include "bot/follower_queues.h"
#include "bot/job.h"
#include "bot/reply_book.h"
#include "bot/window_policy.h"

namespace yingda::bot {

/// Where the messages are worked on that cannot be answered at once: one job per message key, however many pushes carry
/// it. The job outlives every connection; its reply goes to whichever push is open at the best moment
/// (window_policy.h), and what no push could take waits in the follower's inbox. Accepted messages and replies are in
/// the store before anything depends on them. Thread-safety: every member on the event loop it was made for, except
/// Jobs and Waiting.
class AnswerDesk {
 public:
  struct Options {
    WindowOptions window;
    size_t max_jobs = 5000;  // more: the busy text at once
    size_t max_waiting_per_follower = 5;
    size_t page_bytes = 2047;
    base::Duration settle_after = std::chrono::seconds(16);  // after the first push; WeChat's tries are over by then
    base::Duration inbox_keep = std::chrono::hours(48);
    base::Duration conversation_idle = std::chrono::minutes(30);
    int history_turns = 40;
    int history_tokens = 3000;
    base::Duration answer_deadline = std::chrono::minutes(10);
    bool log_content = false;
  };

  AnswerDesk(Options options, net::EventLoop& loop, ReplyBook& book, store::Store& store, base::Logger& logger,
             base::Metrics& metrics, const base::FollowerTagger& tagger);
  ~AnswerDesk();

  /// A push whose key the book has open for work: begins its job or joins it.
  void Push(Question question, std::shared_ptr<ReplyPort> port);
  /// Takes up what an earlier process left: unfinished jobs run again, finished ones answer their retries.
  /// `account_of` finds an account by name, null when it is not configured any more.
  void Recover(std::vector<store::JobRecord> records,
               const std::function<const Account*(const std::string&)>& account_of);
  /// 清空: what is being made for this follower is not remembered, and the conversation starts anew.
  void ForgetConversation(const Account& account, const std::string& open_id);
  /// 取消关注: everything of this follower goes, work under way included.
  void ForgetFollower(const Account& account, const std::string& open_id);

  /// Gives up the calls under way; unfinished jobs stay in the store for the next start. New pushes get no reply any
  /// more.
  void Stop();

  /// Any thread.
  size_t Jobs() const { return job_count_; }
  size_t Waiting() const { return waiting_count_; }

 private:
  struct Instruments;
  using JobPointer = std::shared_ptr<Job>;
  using PushIterator = std::list<WaitingPush>::iterator;

  // Pushes and their windows (answer_desk.cc).
  JobPointer Open(Question question, base::WallTime first_seen, int tries);
  void CountTry(const JobPointer& job);
  void Join(const JobPointer& job, std::shared_ptr<ReplyPort> port);
  void LookAtPush(const JobPointer& job, PushIterator push);
  void PushClosed(const JobPointer& job, const ReplyPort* port);
  void RemovePush(const JobPointer& job, PushIterator push);
  void CloseAll(const JobPointer& job);
  void ArmSettle(const JobPointer& job, base::Duration delay);
  void WindowOver(const JobPointer& job);

  // Replies (answer_delivery.cc).
  std::string Render(const Job& job) const;
  std::string PartReplyText(const Job& job) const;
  void RefuseBusy(const Question& question, ReplyPort& port);
  void GivePart(const JobPointer& job);
  void PartStored(const JobPointer& job);
  bool GiveReply(const JobPointer& job);
  void Delivered(const JobPointer& job, int try_number);
  void ReturnToInbox(const JobPointer& job);
  void Settle(const JobPointer& job);

  // The work itself (answer_work.cc); each of the two reads top to bottom.
  base::Task AnswerQuestion(JobPointer job, bool accepted_before);
  base::Task GiveNextPage(JobPointer job, bool accepted_before);
  void Work(const JobPointer& job, bool accepted_before);

  // What the work waits for (answer_steps.cc).
  enum class Admission { kMyTurn, kStoreFailed, kQueueFull };
  base::Completion<Admission> Admit(const JobPointer& job, bool accepted_before);
  base::Completion<base::Result<std::vector<store::Turn>>> History(const Job& job);
  base::Completion<model::ChatOutcome> Ask(const JobPointer& job, const std::vector<store::Turn>& turns);
  base::Completion<bool> PartGiven(const JobPointer& job);
  base::Completion<base::Result<std::optional<store::InboxItem>>> OldestUnread(const Job& job);
  base::Completion<base::Result<void>> ClaimPage(const Job& job, const store::InboxItem& item, size_t page_bytes);
  base::Completion<base::Result<void>> Save(store::JobResult result);
  void EndCall(const JobPointer& job, model::ChatFailure failure);
  void WorkDone(const JobPointer& job);
  /// Keeps trying to write what the store could not take, so that what was promised on 继续 is there.
  void SaveAgain(store::JobResult result, base::Duration delay);

  // What it makes of the outcome.
  const std::string& RefusalText(const Job& job, Admission admission) const;
  ShownAnswer Shown(const Job& job, const model::ChatOutcome& outcome) const;
  store::JobResult Conclude(Job& job, const ShownAnswer& shown);
  store::JobResult ConcludePage(Job& job, std::string page, std::string_view taken);
  store::JobResult ResultOf(const Job& job) const;
  store::InboxItem InboxItemOf(const Job& job, std::string text, int64_t part) const;

  std::string FollowerKey(const Question& question) const { return question.account->name + '\n' + question.open_id; }

  const Options options_;
  net::EventLoop& loop_;
  ReplyBook& book_;
  store::Store& store_;
  base::Logger& logger_;
  const base::FollowerTagger& tagger_;
  std::unique_ptr<Instruments> instruments_;

  std::unordered_map<std::string, JobPointer> jobs_;
  FollowerQueues queues_;
  size_t saving_again_ = 0;
  bool stopping_ = false;
  std::atomic<size_t> job_count_{0};
  std::atomic<size_t> waiting_count_{0};
};

}  // namespace yingda::bot
