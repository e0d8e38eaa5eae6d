// SPDX-License-Identifier: MIT
#include <utility>

#include "base/utf8.h"
#include "bot/answer_desk.h"
#include "bot/answer_instruments.h"
#include "bot/statistics.h"
#include "model/conversation.h"
#include "text/markdown.h"

namespace yingda::bot {
namespace {

store::Turn MakeTurn(const char* role, std::string content, base::WallTime at) {
  return {role, std::move(content), base::UnixMilliseconds(at)};
}

}  // namespace

const std::string& AnswerDesk::RefusalText(const Job& job, Admission admission) const {
  const Texts& texts = job.question.settings->texts;
  return admission == Admission::kQueueFull ? texts.queue_full : texts.busy;
}

int64_t AnswerDesk::TokensOf(const Job& job, const model::ChatOutcome& outcome) const {
  if (outcome.unsent) return 0;
  const int64_t told = int64_t{outcome.prompt_tokens} + outcome.completion_tokens;
  if (told > 0 || job.answer.empty()) return told;
  const auto estimate = static_cast<double>(job.prompt_estimate + model::EstimateTokens(job.answer));
  return static_cast<int64_t>(estimate * job.question.account->model->TokensPerEstimate());
}

ShownAnswer AnswerDesk::Shown(const Job& job, const model::ChatOutcome& outcome) const {
  const Account& account = *job.question.account;
  const Texts& texts = job.question.settings->texts;
  const bool whole = outcome.failure == model::ChatFailure::kNone;
  Account::Judged judged = account.Judge(job.answer);
  // One that was cut off by our stopping is made again by the next process, and counted then.
  if (!judged.verdict.hits.empty() && !stopping_) {
    const auto outbound = filter::Direction::kOutbound;
    if (account.statistics != nullptr) account.statistics->CountWords(*judged.words, judged.verdict, outbound);
    instruments_->words.Note(account.name, job.question.request_id, outbound, *judged.words, judged.verdict);
  }
  if (judged.verdict.level == filter::Level::kBlock) {
    if (whole || outcome.truncated) instruments_->blocked_whole.Add();
    return {job.given.empty() ? texts.blocked_answer : texts.blocked_rest, false, false};
  }
  std::string text = std::move(judged.text);
  if (base::TrimBlanks(text).empty() || !(whole || outcome.truncated)) {
    return {FailureText(whole ? model::ChatFailure::kEmpty : outcome.failure, job.question.settings->texts), false,
            false};
  }
  if (outcome.truncated) text += job.question.settings->texts.cut_off;
  return {std::move(text), whole, true};
}

store::JobResult AnswerDesk::Conclude(Job& job, const ShownAnswer& shown) {
  const Account& account = *job.question.account;
  PageStyle style = StyleOf(job, RoomBehind(job.front, options_.page_bytes, job.question.settings->texts));
  style.made_by_model = shown.by_model;
  style.page_url.clear();
  TextPage first = NextPage(shown.text, 0, job.question.settings->texts, style);
  FinishPage(job, shown, first.more);
  store::InboxItem rest;
  job.loss_by_model = shown.by_model;
  if (job.reply) {  // a part, the thinking text or `success` went out, or the window is over
    const std::string_view behind = RestAfter(shown.text, job.given);
    rest = InboxItemOf(job, std::string(behind), job.given.empty() ? 0 : 1, shown.by_model);
    if (!base::TrimBlanks(behind).empty()) instruments_->late.Add();
    if (job.acknowledged) {
      job.delivery = store::Delivery::kDelivered;  // the inbox has it: nothing of the job is open any more
      job.reply_loss = first.text;                 // for 重发
    }
    if (!job.front.empty() && !job.front_given) inbox_.Returned(account.name, job.question.open_id, job.claim_key);
  } else {
    if (!job.page_id.empty()) {
      style.page_url = pages_.Url(job.page_id);
      first = NextPage(shown.text, 0, job.question.settings->texts, style);
    }
    job.reply = JoinReply(job.front, first.text, job.question.settings->texts);
    job.front_given = !job.front.empty();
    job.reply_loss = shown.text.substr(0, first.taken_bytes);
    job.delivery = job.waiting.empty() ? store::Delivery::kNone : store::Delivery::kClaimed;
    rest = InboxItemOf(job, shown.text.substr(first.taken_bytes), 1, shown.by_model);
  }
  store::JobResult result = ResultOf(job);
  if (!base::TrimBlanks(rest.text).empty()) result.inbox.push_back(std::move(rest));
  if (shown.is_answer && !job.forgotten) {
    result.turns.push_back(MakeTurn("user", job.question.text, job.first_seen));
    result.turns.back().picture_url = job.question.picture_url;
    result.turns.push_back(MakeTurn("assistant", account.PageMarkdown(job.answer), loop_.clock().WallNow()));
  }
  return result;
}

store::JobResult AnswerDesk::ConcludeOwn(Job& job, std::string own, const store::JobRecord* again) {
  const Account& account = *job.question.account;
  store::InboxItem item;
  if (job.reply) {  // told to wait, or acknowledged: the next 继续 gets the page, or a customer-service message does
    if (!job.front.empty()) inbox_.Returned(account.name, job.question.open_id, job.claim_key);
    if (job.acknowledged) {
      job.delivery = store::Delivery::kDelivered;
      // A page that goes out all the same needs no words beside it.
      if (job.front.empty()) item = InboxItemOf(job, std::move(own), 0, false);
    }
  } else if (job.question.kind == Question::Kind::kContinue && !job.front.empty()) {
    job.reply = job.front.text;  // says itself how to go on
    job.reply_loss = job.front.text;
  } else {
    PageStyle style = StyleOf(job, RoomBehind(job.front, options_.page_bytes, job.question.settings->texts));
    style.made_by_model = false;
    const bool repeats = job.question.kind != Question::Kind::kReply && own.size() <= options_.page_bytes;
    std::string loss = again == nullptr ? "" : again->reply_text;
    // A page, or a text of ours. What words have made longer than a page goes in pages again, with their own dress.
    if (again != nullptr && !repeats) {
      own = loss;
      style.made_by_model = again->kind == "model" || again->kind == "resend";
      if (!again->page_id.empty()) style.page_url = pages_.Url(again->page_id);
    }
    const TextPage page =
        repeats ? TextPage{own, own.size(), false} : NextPage(own, 0, job.question.settings->texts, style);
    job.reply = JoinReply(job.front, page.text, job.question.settings->texts);
    job.reply_loss = std::move(loss);
    if (page.more) item = InboxItemOf(job, own.substr(page.taken_bytes), 1, style.made_by_model);
    if (page.more && again != nullptr) {
      job.reply_loss.resize(page.taken_bytes);
      item.page_id = again->page_id;
      item.asked_ms = again->first_seen_ms;  // in front of the pages that were behind it from the start
      item.part = 0;
    }
  }
  if (!job.acknowledged && job.reply && job.delivery == store::Delivery::kNone) {
    job.front_given = !job.front.empty() && !job.reply_is_part;
    if (!job.reply_is_part && !job.waiting.empty()) job.delivery = store::Delivery::kClaimed;
  }
  store::JobResult result = ResultOf(job);
  item.question.clear();  // what is said by ourselves needs no label
  if (!base::TrimBlanks(item.text).empty()) result.inbox.push_back(std::move(item));
  return result;
}

store::JobResult AnswerDesk::ResultOf(const Job& job) const {
  store::JobResult result;
  result.key = job.question.key;
  result.account = job.question.account->name;
  result.open_id = job.question.open_id;
  result.reply = job.reply.value_or("");
  result.reply_text = job.reply_loss;
  result.delivery = job.delivery;
  result.page_id = job.page_id;
  result.finished = true;
  return result;
}

store::InboxItem AnswerDesk::InboxItemOf(const Job& job, std::string text, int64_t part, bool by_model) const {
  store::InboxItem item;
  item.account = job.question.account->name;
  item.open_id = job.question.open_id;
  item.question = job.question.text;
  item.text = std::move(text);
  item.asked_ms = base::UnixMilliseconds(job.first_seen);
  item.part = part;
  item.expires_ms = base::UnixMilliseconds(loop_.clock().WallNow() + options_.inbox_keep);
  item.page_id = job.page_id;
  item.made_by_model = by_model;
  return item;
}

void AnswerDesk::OpenPage(const JobPointer& job) {
  if (!pages_.Enabled() || job->question.kind != Question::Kind::kModel || job->page_open || job->model_done) return;
  if (job->page_id.empty()) job->page_id = AnswerPages::NewId();
  job->page_open = true;
  pages_.Begin(PageOf(*job, "", false), [weak = std::weak_ptr<Job>(job)]() -> std::string {
    const JobPointer open = weak.lock();
    return open ? open->filter.Page(*open->question.account, open->answer) : "";
  });
}

void AnswerDesk::FinishPage(Job& job, const ShownAnswer& shown, bool is_long) {
  if (!pages_.Enabled() || job.question.kind != Question::Kind::kModel) return;
  const bool wanted = shown.by_model && (is_long || text::ReadsBetterOnAPage(job.answer));
  if (!job.page_open && job.page_id.empty()) {
    if (!wanted) return;
    job.page_id = AnswerPages::NewId();
  }
  job.page_open = false;
  const Account& account = *job.question.account;
  std::string markdown = shown.by_model ? account.PageMarkdown(job.answer) : shown.text;
  if (shown.by_model && !shown.is_answer) markdown += "\n\n" + job.question.settings->texts.cut_off;
  pages_.Finish(PageOf(job, std::move(markdown), true));
}

store::AnswerPage AnswerDesk::PageOf(const Job& job, std::string markdown, bool finished) const {
  store::AnswerPage page;
  page.id = job.page_id;
  page.account = job.question.account->name;
  page.open_id = job.question.open_id;
  page.question = job.question.text;
  page.markdown = std::move(markdown);
  page.finished = finished;
  page.asked_ms = base::UnixMilliseconds(job.first_seen);
  return page;
}

}  // namespace yingda::bot
