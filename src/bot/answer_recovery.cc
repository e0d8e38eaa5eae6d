// SPDX-License-Identifier: MIT
#include <utility>

#include "bot/answer_desk.h"
#include "wechat/passive_reply.h"

namespace yingda::bot {
namespace {

Question QuestionOf(const store::JobRecord& record, const Account& account) {
  Question question;
  question.key = record.key;
  question.account = &account;
  question.kind = record.kind == "continue" ? Question::Kind::kContinue : Question::Kind::kModel;
  question.open_id = record.open_id;
  question.to_user = record.to_user;
  question.text = record.question;
  question.json = record.json;
  return question;
}

}  // namespace

void AnswerDesk::Recover(std::vector<store::JobRecord> records,
                         const std::function<const Account*(const std::string&)>& account_of) {
  size_t rerun = 0;
  size_t open = 0;
  for (store::JobRecord& record : records) {
    const Account* const account = account_of(record.account);
    if (account == nullptr || !book_.StartWork(record.key)) continue;
    const base::WallTime first_seen{std::chrono::milliseconds(record.first_seen_ms)};
    const JobPointer job = Open(QuestionOf(record, *account), first_seen, record.tries);
    job->delivery = record.delivery;
    job->reply_loss = std::move(record.reply_text);
    if (!record.reply.empty()) job->reply = std::move(record.reply);
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
    if (job->question.kind == Question::Kind::kContinue) store_.ReleasePages(job->question.key, {});
    Work(job, true);
  }
  if (!records.empty()) logger_.Info("recovered", {{"rerun", rerun}, {"finished", open}});
}

void AnswerDesk::ForgetConversation(const Account& account, const std::string& open_id) {
  for (const auto& [key, job] : jobs_) {
    if (job->question.account == &account && job->question.open_id == open_id) job->forgotten = true;
  }
  store_.ClearConversation(account.name, open_id, [this](const base::Result<void>& cleared) {
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
    while (!job->waiting.empty()) {
      job->waiting.front().port->Send(std::string(wechat::kSuccess));
      RemovePush(job, job->waiting.begin());
    }
    EndCall(job, model::ChatFailure::kCancelled);
  }
  store_.ForgetFollower(account.name, open_id, [this](const base::Result<void>& forgotten) {
    if (!forgotten) logger_.Error("forget_failed", {{"error", forgotten.error().message}});
  });
}

void AnswerDesk::Stop() {
  stopping_ = true;
  std::vector<JobPointer> all;
  for (const auto& [key, job] : jobs_) all.push_back(job);
  for (const JobPointer& job : all) {
    EndCall(job, model::ChatFailure::kCancelled);
    CloseAll(job);
  }
}

}  // namespace yingda::bot
