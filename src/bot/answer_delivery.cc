// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "base/utf8.h"
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
  if (!job.reply || job.reply->empty()) return std::string(wechat::kSuccess);
  // The time of the first push, so that every push of this key gets the same bytes, a restart in between or not.
  return RenderText(job.question, *job.reply, base::UnixSeconds(job.first_seen));
}

PageStyle AnswerDesk::StyleOf(const Job& job, size_t limit_bytes) const {
  PageStyle style;
  style.limit_bytes = limit_bytes;
  // What comes behind is sent after it, unasked.
  style.tells_continue = !job.question.account->CanPush();
  style.made_by_model = job.question.kind == Question::Kind::kModel;
  if (!job.page_id.empty()) style.page_url = pages_.Url(job.page_id);
  return style;
}

void AnswerDesk::RefuseBusy(const Question& question, ReplyPort& port) {
  instruments_->busy.Add();
  logger_.Warning("busy",
                  {{"account", question.account->name}, {"request", question.request_id}, {"jobs", jobs_.size()}});
  if (question.kind != Question::Kind::kReply) {
    SayAtOnce(question, port, question.settings->texts.busy);
    return;
  }
  // What rules say needs no job: it goes out from memory.
  const Account& account = *question.account;
  std::vector<wechat::Reply> behind = question.more;
  const auto* const own = std::get_if<wechat::TextReply>(&question.own);
  const bool in_pages = own != nullptr && own->content.size() > options_.page_bytes;
  std::string text = own == nullptr ? "" : own->content;
  if (account.AbilityNow() == Ability::kPushOnly || (in_pages && account.CanPush())) {
    behind.insert(behind.begin(), question.own);
    text.clear();
  } else if (in_pages) {
    text = FirstPageOf(question, text);
  }
  SayAtOnce(question, port, text);
  SendBehind(account, question.open_id, std::move(behind), options_.push_after_reply);
}

/// Of a text of ours that is longer than WeChat takes, when nothing keeps the rest.
std::string AnswerDesk::FirstPageOf(const Question& question, std::string_view text) const {
  PageStyle style;
  style.limit_bytes = options_.page_bytes;
  style.tells_continue = false;
  Texts texts = question.settings->texts;
  texts.page_mark.clear();  // there are no others
  return NextPage(text, 0, texts, style).text;
}

void AnswerDesk::SayAtOnce(const Question& question, ReplyPort& port, const std::string& text) {
  const Account& account = *question.account;
  std::string rendered(wechat::kSuccess);
  if (account.AbilityNow() == Ability::kPushOnly) {
    if (!text.empty()) account.messages->Send(question.open_id, wechat::TextReply{text}, false, {});
  } else if (!text.empty()) {
    rendered = RenderText(question, text, base::UnixSeconds(loop_.clock().WallNow()));
  }
  auto body = std::make_shared<const std::string>(std::move(rendered));
  port.Send(*body);
  book_.FinishJob(question.key, std::move(body));
}

/// What there is of the answer, or the thinking text: the window is about to close.
base::Task AnswerDesk::GivePart(JobPointer job) {
  // With a reply, it is on its way to the store and then out.
  if (job->giving_part || job->reply || job->work_done || job->model_done) co_return;
  if (job->question.kind == Question::Kind::kReply) {  // the store is slow, but the reply itself needs none
    job->reply = WaitingText(*job);
    job->reply_is_part = true;
    GiveReply(job);
    co_return;
  }
  const Account& account = *job->question.account;
  const Texts& texts = job->question.settings->texts;
  job->filter.Look(account, job->answer);
  if (job->filter.blocked()) {
    EndBlocked(job);  // the work concludes at once, with the text for it
    co_return;
  }
  job->giving_part = true;
  OpenPage(job);
  const std::string before(job->filter.Sentences());
  const PageStyle whole_reply = StyleOf(*job, options_.page_bytes);
  const std::string_view own = std::string_view(before).substr(0, GivableBytes(before, texts, whole_reply));
  const size_t own_bytes = PartReply(own, texts, whole_reply).size();
  if (job->question.kind == Question::Kind::kModel) job->front = co_await TakeFront(job, own_bytes);
  if (stopping_ || job->left || job->model_done) {  // what ended meanwhile is given whole
    job->giving_part = false;
    if (job->after_part) std::exchange(job->after_part, nullptr)();
    co_return;
  }
  job->filter.Look(account, job->answer);
  const std::string so_far(job->filter.Sentences());
  const PageStyle style = StyleOf(*job, RoomBehind(job->front, options_.page_bytes, texts));
  job->given = so_far.substr(0, GivableBytes(so_far, texts, style));
  job->reply = JoinReply(job->front, PartReply(job->given, texts, style), texts);
  job->front_given = !job->front.empty();
  job->reply_is_part = true;
  job->reply_loss = job->given;
  // On disk before it is written to the socket: a crash in between must not make a second, different answer.
  job->delivery = store::Delivery::kClaimed;
  store::JobResult result = ResultOf(*job);
  result.finished = false;
  store_.FinishJob(std::move(result), [this, job](const base::Result<void>& stored) {
    if (!stored) logger_.Error("store_part_failed", {{"error", stored.error().message}});
    PartStored(job);
  });
}

std::string AnswerDesk::WaitingText(const Job& job) const {
  if (job.question.kind == Question::Kind::kReply) {
    const auto* const own = std::get_if<wechat::TextReply>(&job.question.own);
    if (own == nullptr) return "";
    PageStyle style = StyleOf(job, options_.page_bytes);
    return NextPage(own->content, 0, job.question.settings->texts, style).text;
  }
  return PartReply("", job.question.settings->texts, StyleOf(job, options_.page_bytes));
}

/// Stars and replacements may be longer than the word.
void AnswerDesk::Shorten(Job& job, bool finished) const {
  const Texts& texts = job.question.settings->texts;
  const PageStyle style = StyleOf(job, options_.page_bytes);
  if (job.reply_loss.empty()) job.reply_loss = *job.reply;
  const std::string_view whole = job.reply_loss;
  if (!finished) {  // what comes behind is made anew, and begins at the beginning
    job.reply = PartReply(whole.substr(0, GivableBytes(whole, texts, style)), texts, style);
    return;
  }
  const TextPage page = NextPage(whole, 0, texts, style);
  job.reply = page.text;
  job.reply_rest = whole.substr(page.taken_bytes);
}

/// The shortened reply has arrived: what it left out is for the follower's next message.
void AnswerDesk::KeepRest(const JobPointer& job) {
  const Question& question = job->question;
  const bool by_model = question.kind == Question::Kind::kModel;
  if (by_model) {
    inbox_.Returned(question.account->name, question.open_id, job->claim_key);
  } else {
    inbox_.Arrived(job->claim_key);  // it was the reply itself
  }
  if (base::TrimBlanks(*job->reply_rest).empty()) return;
  store::JobResult result = ResultOf(*job);
  result.reply_text.resize(result.reply_text.size() - job->reply_rest->size());
  // In front of the pages that it had room for from the start.
  result.inbox.push_back(InboxItemOf(*job, *job->reply_rest, 0, by_model));
  Keep(job, std::move(result));
}

void AnswerDesk::PartStored(const JobPointer& job) {
  job->giving_part = false;
  if (!GiveReply(job)) {
    // Nobody was there any more: the job has its whole answer back, for the next try or the inbox.
    job->reply.reset();
    job->reply_is_part = false;
    job->front_given = false;
    job->given.clear();
    job->reply_loss.clear();
    job->delivery = store::Delivery::kNone;
  }
  if (job->after_part) std::exchange(job->after_part, nullptr)();
}

bool AnswerDesk::GiveWhole(const JobPointer& job) {
  const bool stored = job->question.kind != Question::Kind::kReply || job->acknowledged;
  if (!stored || job->delivery != store::Delivery::kNone || job->acknowledged) return GiveReply(job);
  if (job->waiting.empty() || job->giving_part) return job->giving_part;
  // Concluded while no push was open: a crash between the bytes and what the store knows must not give it twice.
  job->giving_part = true;
  job->delivery = store::Delivery::kClaimed;
  store_.SetDelivery(job->question.key, store::Delivery::kClaimed, [this, job](const base::Result<void>&) {
    job->giving_part = false;
    if (stopping_ || job->settled || GiveReply(job)) return;
    job->delivery = store::Delivery::kNone;
    store_.SetDelivery(job->question.key, store::Delivery::kNone, {});
    if (job->settle_timer == 0) ReturnToInbox(job);
  });
  return true;
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
  const bool first_time = job->delivery != store::Delivery::kDelivered && !job->acknowledged;
  if (first_time) {
    job->delivery = store::Delivery::kDelivered;
    if (job->reply_rest) {
      KeepRest(job);
    } else if (job->front_given) {
      inbox_.Arrived(job->claim_key);
    }
    if (!job->resent_key.empty()) store_.SetDelivery(job->resent_key, store::Delivery::kDelivered, {});
    store_.SetDelivery(job->question.key, store::Delivery::kDelivered, {});
    CountDelivery(*job, try_number);
  }
  if (job->work_done) Settle(job);
}

void AnswerDesk::CountDelivery(const Job& job, int try_number) {
  const base::Duration took = loop_.clock().Now() - job.first_seen_here;
  instruments_->answer_seconds.Observe(Seconds(took));
  const auto from_inbox = static_cast<double>(job.front.claims.size());
  switch (job.question.kind) {
    case Question::Kind::kModel:
      if (job.reply_is_part) {
        instruments_->parts.Add();
      } else {
        const size_t slot = std::clamp<size_t>(static_cast<size_t>(try_number), 1, kMostTries) - 1;
        instruments_->delivered_on_try.at(slot)->Add();
      }
      [[fallthrough]];
    case Question::Kind::kReply:
      if (job.front_given) instruments_->with_next.Add(from_inbox);
      break;
    case Question::Kind::kContinue:
      if (job.front_given) instruments_->on_continue.Add(from_inbox);
      [[fallthrough]];
    case Question::Kind::kResend:
      if (!job.resent_key.empty()) instruments_->resent.Add();
      break;
  }
  logger_.Info("replied", {{"account", job.question.account->name},
                           {"request", job.question.request_id},
                           {"follower", tagger_.Tag(job.question.account->name, job.question.open_id)},
                           {"try", try_number},
                           {"part", job.reply_is_part},
                           {"seconds", Seconds(took)}});
  if (options_.log_content) logger_.Info("content", {{"request", job.question.request_id}, {"reply", *job.reply}});
}

void AnswerDesk::ReturnToInbox(const JobPointer& job) {
  if (job->settled || stopping_) return;
  const Question& question = job->question;
  if (job->delivery != store::Delivery::kDelivered && !job->left) {
    // What a process that ended may have written stays where it is: only an explicit 继续 may give it again.
    if (!job->maybe_given) {
      if (job->front_given) inbox_.Returned(question.account->name, question.open_id, job->claim_key);
      store::JobResult result = ResultOf(*job);
      result.reply_text.clear();
      result.delivery = store::Delivery::kDelivered;  // in the inbox: nothing of this job is open any more
      if (question.kind == Question::Kind::kModel && !job->reply_loss.empty()) {
        result.inbox.push_back(InboxItemOf(*job, job->reply_loss, 0, job->loss_by_model));
        instruments_->undelivered.Add();
      }
      Keep(job, std::move(result));
    }
    logger_.Info("kept_for_later", {{"account", question.account->name},
                                    {"request", question.request_id},
                                    {"follower", tagger_.Tag(question.account->name, question.open_id)}});
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
  FollowUpSoon(*job);
  if (!job->left) {
    SendBehind(*job->question.account, job->question.open_id, std::move(job->question.more), options_.push_after_reply);
  }
  jobs_.erase(job->question.key);
  job_count_ = jobs_.size();
  instruments_->jobs.Set(static_cast<double>(jobs_.size()));
}

}  // namespace yingda::bot
