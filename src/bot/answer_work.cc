// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "bot/answer_desk.h"
#include "bot/answer_instruments.h"
#include "bot/answer_text.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kFirstSaveAgain = 200ms;
constexpr base::Duration kLongestBetweenSaves = 60s;

store::Turn MakeTurn(const char* role, std::string content, base::WallTime at) {
  return {role, std::move(content), base::UnixMilliseconds(at)};
}

}  // namespace

void AnswerDesk::Work(const JobPointer& job, bool accepted_before) {
  if (job->question.kind == Question::Kind::kContinue) {
    GiveNextPage(job, accepted_before);
  } else {
    AnswerQuestion(job, accepted_before);
  }
}

/// One question, from acceptance to the moment its reply is ready; who gets the reply when is answer_desk.cc's
/// business.
base::Task AnswerDesk::AnswerQuestion(JobPointer job, bool accepted_before) {
  const Admission admission = co_await Admit(job, accepted_before);
  ShownAnswer shown{RefusalText(*job, admission), false};
  if (admission == Admission::kMyTurn) {
    auto history = co_await History(*job);
    std::vector<store::Turn> turns;  // named: see base/task.h
    if (history) turns = *std::move(history);
    const model::ChatOutcome outcome = co_await Ask(job, turns);
    co_await PartGiven(job);
    shown = Shown(*job, outcome);
  }
  if (!stopping_ && !job->left) {
    store::JobResult result = Conclude(*job, shown);
    const base::Result<void> saved = co_await Save(result);
    if (!saved) SaveAgain(std::move(result), kFirstSaveAgain);
  }
  if (admission == Admission::kMyTurn) queues_.Leave(FollowerKey(job->question));
  WorkDone(job);
}

/// 继续: the next page of what waits for the follower, after all that was asked before.
base::Task AnswerDesk::GiveNextPage(JobPointer job, bool accepted_before) {
  const Texts& texts = job->question.account->texts;
  const Admission admission = co_await Admit(job, accepted_before);
  CutReply page{RefusalText(*job, admission), 0};
  std::string taken;
  if (admission == Admission::kMyTurn) co_await PartGiven(job);
  // A 继续 that has been told to wait takes no page any more: it could not give it.
  if (admission == Admission::kMyTurn && !stopping_ && !job->left && !job->reply) {
    page.text = texts.nothing_more;
    const auto unread = co_await OldestUnread(*job);
    if (unread && unread->has_value()) {
      const store::InboxItem& item = **unread;
      const std::string label = item.part == 0 ? LateLabel(item.question, texts) : std::string();
      page = FirstPage(item.text, texts, options_.page_bytes - std::min(label.size(), options_.page_bytes / 2));
      const base::Result<void> claimed = co_await ClaimPage(*job, item, page.taken_bytes);
      taken = claimed ? item.text.substr(0, page.taken_bytes) : std::string();
      page.text = claimed ? label + page.text : texts.continue_again;
    }
    co_await PartGiven(job);
    // Told to wait after all, while the page was fetched: the next 继续 gets it.
    if (job->reply && !taken.empty() && !stopping_) store_.ReleasePages(job->question.key, {});
  }
  if (!stopping_ && !job->left) {
    store::JobResult result = ConcludePage(*job, std::move(page.text), taken);
    const base::Result<void> saved = co_await Save(result);
    if (!saved) SaveAgain(std::move(result), kFirstSaveAgain);
  }
  if (admission == Admission::kMyTurn) queues_.Leave(FollowerKey(job->question));
  WorkDone(job);
}

const std::string& AnswerDesk::RefusalText(const Job& job, Admission admission) const {
  const Texts& texts = job.question.account->texts;
  return admission == Admission::kQueueFull ? texts.queue_full : texts.busy;
}

ShownAnswer AnswerDesk::Shown(const Job& job, const model::ChatOutcome& outcome) const {
  const Account& account = *job.question.account;
  if (account.AnswerBlocked(job.answer)) return {account.texts.blocked_answer, false};
  const bool whole = outcome.failure == model::ChatFailure::kNone;
  if (job.answer.empty() || !(whole || outcome.truncated)) return {FailureText(outcome.failure, account.texts), false};
  ShownAnswer shown{account.MaskedAnswer(job.answer, job.given_bytes), whole};
  if (outcome.truncated) shown.text += account.texts.cut_off;
  return shown;
}

store::JobResult AnswerDesk::Conclude(Job& job, const ShownAnswer& shown) {
  store::InboxItem rest;
  if (job.reply) {  // a part or the thinking text went out, or the window is over
    rest = InboxItemOf(job, shown.text, job.given_bytes > 0 ? 1 : 0);
    if (!base::TrimBlanks(shown.text).empty()) instruments_->late.Add();
  } else {
    const CutReply page = FirstPage(shown.text, job.question.account->texts, options_.page_bytes);
    job.reply = page.text;
    job.reply_loss = shown.text.substr(0, page.taken_bytes);
    job.delivery = job.waiting.empty() ? store::Delivery::kNone : store::Delivery::kClaimed;
    rest = InboxItemOf(job, shown.text.substr(page.taken_bytes), 1);
  }
  store::JobResult result = ResultOf(job);
  if (!base::TrimBlanks(rest.text).empty()) result.inbox.push_back(std::move(rest));
  if (shown.is_answer && !job.forgotten) {
    result.turns.push_back(MakeTurn("user", job.question.text, job.first_seen));
    result.turns.push_back(
        MakeTurn("assistant", job.question.account->MaskedAnswer(job.answer), loop_.clock().WallNow()));
  }
  return result;
}

store::JobResult AnswerDesk::ConcludePage(Job& job, std::string page, std::string_view taken) {
  if (!job.reply) {
    job.reply = std::move(page);
    job.reply_loss = taken;
    job.delivery = job.waiting.empty() ? store::Delivery::kNone : store::Delivery::kClaimed;
  }
  return ResultOf(job);
}

store::JobResult AnswerDesk::ResultOf(const Job& job) const {
  store::JobResult result;
  result.key = job.question.key;
  result.account = job.question.account->name;
  result.open_id = job.question.open_id;
  result.reply = job.reply.value_or("");
  result.reply_text = job.reply_loss;
  result.delivery = job.delivery;
  result.finished = true;
  return result;
}

store::InboxItem AnswerDesk::InboxItemOf(const Job& job, std::string text, int64_t part) const {
  store::InboxItem item;
  item.account = job.question.account->name;
  item.open_id = job.question.open_id;
  item.question = job.question.text;
  item.text = std::move(text);
  item.asked_ms = base::UnixMilliseconds(job.first_seen);
  item.part = part;
  item.expires_ms = base::UnixMilliseconds(loop_.clock().WallNow() + options_.inbox_keep);
  return item;
}

void AnswerDesk::SaveAgain(store::JobResult result, base::Duration delay) {
  logger_.Error("store_reply_failed", {{"account", result.account}, {"again_in_seconds", delay / 1s}});
  // Given up when the text would have expired anyway, and when so many wait that memory is at stake.
  const int64_t now = base::UnixMilliseconds(loop_.clock().WallNow());
  const bool expired = !result.inbox.empty() && result.inbox.front().expires_ms < now;
  if (stopping_ || expired || result.inbox.empty() || saving_again_ >= options_.max_jobs) return;
  ++saving_again_;
  loop_.After(delay, [this, delay, result = std::move(result)] {
    --saving_again_;
    if (stopping_) return;
    store_.FinishJob(result, [this, delay, result](const base::Result<void>& saved) {
      if (!saved) SaveAgain(result, std::min<base::Duration>(delay * 2, kLongestBetweenSaves));
    });
  });
}

void AnswerDesk::WorkDone(const JobPointer& job) {
  job->call.reset();
  job->work_done = true;
  if (stopping_ || job->left) {
    CloseAll(job);
    Settle(job);
    return;
  }
  if (job->delivery == store::Delivery::kDelivered) {
    Settle(job);
  } else if (!GiveReply(job) && job->settle_timer == 0) {
    ReturnToInbox(job);  // its window closed while it was worked on
  }
}

}  // namespace yingda::bot
