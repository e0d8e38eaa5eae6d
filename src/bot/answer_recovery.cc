// SPDX-License-Identifier: MIT
#include <utility>

#include "bot/answer_desk.h"
#include "wechat/passive_reply.h"

namespace yingda::bot {
namespace {

constexpr base::Duration kAskStoreAgain = std::chrono::seconds(5);

Question::Kind KindOf(const std::string& name) {
  if (name == "continue") return Question::Kind::kContinue;
  if (name == "resend") return Question::Kind::kResend;
  return name == "reply" ? Question::Kind::kReply : Question::Kind::kModel;
}

Question QuestionOf(const store::JobRecord& record, const Account& account) {
  Question question;
  question.key = record.key;
  question.account = &account;
  question.settings = account.settings.Get();
  question.kind = KindOf(record.kind);
  question.open_id = record.open_id;
  question.to_user = record.to_user;
  question.text = record.question;
  question.picture_url = record.picture_url;
  question.instruction = record.instruction;
  question.json = record.json;
  if (question.kind == Question::Kind::kReply) question.own = wechat::TextReply{record.question};
  return question;
}

}  // namespace

void AnswerDesk::RecoverUsage(const std::vector<store::Usage>& usage,
                              const std::function<const Account*(const std::string&)>& account_of) {
  for (const store::Usage& row : usage) {
    if (const Account* const account = account_of(row.account)) quota_.Recover(*account, row);
  }
}

void AnswerDesk::Recover(std::vector<store::JobRecord> records,
                         const std::function<const Account*(const std::string&)>& account_of) {
  size_t rerun = 0;
  size_t open = 0;
  for (store::JobRecord& record : records) {
    const Account* const account = account_of(record.account);
    if (account == nullptr) continue;
    const bool asks = KindOf(record.kind) == Question::Kind::kModel;
    const int64_t usage_day = asks ? quota_.RecoverQuestion(*account, record) : 0;
    if (!book_.StartWork(record.key)) continue;
    const base::WallTime first_seen{std::chrono::milliseconds(record.first_seen_ms)};
    record = ShownNow(*account, account->settings.Get()->texts, std::move(record), pages_.Addresses());
    const JobPointer job = Open(QuestionOf(record, *account), first_seen, record.tries);
    job->usage_day = usage_day;  // to be given back, should it be refused now
    job->delivery = record.delivery;
    job->reply_loss = std::move(record.reply_text);
    if (record.finished || !record.reply.empty()) job->reply = std::move(record.reply);
    job->accepted = true;
    job->page_id = std::move(record.page_id);
    job->maybe_given = record.delivery == store::Delivery::kClaimed;
    job->front_given = true;  // who knows; what it claimed goes with it
    job->loss_by_model = true;
    if (job->reply && job->reply->size() > options_.page_bytes) Shorten(*job, record.finished);
    if (record.finished) {
      job->work_done = true;
      ++open;
      if (record.delivery == store::Delivery::kDelivered) Settle(job);
      continue;  // else its retry gets the reply, or the settle timer takes it to the inbox
    }
    ++rerun;
    // A part that may or may not have been written: what follows can only be a new answer, given whole on 继续.
    job->reply_is_part = job->reply.has_value();
    job->reply_loss.clear();
    job->maybe_given = job->reply_is_part;
    job->front_given = job->reply_is_part;
    if (job->question.kind == Question::Kind::kReply) job->acknowledged = true;  // no other way keeps such a job
    const bool takes_back = !job->reply_is_part;
    if (job->acknowledged && !job->reply) job->reply = "";
    if (!takes_back) {
      Work(job, true);
      continue;
    }
    // First what an earlier run claimed, since this one claims under the same key.
    inbox_.Returned(account->name, job->question.open_id, job->claim_key, [this, job] {
      if (!stopping_) Work(job, true);
    });
  }
  if (!records.empty()) logger_.Info("recovered", {{"rerun", rerun}, {"finished", open}});
}

void AnswerDesk::RecoverUnread(const std::vector<store::FollowerName>& followers,
                               const std::function<const Account*(const std::string&)>& account_of) {
  inbox_.Load(followers, followers.size() < static_cast<size_t>(options_.most_unread_at_start));
  for (const store::FollowerName& follower : followers) {
    const Account* const account = account_of(follower.account);
    if (account != nullptr) follow_up_.Deliver(*account, follower.open_id);
  }
}

void AnswerDesk::AbilityFound(const Account& account) {
  if (!account.CanPush() || stopping_) return;
  store_.UnreadFollowers(base::UnixMilliseconds(loop_.clock().WallNow()), options_.most_unread_at_start,
                         [this, &account](const base::Result<std::vector<store::FollowerName>>& followers) {
                           if (stopping_) return;
                           if (!followers) {
                             loop_.After(kAskStoreAgain, [this, &account] { AbilityFound(account); });
                             return;
                           }
                           for (const store::FollowerName& follower : *followers) {
                             if (follower.account == account.name) follow_up_.Deliver(account, follower.open_id);
                           }
                         });
}

void AnswerDesk::ForgetConversation(const Account& account, const std::string& open_id) {
  for (const auto& [key, job] : jobs_) {
    if (job->question.account == &account && job->question.open_id == open_id) job->forgotten = true;
  }
  ++forgetting_;
  store_.ClearConversation(account.name, open_id, [this](const base::Result<void>& cleared) {
    --forgetting_;
    ++answered_;
    if (!cleared) logger_.Error("clear_failed", {{"error", cleared.error().message}});
  });
}

void AnswerDesk::ForgetFollower(const Account& account, const std::string& open_id) {
  std::vector<JobPointer> theirs;
  for (const auto& [key, job] : jobs_) {
    if (job->question.account == &account && job->question.open_id == open_id) theirs.push_back(job);
  }
  for (const JobPointer& job : theirs) {
    job->left = true;
    if (job->page_open) pages_.Abandon(job->page_id);
    while (!job->waiting.empty()) {
      job->waiting.front().port->Send(std::string(wechat::kSuccess));
      RemovePush(job, job->waiting.begin());
    }
    EndCall(job, model::ChatFailure::kCancelled);
  }
  inbox_.Forget(account.name, open_id);
  follow_up_.Forget(account, open_id);
  quota_.ForgetFollower(account, open_id);
  ++forgetting_;
  store_.ForgetFollower(account.name, open_id, [this](const base::Result<void>& forgotten) {
    --forgetting_;
    ++answered_;
    if (!forgotten) logger_.Error("forget_failed", {{"error", forgotten.error().message}});
  });
}

void AnswerDesk::Stop(std::function<void()> idle) {
  stopping_ = true;
  inbox_.Stop();
  std::vector<JobPointer> all;
  for (const auto& [key, job] : jobs_) all.push_back(job);
  for (const JobPointer& job : all) {
    EndCall(job, model::ChatFailure::kCancelled);
    CloseAll(job);
    if (job->settle_timer != 0) loop_.Cancel(std::exchange(job->settle_timer, 0));
  }
  follow_up_.Stop(std::move(idle));
}

}  // namespace yingda::bot
