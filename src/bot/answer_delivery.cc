// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "bot/answer_desk.h"
#include "bot/answer_instruments.h"
#include "bot/answer_text.h"
#include "wechat/passive_reply.h"

namespace yingda::bot {
namespace {

constexpr size_t kMostTries = 3;

double Seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string RenderText(const Question& question, std::string text, int64_t create_time) {
  const wechat::Reply reply = wechat::TextReply{std::move(text)};
  return question.json ? wechat::PassiveReplyJson(reply, question.open_id, question.to_user, create_time)
                       : wechat::PassiveReplyXml(reply, question.open_id, question.to_user, create_time);
}

}  // namespace

std::string AnswerDesk::Render(const Job& job) const {
  // The time of the first push, so that every push of this key gets the same bytes, a restart in between or not.
  return RenderText(job.question, job.reply.value_or(""), base::UnixSeconds(job.first_seen));
}

std::string AnswerDesk::PartReplyText(const Job& job) const {
  const std::string_view given = std::string_view(job.answer).substr(0, job.given_bytes);
  return PartReply(job.question.account->MaskedAnswer(given), job.question.account->texts);
}

void AnswerDesk::RefuseBusy(const Question& question, ReplyPort& port) {
  instruments_->busy.Add();
  logger_.Warning("busy",
                  {{"account", question.account->name}, {"request", question.request_id}, {"jobs", jobs_.size()}});
  auto body = std::make_shared<const std::string>(
      RenderText(question, question.account->texts.busy, base::UnixSeconds(loop_.clock().WallNow())));
  port.Send(*body);
  book_.FinishJob(question.key, std::move(body));
}

void AnswerDesk::GivePart(const JobPointer& job) {
  // With a reply, it is on its way to the store and then out.
  if (job->giving_part || job->reply || job->work_done) return;
  if (job->question.account->AnswerBlocked(job->answer)) {
    EndCall(job, model::ChatFailure::kContentPolicy);  // the work concludes at once, with the text for it
    return;
  }
  const Texts& texts = job->question.account->texts;
  const size_t cut = GivableBytes(job->answer, texts, options_.page_bytes);
  job->giving_part = true;
  job->reply_is_part = true;
  job->given_bytes = cut;
  job->reply = PartReplyText(*job);
  job->reply_loss = cut == 0 ? "" : job->question.account->MaskedAnswer(std::string_view(job->answer).substr(0, cut));
  // On disk before it is written to the socket: a crash in between must not make a second, different answer.
  job->delivery = store::Delivery::kClaimed;
  store::JobResult result = ResultOf(*job);
  result.finished = false;
  store_.FinishJob(std::move(result), [this, job](const base::Result<void>& stored) {
    if (!stored) logger_.Error("store_part_failed", {{"error", stored.error().message}});
    PartStored(job);
  });
}

void AnswerDesk::PartStored(const JobPointer& job) {
  job->giving_part = false;
  if (!GiveReply(job)) {
    // Nobody was there any more: the job has its whole answer back, for the next try or the inbox.
    job->reply.reset();
    job->reply_is_part = false;
    job->given_bytes = 0;
    job->reply_loss.clear();
    job->delivery = store::Delivery::kNone;
  }
  if (job->after_part) std::exchange(job->after_part, nullptr)();
}

bool AnswerDesk::GiveReply(const JobPointer& job) {
  if (job->waiting.empty() || !job->reply) return false;
  const std::string body = Render(*job);
  int best_try = 0;
  while (!job->waiting.empty()) {
    const auto push = job->waiting.begin();
    if (push->port->Send(body)) best_try = std::max(best_try, push->try_number);
    RemovePush(job, push);
  }
  if (best_try == 0) return false;
  Delivered(job, best_try);
  return true;
}

void AnswerDesk::Delivered(const JobPointer& job, int try_number) {
  const bool first_time = job->delivery != store::Delivery::kDelivered;
  job->delivery = store::Delivery::kDelivered;
  if (first_time) {
    if (job->question.kind == Question::Kind::kContinue && !job->reply_is_part)
      store_.ConfirmPages(job->question.key, {});
    store_.SetDelivery(job->question.key, store::Delivery::kDelivered, {});
    const base::Duration took = loop_.clock().Now() - job->first_seen_here;
    instruments_->answer_seconds.Observe(Seconds(took));
    if (job->reply_is_part) {
      instruments_->parts.Add();
    } else {
      const size_t slot = std::clamp<size_t>(static_cast<size_t>(try_number), 1, kMostTries) - 1;
      instruments_->delivered_on_try.at(slot)->Add();
    }
    logger_.Info("replied", {{"account", job->question.account->name},
                             {"request", job->question.request_id},
                             {"follower", tagger_.Tag(job->question.account->name, job->question.open_id)},
                             {"try", try_number},
                             {"part", job->reply_is_part},
                             {"seconds", Seconds(took)}});
    if (options_.log_content) logger_.Info("content", {{"request", job->question.request_id}, {"reply", *job->reply}});
  }
  if (job->work_done) Settle(job);
}

void AnswerDesk::ReturnToInbox(const JobPointer& job) {
  if (job->settled) return;
  if (job->delivery != store::Delivery::kDelivered && !job->left) {
    store::JobResult result = ResultOf(*job);
    result.reply_text.clear();
    result.delivery = store::Delivery::kDelivered;  // in the inbox: nothing of this job is open any more
    if (job->question.kind == Question::Kind::kContinue) {
      store_.ReleasePages(job->question.key, {});
    } else if (!job->reply_loss.empty()) {
      result.inbox.push_back(InboxItemOf(*job, job->reply_loss, 0));
      instruments_->undelivered.Add();
    }
    logger_.Info("kept_for_later", {{"account", job->question.account->name},
                                    {"request", job->question.request_id},
                                    {"follower", tagger_.Tag(job->question.account->name, job->question.open_id)}});
    store_.FinishJob(result, [this, result](const base::Result<void>& saved) {
      if (!saved) SaveAgain(result, std::chrono::seconds(1));
    });
  }
  Settle(job);
}

void AnswerDesk::Settle(const JobPointer& job) {
  if (job->settled) return;
  job->settled = true;
  if (job->settle_timer != 0) loop_.Cancel(job->settle_timer);
  if (job->left) {
    // WeChat may try again; whoever left must not be asked about anew.
    book_.FinishJob(job->question.key, std::make_shared<const std::string>(wechat::kSuccess));
  } else if (job->reply) {
    book_.FinishJob(job->question.key, std::make_shared<const std::string>(Render(*job)));
  } else {
    book_.Drop(job->question.key);
  }
  jobs_.erase(job->question.key);
  job_count_ = jobs_.size();
  instruments_->jobs.Set(static_cast<double>(jobs_.size()));
}

}  // namespace yingda::bot
