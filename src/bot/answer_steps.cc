// SPDX-License-Identifier: MIT
#include <utility>

#include "bot/answer_desk.h"
#include "bot/answer_instruments.h"
#include "bot/pipeline.h"
#include "bot/resend.h"
#include "model/conversation.h"

namespace yingda::bot {
namespace {

using StoreResult = base::Result<void>;

constexpr int kRecentJobs = 10;
constexpr size_t kLinkBytes = 200;  // of an answer page, at most

const char* KindName(Question::Kind kind) {
  switch (kind) {
    case Question::Kind::kModel:
      return "model";
    case Question::Kind::kContinue:
      return "continue";
    case Question::Kind::kResend:
      return "resend";
    case Question::Kind::kReply:
      return "reply";
  }
  return "model";
}

store::JobRecord RecordOf(const Job& job) {
  store::JobRecord record;
  record.key = job.question.key;
  record.account = job.question.account->name;
  record.open_id = job.question.open_id;
  record.to_user = job.question.to_user;
  record.kind = KindName(job.question.kind);
  record.question = job.question.text;
  record.picture_url = job.question.picture_url;
  record.instruction = job.question.instruction;
  if (const auto* const own = std::get_if<wechat::TextReply>(&job.question.own)) record.question = own->content;
  record.json = job.question.json;
  record.first_seen_ms = base::UnixMilliseconds(job.first_seen);
  record.tries = job.tries;
  record.usage_day = job.usage_day;
  return record;
}

}  // namespace

base::Completion<bool> AnswerDesk::Accept(const JobPointer& job, bool accepted_before) {
  return base::Completion<bool>([this, job, accepted_before](std::function<void(bool)> done) {
    if (accepted_before) {
      job->accepted = true;
      done(true);
      return;
    }
    store_.AcceptJob(RecordOf(*job), [this, job, done](const StoreResult& accepted) {
      // Where nothing can be kept for later, the follower is told rather than left waiting.
      if (!accepted) logger_.Error("accept_failed", {{"error", accepted.error().message}});
      Accepted(job);
      done(static_cast<bool>(accepted));
    });
  });
}

base::Completion<AnswerDesk::Admission> AnswerDesk::Turn(const JobPointer& job) {
  return base::Completion<Admission>([this, job](std::function<void(Admission)> done) {
    const bool entered = queues_.Enter(FollowerKey(job->question), [done] { done(Admission::kMyTurn); });
    if (!entered) done(Admission::kQueueFull);
  });
}

base::Completion<bool> AnswerDesk::ThisAnswerMade(const JobPointer& job) {
  return base::Completion<bool>(
      [this, job](std::function<void(bool)> done) { queues_.AfterThis(FollowerKey(job->question), done); });
}

/// Reads the conversation while the question is being written down, where nobody else writes to it meanwhile: one way
/// to the store and back less until the model is asked.
void AnswerDesk::ReadAhead(const JobPointer& job) {
  const Question& question = job->question;
  // What is being forgotten is still there for a reader; after the question was written down it is not.
  if (stopping_ || forgetting_ > 0 || queues_.Busy(FollowerKey(question))) return;
  const auto ahead = std::make_shared<HistoryAhead>();
  ahead->answered = answered_;
  job->history_ahead = ahead;
  store_.LoadConversation(question.account->name, question.open_id, 0, options_.history_turns,
                          [ahead](base::Result<std::vector<store::Turn>> turns) {
                            if (ahead->wanted) {
                              std::exchange(ahead->wanted, nullptr)(std::move(turns));
                            } else {
                              ahead->turns.emplace(std::move(turns));
                            }
                          });
}

base::Completion<base::Result<std::vector<store::Turn>>> AnswerDesk::History(const JobPointer& job) {
  return base::Completion<base::Result<std::vector<store::Turn>>>([this, job](auto done) {
    const auto ahead = std::exchange(job->history_ahead, nullptr);
    if (stopping_ || job->forgotten || job->left) {
      done(std::vector<store::Turn>());
    } else if (ahead && ahead->turns) {
      done(*std::move(ahead->turns));
    } else if (ahead) {
      ahead->wanted = std::move(done);
    } else {
      store_.LoadConversation(job->question.account->name, job->question.open_id, 0, options_.history_turns,
                              std::move(done));
    }
  });
}

base::Completion<model::ChatOutcome> AnswerDesk::Ask(const JobPointer& job, std::vector<store::Turn>&& turns) {
  model::ChatRequest request;
  std::vector<model::ChatMessage> history;
  if (InMind(turns)) {
    for (store::Turn& turn : turns) history.push_back({std::move(turn.role), std::move(turn.content)});
  }
  std::vector<std::string> pictures = PlacePicture(*job, history);
  model::ConversationBudget budget;
  const model::ChatModel* const counts = job->question.account->model;
  budget.prompt_tokens = static_cast<int>(options_.history_tokens / (counts ? counts->TokensPerEstimate() : 1));
  budget.max_question_bytes = job->question.settings->max_question_bytes;
  const std::string instruction =
      InstructionForModel(*job->question.account, job->question.text, job->question.instruction);
  const std::string prompt = PromptWith(job->question.settings->system_prompt, instruction);
  request.messages = model::FitHistory(prompt, history, job->question.text, budget, std::move(pictures));
  const bool may_ask = FilterForModel(*job->question.account, passed_texts_, request.messages);
  request.deadline = job->answer_by;
  for (const model::ChatMessage& message : request.messages) job->prompt_estimate += model::EstimateTokens(message);
  request.request_id = job->question.request_id;
  request.follower = std::hash<std::string>{}(FollowerKey(job->question));

  return base::Completion<model::ChatOutcome>(
      [this, job, request = std::move(request), may_ask](std::function<void(model::ChatOutcome)> done) {
        model::ChatModel* const model = job->question.account->model;
        if (stopping_ || job->left || model == nullptr) {
          done({model::ChatFailure::kRefused, "no model", "", false, 0, 0});
          return;
        }
        if (!may_ask) {  // words changed while the question waited
          model::ChatOutcome blocked;
          blocked.failure = model::ChatFailure::kContentPolicy;
          blocked.unsent = true;
          done(blocked);
          return;
        }
        job->call_done = std::move(done);
        model::ChatEvents events;
        events.on_text = [this, job](std::string_view text) {
          job->answer.append(text);
          job->filter.LookIfDue(*job->question.account, job->answer);
          if (job->filter.blocked()) {
            // Not from here, where the call is at work.
            loop_.Post([this, job] { EndBlocked(job); });
            return;
          }
          if (job->page_open) pages_.Changed(job->page_id);
        };
        events.on_done = [job](const model::ChatOutcome& outcome) {
          if (job->call_done) std::exchange(job->call_done, nullptr)(outcome);
        };
        job->call = model->Ask(request, std::move(events));
      });
}

void AnswerDesk::EndCall(const JobPointer& job, model::ChatFailure failure) {
  EndPicture(job);
  if (!job->call_done) return;
  job->call.reset();
  std::exchange(job->call_done, nullptr)({failure, "ended here", "", false, 0, 0});
}

void AnswerDesk::EndBlocked(const JobPointer& job) {
  if (!job->call_done) return;
  instruments_->blocked_early.Add();
  EndCall(job, model::ChatFailure::kContentPolicy);
}

base::Completion<bool> AnswerDesk::PartGiven(const JobPointer& job) {
  return base::Completion<bool>([job](std::function<void(bool)> done) {
    if (!job->giving_part) {
      done(true);
      return;
    }
    job->after_part = [done] { done(true); };
  });
}

base::Completion<InboxShare> AnswerDesk::TakeFront(const JobPointer& job, size_t own_bytes) {
  const Account& account = *job->question.account;
  // What was taken for a part that nobody was there for is still this job's. And where the inbox goes out as
  // customer-service messages, it does not stand in front of replies.
  const bool by_message = account.CanPush() && !follow_up_.Failing(account, job->question.open_id);
  if (!job->front.empty() || by_message || stopping_ || job->left) {
    return base::Completion<InboxShare>([front = job->front](auto done) { done(front); });
  }
  const Texts& texts = job->question.settings->texts;
  const size_t dressed = own_bytes + texts.ai_label.size() + texts.page_link.size() + kLinkBytes;
  const bool can_be_cut = job->question.kind == Question::Kind::kModel;
  const size_t room = RoomInFront(dressed, can_be_cut, options_.page_bytes, texts);
  return inbox_.Take(account.name, job->question.open_id, job->claim_key, false,
                     [&account, settings = job->question.settings, room](const std::vector<store::InboxItem>& unread) {
                       return FrontOfReply(ShownNow(account, settings->texts, unread), settings->texts, room);
                     });
}

base::Completion<InboxShare> AnswerDesk::TakePage(const JobPointer& job) {
  // A 继续 that has been told to wait takes no page any more: it could not give it.
  if (stopping_ || job->left || job->reply) {
    return base::Completion<InboxShare>([](auto done) { done({}); });
  }
  const Account& account = *job->question.account;
  // What a process that ended had taken may have arrived or not; an explicit 继续 is the time to give it again.
  return inbox_.Take(account.name, job->question.open_id, job->claim_key, true,
                     [this, job](const std::vector<store::InboxItem>& stored) {
                       if (job->reply) return InboxShare();
                       const Texts& texts = job->question.settings->texts;
                       const auto unread = ShownNow(*job->question.account, texts, stored);
                       PageStyle style = StyleOf(*job, options_.page_bytes);
                       style.made_by_model = true;
                       if (!unread.front().page_id.empty()) style.page_url = pages_.Url(unread.front().page_id);
                       // What comes behind a page that the follower has just read needs no label.
                       return NextInboxPage(unread, texts, style, unread.front().part == 0);
                     });
}

base::Completion<std::optional<store::JobRecord>> AnswerDesk::LastAnswer(const JobPointer& job, bool uncertain_only) {
  using Found = std::optional<store::JobRecord>;
  return base::Completion<Found>([this, job, uncertain_only](std::function<void(Found)> done) {
    if (stopping_ || job->left) {
      done({});
      return;
    }
    const int64_t now = base::UnixMilliseconds(loop_.clock().WallNow());
    const auto choose = [this, job, uncertain_only, now, done](base::Result<std::vector<store::JobRecord>> recent) {
      Found chosen;
      job->store_failed = job->store_failed || !recent;
      if (recent) {
        std::erase_if(*recent, [&](const store::JobRecord& record) { return record.key == job->question.key; });
        // What this very process has written is not in doubt, as the claim of one that ended is.
        for (store::JobRecord& record : *recent) {
          const bool ours = record.first_seen_ms > started_ms_;
          if (ours && record.delivery == store::Delivery::kClaimed) record.delivery = store::Delivery::kDelivered;
        }
        const int64_t fresh_ms = now - options_.resend_within / std::chrono::milliseconds(1);
        chosen = AnswerToResend(*recent, uncertain_only, options_.window.tries, fresh_ms,
                                base::UnixMilliseconds(job->first_seen));
        if (chosen) {
          const Texts& texts = job->question.settings->texts;
          chosen = ShownNow(*job->question.account, texts, *std::move(chosen), pages_.Addresses());
        }
      }
      done(std::move(chosen));
    };
    store_.RecentJobs(job->question.account->name, job->question.open_id,
                      now - options_.inbox_keep / std::chrono::milliseconds(1), kRecentJobs, choose);
  });
}

base::Completion<StoreResult> AnswerDesk::Save(const JobPointer& job, store::JobResult result) {
  return base::Completion<StoreResult>([this, job, result = std::move(result)](std::function<void(StoreResult)> done) {
    ++job->results;
    store_.FinishJob(result, [this, job, result, done](StoreResult saved) {
      if (saved) Saved(job, result);
      done(std::move(saved));
    });
  });
}

}  // namespace yingda::bot
