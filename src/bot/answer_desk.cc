// SPDX-License-Identifier: MIT
#include "bot/answer_desk.h"

#include <algorithm>

#include "bot/answer_instruments.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;

// WeChat's tries are 5 s apart; what comes sooner is a doubled push, not the next try.
constexpr base::Duration kSameTry = 2s;
constexpr base::Duration kSettleAgain = 1s;

FollowUp::Options FollowUpOptions(const AnswerDesk::Options& options) {
  FollowUp::Options follow_up = options.follow_up;
  follow_up.page_bytes = options.page_bytes;
  return follow_up;
}

}  // namespace

AnswerDesk::Instruments::Instruments(base::Logger& logger, base::Metrics& metrics)
    : words(logger, metrics),
      jobs(metrics.Gauge("yingda_jobs", "Messages being worked on or waiting for their reply to arrive")),
      waiting(metrics.Gauge("yingda_pushes_waiting", "Open pushes that wait for a reply")),
      delivered_on_try{
          &metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "try1"}}),
          &metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "try2"}}),
          &metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "try3"}})},
      parts(metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "part"}})),
      with_next(
          metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "inbox"}})),
      on_continue(metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower",
                                  {{"way", "continue"}})),
      resent(
          metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "resend"}})),
      by_page(
          metrics.Counter("yingda_answers_total", "Answers by the way they reached the follower", {{"way", "page"}})),
      late(metrics.Counter("yingda_inbox_items_total", "Texts left in a follower's inbox", {{"reason", "late"}})),
      undelivered(
          metrics.Counter("yingda_inbox_items_total", "Texts left in a follower's inbox", {{"reason", "undelivered"}})),
      left_out(metrics.Counter("yingda_replies_left_out_total",
                               "Replies of `mode: all` rules that could not be sent as customer-service messages", {})),
      busy(metrics.Counter("yingda_refused_total", "Messages refused because too many were being worked on", {})),
      closed_by_peer(metrics.Counter("yingda_held_pushes_total", "Pushes held without a reply, by who ended it",
                                     {{"by", "wechat"}})),
      closed_by_us(
          metrics.Counter("yingda_held_pushes_total", "Pushes held without a reply, by who ended it", {{"by", "us"}})),
      blocked_early(metrics.Counter("yingda_answers_blocked_total", "Answers that the outbound word filter stopped",
                                    {{"when", "writing"}})),
      blocked_whole(metrics.Counter("yingda_answers_blocked_total", "Answers that the outbound word filter stopped",
                                    {{"when", "whole"}})),
      answer_seconds(metrics.Histogram("yingda_reply_seconds", "First push to reply, of messages that needed work",
                                       {0.1, 0.25, 0.5, 1, 2.5, 4.5, 5, 7.5, 10, 12.5, 14.5, 20, 60})) {}

AnswerDesk::AnswerDesk(Options options, net::EventLoop& loop, ReplyBook& book, store::Store& store, AnswerPages& pages,
                       base::Logger& logger, base::Metrics& metrics, const base::FollowerTagger& tagger)
    : options_(std::move(options)),
      loop_(loop),
      book_(book),
      store_(store),
      pages_(pages),
      logger_(logger),
      tagger_(tagger),
      started_ms_(base::UnixMilliseconds(loop.clock().WallNow())),
      instruments_(std::make_unique<Instruments>(logger, metrics)),
      queues_(options_.max_waiting_per_follower),
      inbox_(options_.inbox, loop, store, logger),
      passed_texts_(options_.passed_texts),
      follow_up_(FollowUpOptions(options_), loop, inbox_, pages, logger, metrics, tagger),
      quota_(options_.quota, loop, metrics) {
  pages_.OnRead([this](const std::string&, const std::string&) { instruments_->by_page.Add(); });
}

AnswerDesk::~AnswerDesk() = default;

void AnswerDesk::Push(Question question, std::shared_ptr<ReplyPort> port) {
  if (stopping_) {
    port->Close();
    return;
  }
  if (!question.settings) question.settings = question.account->settings.Get();
  const auto found = jobs_.find(question.key);
  if (found != jobs_.end()) {
    const JobPointer job = found->second;
    CountTry(job);
    store_.RecordTry(job->question.key, job->tries, {});
    Join(job, std::move(port));
    return;
  }
  // The job may have settled while this push was on its way here.
  if (const ReplyBook::Page page = book_.Look(question.key); page.state == ReplyBook::Page::State::kFinished) {
    port->Send(*page.reply);
    return;
  }
  follow_up_.FollowerSpoke(*question.account, question.open_id, question.window);
  if (jobs_.size() >= options_.max_jobs) {
    RefuseBusy(question, *port);  // of a keyword reply, only what is unread is left out
    return;
  }
  if (options_.log_content) logger_.Info("content", {{"request", question.request_id}, {"question", question.text}});
  if (question.kind == Question::Kind::kModel) {
    if (const std::string* const refusal = quota_.Refusal(*question.account, *question.settings, question.open_id)) {
      if (refusal->empty() || !inbox_.MayHave(question.account->name, question.open_id)) {
        SayAtOnce(question, *port, *refusal);
        return;
      }
      question.kind = Question::Kind::kReply;  // with what is unread in front of it
      question.own = wechat::TextReply{*refusal};
    }
  }
  const JobPointer job = Open(std::move(question), loop_.clock().WallNow(), 0);
  if (job->question.kind == Question::Kind::kModel) {
    job->usage_day = quota_.Taken(*job->question.account, job->question.open_id);
  }
  CountTry(job);
  Join(job, std::move(port));
  Work(job, false);
}

AnswerDesk::JobPointer AnswerDesk::Open(Question question, base::WallTime first_seen, int tries) {
  auto job = std::make_shared<Job>();
  job->question = std::move(question);
  job->claim_key = job->question.key;
  // A reply that is not in the store begins anew in the next process, and must not answer for what this one took.
  if (job->question.kind == Question::Kind::kReply) job->claim_key += "/" + nonce_;
  job->first_seen = first_seen;
  const base::Duration age = std::max(base::Duration::zero(), loop_.clock().WallNow() - first_seen);
  job->first_seen_here = loop_.clock().Now() - age;
  job->tries = tries;
  // A long way back, so that the next push counts as a try of its own.
  job->last_try = job->first_seen_here - kSameTry;
  jobs_.emplace(job->question.key, job);
  job_count_ = jobs_.size();
  instruments_->jobs.Set(static_cast<double>(jobs_.size()));
  ArmSettle(job, std::max(options_.settle_after - age, kSettleAgain));
  return job;
}

void AnswerDesk::CountTry(const JobPointer& job) {
  const base::TimePoint now = loop_.clock().Now();
  if (now - job->last_try < kSameTry) return;
  ++job->tries;
  job->last_try = now;
}

void AnswerDesk::Join(const JobPointer& job, std::shared_ptr<ReplyPort> port) {
  ReplyPort* const identity = port.get();
  port->OnClosed([this, weak = std::weak_ptr<Job>(job), identity] {
    loop_.Post([this, weak, identity] {
      if (const JobPointer open = weak.lock()) PushClosed(open, identity);
    });
  });
  job->waiting.push_back({std::move(port), job->tries, loop_.clock().Now(), 0});
  instruments_->waiting.Set(static_cast<double>(++waiting_count_));
  // A reply that is on its way to the store is given when it is there.
  const bool stored = job->work_done || (job->reply_is_part && !job->giving_part);
  if (job->reply && stored) {
    GiveWhole(job);
    return;
  }
  LookAtPush(job, std::prev(job->waiting.end()));
}

void AnswerDesk::LookAtPush(const JobPointer& job, PushIterator push) {
  const base::TimePoint now = loop_.clock().Now();
  const WindowState state{job->question.account->AbilityNow(), push->try_number, now - job->first_seen_here,
                          now - push->arrived, Progress::kWorking};
  const WindowDecision decision = DecideWindow(options_.window, state);
  switch (decision.action) {
    case WindowAction::kHold:
      push->timer = loop_.At(push->arrived + decision.look_again, [this, job, push] {
        push->timer = 0;
        LookAtPush(job, push);
      });
      return;
    case WindowAction::kReplyWithPart:
      GivePart(job);
      return;
    case WindowAction::kAcknowledge:
      if (job->accepted) Acknowledge(job);  // else as soon as it is
      return;
    case WindowAction::kClose:
    case WindowAction::kReply:  // only a job with a reply says so, and Join has given it
      push->port->Close();
      instruments_->closed_by_us.Add();
      RemovePush(job, push);
      return;
  }
}

/// `success` ends WeChat's tries, so it waits for the store.
void AnswerDesk::Accepted(const JobPointer& job) {
  job->accepted = true;
  for (auto push = job->waiting.begin(); push != job->waiting.end() && !job->reply; ++push) {
    if (push->timer != 0) continue;
    LookAtPush(job, push);
    return;  // what is given is given to all of them
  }
}

void AnswerDesk::Acknowledge(const JobPointer& job) {
  // With a reply, it is on its way to the store and then out.
  if (job->reply || job->giving_part) return;
  job->acknowledged = true;
  job->reply = "";
  job->reply_is_part = true;
  GiveReply(job);
  ShowTyping(job);
}

void AnswerDesk::ShowTyping(const JobPointer& job) {
  const Account& account = *job->question.account;
  const base::Duration age = loop_.clock().Now() - job->first_seen_here;
  if (stopping_ || job->work_done || job->left || !account.CanPush() || age > options_.typing_at_most) return;
  account.messages->Typing(job->question.open_id);
  loop_.After(options_.typing_every, [this, weak = std::weak_ptr<Job>(job)] {
    if (const JobPointer open = weak.lock()) ShowTyping(open);
  });
}

void AnswerDesk::PushClosed(const JobPointer& job, const ReplyPort* port) {
  const auto push = std::find_if(job->waiting.begin(), job->waiting.end(),
                                 [port](const WaitingPush& waiting) { return waiting.port.get() == port; });
  if (push == job->waiting.end()) return;
  instruments_->closed_by_peer.Add();
  RemovePush(job, push);
}

void AnswerDesk::RemovePush(const JobPointer& job, PushIterator push) {
  if (push->timer != 0) loop_.Cancel(push->timer);
  job->waiting.erase(push);
  instruments_->waiting.Set(static_cast<double>(--waiting_count_));
}

void AnswerDesk::CloseAll(const JobPointer& job) {
  while (!job->waiting.empty()) {
    job->waiting.front().port->Close();
    RemovePush(job, job->waiting.begin());
  }
}

void AnswerDesk::ArmSettle(const JobPointer& job, base::Duration delay) {
  job->settle_timer = loop_.After(delay, [this, weak = std::weak_ptr<Job>(job)] {
    const JobPointer open = weak.lock();
    if (!open || open->settled) return;
    open->settle_timer = 0;
    if (!open->waiting.empty() || open->giving_part) {
      ArmSettle(open, kSettleAgain);  // a push is still open: its own timer decides first
      return;
    }
    WindowOver(open);
  });
}

void AnswerDesk::WindowOver(const JobPointer& job) {
  if (job->work_done) {
    ReturnToInbox(job);
    return;
  }
  // The work goes on; what it makes goes to the inbox. A push that comes all the same is told so.
  if (job->reply) return;
  const Account& account = *job->question.account;
  job->acknowledged = account.CanPush() && job->accepted;
  job->reply = job->acknowledged ? "" : WaitingText(*job);
  job->reply_is_part = true;
}

}  // namespace yingda::bot
