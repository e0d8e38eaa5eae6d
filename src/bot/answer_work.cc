// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "bot/answer_desk.h"
#include "bot/answer_instruments.h"
#include "bot/answer_text.h"
#include "bot/resend.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kFirstSaveAgain = 200ms;
constexpr base::Duration kLongestBetweenSaves = 60s;

}  // namespace

void AnswerDesk::Work(const JobPointer& job, bool accepted_before) {
  switch (job->question.kind) {
    case Question::Kind::kModel:
      AnswerQuestion(job, accepted_before);
      return;
    case Question::Kind::kContinue:
      GiveNextPage(job, accepted_before);
      return;
    case Question::Kind::kResend:
      GiveLastAgain(job, accepted_before);
      return;
    case Question::Kind::kReply:
      GiveOwnReply(job, accepted_before);
      return;
  }
}

/// One question, from acceptance to the moment its reply is ready; who gets the reply when is answer_desk.cc's
/// business.
base::Task AnswerDesk::AnswerQuestion(JobPointer job, bool accepted_before) {
  Admission admission = Admission::kStoreFailed;
  ReadAhead(job);
  if (co_await Accept(job, accepted_before)) {
    // Whoever is before this one in the queue, or was for a moment, writes to the conversation.
    const bool alone = !queues_.Busy(FollowerKey(job->question));
    if (!alone || (job->history_ahead && job->history_ahead->answered != answered_)) job->history_ahead.reset();
    admission = co_await Turn(job);
  }
  ShownAnswer shown{RefusalText(*job, admission), false, false};
  int64_t tokens = 0;
  int64_t usage_day = 0;
  bool refused = admission != Admission::kMyTurn;
  if (admission == Admission::kMyTurn) {
    auto history = co_await History(job);
    std::vector<store::Turn> turns;  // named: see base/task.h
    if (history) turns = *std::move(history);
    job->answer_by = loop_.clock().Now() + options_.answer_deadline;
    model::ChatOutcome outcome;
    const bool seen = co_await PictureSeen(job, turns);
    refused = !seen;
    if (seen) outcome = co_await Ask(job, std::move(turns));
    job->model_done = true;
    tokens = TokensOf(*job, outcome);
    usage_day = quota_.Answered(*job->question.account, job->question.open_id, tokens);
    co_await PartGiven(job);
    shown = seen ? Shown(*job, outcome) : ShownAnswer{job->question.settings->texts.picture_failed, false, false};
  }
  job->model_done = true;
  if (!stopping_ && !job->left && !job->reply) job->front = co_await TakeFront(job, shown.text.size());
  if (!stopping_ && !job->left) {
    store::JobResult result = Conclude(*job, shown);
    result.tokens = tokens;
    result.usage_day = usage_day;
    if (refused) GiveBackCount(*job, admission != Admission::kStoreFailed, result);
    const base::Result<void> saved = co_await Save(job, result);
    if (!saved) SaveAgain(job, std::move(result), job->results, kFirstSaveAgain);
  }
  if (admission == Admission::kMyTurn) {
    ++answered_;
    queues_.Leave(FollowerKey(job->question));
  }
  WorkDone(job);
}

/// A question that we refuse after it was taken does not use up its follower's limits. Where the store has counted it,
/// it takes the count back with the reply.
void AnswerDesk::GiveBackCount(const Job& job, bool stored, store::JobResult& result) {
  quota_.GiveBack(*job.question.account, job.question.open_id, job.usage_day, job.first_seen);
  if (!stored) return;
  result.usage_day = job.usage_day;
  result.messages = job.usage_day == 0 ? 0 : -1;
}

/// 继续: the next page of what waits for the follower; when there is none yet, of what is being made for them.
base::Task AnswerDesk::GiveNextPage(JobPointer job, bool accepted_before) {
  const Texts& texts = job->question.settings->texts;
  const bool accepted = co_await Accept(job, accepted_before);
  if (accepted) job->front = co_await TakePage(job);
  bool waits = accepted;
  while (waits && job->front.empty() && !job->reply && !stopping_ && !job->left &&
         queues_.Busy(FollowerKey(job->question))) {
    waits = co_await ThisAnswerMade(job);
    co_await PartGiven(job);
    job->front = co_await TakePage(job);
  }
  std::string own = texts.busy;
  std::optional<store::JobRecord> last;
  if (waits && job->front.empty() && !job->front.failed) {
    last = co_await LastAnswer(job, true);
    own = last ? ResentText(*last, texts.resend_label, options_.page_bytes) : texts.nothing_more;
    if (job->store_failed) own = texts.busy;
    if (last) job->resent_key = last->key;
  }
  // What goes out as customer-service messages needs no words of its own.
  const bool by_message = job->acknowledged && inbox_.MayHave(job->question.account->name, job->question.open_id);
  if (by_message && job->front.empty()) own.clear();
  co_await PartGiven(job);
  if (!stopping_ && !job->left) {
    store::JobResult result = ConcludeOwn(*job, std::move(own), last ? &*last : nullptr);
    const base::Result<void> saved = co_await Save(job, result);
    if (!saved) SaveAgain(job, std::move(result), job->results, kFirstSaveAgain);
  }
  WorkDone(job);
}

/// 重发: the last answer once more, for whoever did not get it.
base::Task AnswerDesk::GiveLastAgain(JobPointer job, bool accepted_before) {
  const Texts& texts = job->question.settings->texts;
  const bool accepted = co_await Accept(job, accepted_before);
  std::string own = RefusalText(*job, Admission::kStoreFailed);
  std::optional<store::JobRecord> last;
  if (accepted) {
    last = co_await LastAnswer(job, false);
    own = last ? ResentText(*last, texts.resend_label, options_.page_bytes) : texts.nothing_to_resend;
    if (job->store_failed) own = texts.busy;
    if (last) job->resent_key = last->key;
  }
  co_await PartGiven(job);
  if (!stopping_ && !job->left) {
    store::JobResult result = ConcludeOwn(*job, std::move(own), last ? &*last : nullptr);
    const base::Result<void> saved = co_await Save(job, result);
    if (!saved) SaveAgain(job, std::move(result), job->results, kFirstSaveAgain);
  }
  WorkDone(job);
}

/// What rules or commands have decided: with what is unread in front of it, or as a customer-service message where the
/// account has no other way.
base::Task AnswerDesk::GiveOwnReply(JobPointer job, bool accepted_before) {
  const Account& account = *job->question.account;
  const auto* const text = std::get_if<wechat::TextReply>(&job->question.own);
  const std::string own = text == nullptr ? std::string() : text->content;
  const bool by_message = account.AbilityNow() == Ability::kPushOnly;
  bool accepted = true;
  if (by_message && text == nullptr) {
    Accepted(job);  // the store cannot keep it, so there is nothing to wait for
  } else if (by_message) {
    accepted = co_await Accept(job, accepted_before);
  }
  if (!by_message) job->front = co_await TakeFront(job, own.size());
  if (!stopping_ && !job->left) {
    if (by_message && (text == nullptr || !accepted)) {
      // What the inbox cannot hold, a picture or anything while the disk is full, goes out from memory.
      job->delivery = store::Delivery::kDelivered;
      if (!job->reply) job->reply = "";
      SendBehind(account, job->question.open_id, {job->question.own}, base::Duration::zero());
    } else if (!by_message && !job->reply && job->front.empty() && own.size() <= options_.page_bytes) {
      job->reply = own;  // nothing of it is in the store
    } else {
      store::JobResult result = ConcludeOwn(*job, own, nullptr);
      const base::Result<void> saved = co_await Save(job, result);
      if (!saved) SaveAgain(job, std::move(result), job->results, kFirstSaveAgain);
    }
  }
  WorkDone(job);
}

void AnswerDesk::SendMore(const Account& account, const std::string& open_id, const SendingWindow& window,
                          std::vector<wechat::Reply> more, bool arrived) {
  follow_up_.FollowerSpoke(account, open_id, window);
  SendBehind(account, open_id, std::move(more), arrived ? options_.push_after_reply : options_.settle_after);
}

void AnswerDesk::SendBehind(const Account& account, const std::string& open_id, std::vector<wechat::Reply> replies,
                            base::Duration after) {
  if (stopping_ || replies.empty()) return;
  if (!account.CanPush()) {
    instruments_->left_out.Add(static_cast<double>(replies.size()));
    if (told_of_no_messages_.insert(account.name).second) {
      logger_.Warning("replies_left_out", {{"account", account.name},
                                           {"what",
                                            "mode: all 的规则只发出了第一条：这个账号不能发客服消息，其余的发不了；"
                                            "请改用 mode: random，或把内容合并成一条"}});
    }
    return;
  }
  loop_.After(after, [this, &account, open_id, replies = std::move(replies)]() mutable {
    if (!stopping_) follow_up_.SendBehind(account, open_id, std::move(replies));
  });
}

void AnswerDesk::Keep(const JobPointer& job, store::JobResult result) {
  const int number = ++job->results;
  store_.FinishJob(result, [this, job, number, result](const base::Result<void>& saved) {
    if (saved) {
      Saved(job, result);
    } else {
      SaveAgain(job, result, number, kFirstSaveAgain);
    }
  });
}

void AnswerDesk::Saved(const JobPointer& job, const store::JobResult& result) {
  if (result.inbox.empty()) return;
  inbox_.Added(result.account, result.open_id);
  // Else the reply that stands before it goes out first.
  if (job->settled || job->acknowledged) FollowUpSoon(*job);
}

/// `number`: which of the job's results it is.
void AnswerDesk::SaveAgain(const JobPointer& job, store::JobResult result, int number, base::Duration delay) {
  logger_.Error("store_reply_failed", {{"account", result.account}, {"again_in_seconds", delay / 1s}});
  // Given up when the text would have expired anyway, and when so many wait that memory is at stake.
  const bool expired = loop_.clock().WallNow() - job->first_seen > options_.inbox_keep;
  if (stopping_ || job->left || expired || saving_again_ >= options_.max_jobs) return;
  ++saving_again_;
  loop_.After(delay, [this, job, number, delay, result = std::move(result)]() mutable {
    --saving_again_;
    if (stopping_ || job->left) return;
    if (number != job->results) {
      result.key.clear();  // a later one says what became of the reply; texts and turns of this one are still to come
    } else if (result.delivery != store::Delivery::kDelivered) {
      result.delivery = job->delivery;  // as it is by now
    }
    store_.FinishJob(result, [this, job, number, delay, result](const base::Result<void>& saved) {
      if (saved) {
        Saved(job, result);
      } else {
        SaveAgain(job, result, number, std::min<base::Duration>(delay * 2, kLongestBetweenSaves));
      }
    });
  });
}

void AnswerDesk::FollowUpSoon(const Job& job) {
  const Account& account = *job.question.account;
  if (!account.CanPush() || stopping_ || job.left) return;
  if (job.acknowledged) {
    follow_up_.Deliver(account, job.question.open_id);
    return;
  }
  loop_.After(options_.push_after_reply,
              [this, &account, open_id = job.question.open_id] { follow_up_.Deliver(account, open_id); });
}

void AnswerDesk::WorkDone(const JobPointer& job) {
  job->call.reset();
  job->picture.reset();
  job->work_done = true;
  if (stopping_ || job->left) {
    CloseAll(job);
    Settle(job);
    return;
  }
  if (job->delivery == store::Delivery::kDelivered) {
    Settle(job);
  } else if (!GiveWhole(job) && job->settle_timer == 0) {
    ReturnToInbox(job);  // its window closed while it was worked on
  }
}

}  // namespace yingda::bot
