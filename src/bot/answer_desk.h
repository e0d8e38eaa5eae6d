// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/task.h"
#include "bot/answer_pages.h"
#include "bot/answer_text.h"
#include "bot/follow_up.h"
#include "bot/follower_queues.h"
#include "bot/inbox.h"
#include "bot/job.h"
#include "bot/quota_gate.h"
#include "bot/reply_book.h"
#include "bot/window_policy.h"

namespace yingda::bot {

/// Where the messages are worked on that cannot be answered at once: one job per message key, however many pushes carry
/// it. The job outlives every connection; its reply goes to whichever push is open at the best moment
/// (window_policy.h), and what no push could take waits in the follower's inbox, from where it goes out in front of the
/// next reply, page by page on 继续, or as customer-service messages. Accepted messages and replies are in the store
/// before anything depends on them. Thread-safety: every member on the event loop it was made for, except Jobs, Waiting
/// and MayHaveUnread.
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
    size_t passed_texts = 65'536;  // of conversations, known to hold no word; 16 bytes each
    base::Duration answer_deadline = std::chrono::minutes(10);
    // A question without a picture is taken to be about the newest one, if it is no older and among so many questions.
    base::Duration picture_in_mind = std::chrono::minutes(10);
    int picture_questions = 3;
    base::Duration typing_every = std::chrono::seconds(8);             // 对方正在输入, while an answer is made
    base::Duration typing_at_most = std::chrono::seconds(28);          // after the message; WeChat refuses it later
    base::Duration push_after_reply = std::chrono::milliseconds(700);  // so that pages arrive in their order
    base::Duration resend_within = std::chrono::minutes(10);           // 重发 gives an answer that is no older
    int most_unread_at_start = 100'000;                                // followers whose unread texts are known apart
    bool log_content = false;
    Inbox::Options inbox;
    FollowUp::Options follow_up;
    Quota::Options quota;
  };

  AnswerDesk(Options options, net::EventLoop& loop, ReplyBook& book, store::Store& store, AnswerPages& pages,
             base::Logger& logger, base::Metrics& metrics, const base::FollowerTagger& tagger);
  ~AnswerDesk();

  /// A push whose key the book has open for work: begins its job or joins it.
  void Push(Question question, std::shared_ptr<ReplyPort> port);
  /// A reply has gone out at once, from the bot; `more` follows it as customer-service messages, in order, where the
  /// account may. `arrived`: else a later try may give the reply, so they wait until the tries are over.
  void SendMore(const Account& account, const std::string& open_id, const SendingWindow& window,
                std::vector<wechat::Reply> more, bool arrived);
  /// What an earlier process counted today; to be told before Recover.
  void RecoverUsage(const std::vector<store::Usage>& usage,
                    const std::function<const Account*(const std::string&)>& account_of);
  /// Takes up what an earlier process left: unfinished jobs run again, finished ones answer their retries.
  /// `account_of` finds an account by name, null when it is not configured any more.
  void Recover(std::vector<store::JobRecord> records,
               const std::function<const Account*(const std::string&)>& account_of);
  /// The followers who have something unread from before: it goes out as it may.
  void RecoverUnread(const std::vector<store::FollowerName>& followers,
                     const std::function<const Account*(const std::string&)>& account_of);
  /// The account turned out to be able to write to its followers: what waits goes out.
  void AbilityFound(const Account& account);
  /// 清空: what is being made for this follower is not remembered, and the conversation starts anew.
  void ForgetConversation(const Account& account, const std::string& open_id);
  /// 取消关注: everything of this follower goes, work under way included.
  void ForgetFollower(const Account& account, const std::string& open_id);

  /// Gives up the calls under way; unfinished jobs stay in the store for the next start. New pushes get no reply any
  /// more. `idle` runs when no customer-service message is on its way any more, perhaps at once.
  void Stop(std::function<void()> idle);

  /// Any thread.
  size_t Jobs() const { return job_count_; }
  size_t Waiting() const { return waiting_count_; }
  size_t PageBytes() const { return options_.page_bytes; }
  bool MayHaveUnread(const Account& account, const std::string& open_id) const {
    return inbox_.MayHave(account.name, open_id);
  }

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

  void Accepted(const JobPointer& job);
  void Acknowledge(const JobPointer& job);
  void ShowTyping(const JobPointer& job);

  // Replies (answer_delivery.cc).
  std::string Render(const Job& job) const;
  PageStyle StyleOf(const Job& job, size_t limit_bytes) const;
  void RefuseBusy(const Question& question, ReplyPort& port);
  std::string FirstPageOf(const Question& question, std::string_view text) const;
  /// Without a job; all pushes of the key get the same. Empty: nothing is said.
  void SayAtOnce(const Question& question, ReplyPort& port, const std::string& text);
  base::Task GivePart(JobPointer job);
  void PartStored(const JobPointer& job);
  /// Gives the final reply; when that takes a write first, it is on its way. False: nobody is there.
  bool GiveWhole(const JobPointer& job);
  bool GiveReply(const JobPointer& job);
  /// What a push gets when its window closes before there is anything else.
  std::string WaitingText(const Job& job) const;
  /// Makes a page of a reply that the words of now have made too long.
  void Shorten(Job& job, bool finished) const;
  void KeepRest(const JobPointer& job);
  void Delivered(const JobPointer& job, int try_number);
  void CountDelivery(const Job& job, int try_number);
  void ReturnToInbox(const JobPointer& job);
  void Settle(const JobPointer& job);

  // The work itself (answer_work.cc); each of them reads top to bottom.
  base::Task AnswerQuestion(JobPointer job, bool accepted_before);
  void GiveBackCount(const Job& job, bool stored, store::JobResult& result);
  base::Task GiveNextPage(JobPointer job, bool accepted_before);
  base::Task GiveLastAgain(JobPointer job, bool accepted_before);
  base::Task GiveOwnReply(JobPointer job, bool accepted_before);
  void Work(const JobPointer& job, bool accepted_before);

  // What the work waits for (answer_steps.cc).
  enum class Admission { kMyTurn, kStoreFailed, kQueueFull };
  base::Completion<bool> Accept(const JobPointer& job, bool accepted_before);
  base::Completion<Admission> Turn(const JobPointer& job);
  /// False: too many of this follower wait for it.
  base::Completion<bool> ThisAnswerMade(const JobPointer& job);
  base::Completion<base::Result<std::vector<store::Turn>>> History(const JobPointer& job);
  void ReadAhead(const JobPointer& job);
  /// The picture that the question is about: its own, or one of the conversation. False: its own could not be had.
  base::Completion<bool> PictureSeen(const JobPointer& job, const std::vector<store::Turn>& turns);
  /// Puts it where it belongs in the history, or gives it for the question.
  static std::vector<std::string> PlacePicture(const Job& job, std::vector<model::ChatMessage>& history);
  base::Completion<model::ChatOutcome> Ask(const JobPointer& job, std::vector<store::Turn>&& turns);
  base::Completion<bool> PartGiven(const JobPointer& job);
  base::Completion<InboxShare> TakeFront(const JobPointer& job, size_t own_bytes);
  base::Completion<InboxShare> TakePage(const JobPointer& job);
  base::Completion<std::optional<store::JobRecord>> LastAnswer(const JobPointer& job, bool uncertain_only);
  base::Completion<base::Result<void>> Save(const JobPointer& job, store::JobResult result);
  void Keep(const JobPointer& job, store::JobResult result);
  void Saved(const JobPointer& job, const store::JobResult& result);
  void EndPicture(const JobPointer& job);
  void EndCall(const JobPointer& job, model::ChatFailure failure);
  void EndBlocked(const JobPointer& job);
  bool InMind(const std::vector<store::Turn>& turns) const;
  void WorkDone(const JobPointer& job);
  /// Keeps trying to write what the store could not take, so that what was promised on 继续 is there.
  void SaveAgain(const JobPointer& job, store::JobResult result, int number, base::Duration delay);
  /// What is in the inbox goes out as customer-service messages, where the account may.
  void FollowUpSoon(const Job& job);
  void SendBehind(const Account& account, const std::string& open_id, std::vector<wechat::Reply> replies,
                  base::Duration after);

  // What it makes of the outcome (answer_outcome.cc).
  const std::string& RefusalText(const Job& job, Admission admission) const;
  int64_t TokensOf(const Job& job, const model::ChatOutcome& outcome) const;
  ShownAnswer Shown(const Job& job, const model::ChatOutcome& outcome) const;
  store::JobResult Conclude(Job& job, const ShownAnswer& shown);
  /// `again`: whose reply it gives once more; null: nobody's.
  store::JobResult ConcludeOwn(Job& job, std::string own, const store::JobRecord* again);
  store::JobResult ResultOf(const Job& job) const;
  store::InboxItem InboxItemOf(const Job& job, std::string text, int64_t part, bool by_model) const;
  void OpenPage(const JobPointer& job);
  void FinishPage(Job& job, const ShownAnswer& shown, bool is_long);
  store::AnswerPage PageOf(const Job& job, std::string markdown, bool finished) const;

  static std::string FollowerKey(const Question& question) { return question.account->name + '\n' + question.open_id; }

  const Options options_;
  net::EventLoop& loop_;
  ReplyBook& book_;
  store::Store& store_;
  AnswerPages& pages_;
  base::Logger& logger_;
  const base::FollowerTagger& tagger_;
  const std::string nonce_ = base::RandomHex(8);
  const int64_t started_ms_;
  std::unique_ptr<Instruments> instruments_;

  std::unordered_map<std::string, JobPointer> jobs_;
  FollowerQueues queues_;
  Inbox inbox_;
  PassedTexts passed_texts_;
  FollowUp follow_up_;
  QuotaGate quota_;
  std::unordered_set<std::string> told_of_no_messages_;  // accounts
  size_t saving_again_ = 0;
  uint64_t answered_ = 0;  // changes of conversations, of all followers
  size_t forgetting_ = 0;  // deletions on their way to the store
  bool stopping_ = false;
  std::atomic<size_t> job_count_{0};
  std::atomic<size_t> waiting_count_{0};
};

}  // namespace yingda::bot
