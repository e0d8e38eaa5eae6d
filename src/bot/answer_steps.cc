// SPDX-License-Identifier: MIT
#include <utility>

#include "bot/answer_desk.h"
#include "model/conversation.h"

namespace yingda::bot {
namespace {

using StoreResult = base::Result<void>;

base::Error Stopping() { return {base::ErrorCode::kCancelled, "stopping"}; }

const char* KindName(Question::Kind kind) { return kind == Question::Kind::kContinue ? "continue" : "model"; }

store::JobRecord RecordOf(const Job& job) {
  store::JobRecord record;
  record.key = job.question.key;
  record.account = job.question.account->name;
  record.open_id = job.question.open_id;
  record.to_user = job.question.to_user;
  record.kind = KindName(job.question.kind);
  record.question = job.question.text;
  record.json = job.question.json;
  record.first_seen_ms = base::UnixMilliseconds(job.first_seen);
  record.tries = job.tries;
  return record;
}

}  // namespace

base::Completion<AnswerDesk::Admission> AnswerDesk::Admit(const JobPointer& job, bool accepted_before) {
  return base::Completion<Admission>([this, job, accepted_before](std::function<void(Admission)> done) {
    auto turn = [this, job, done] {
      const bool entered = queues_.Enter(FollowerKey(job->question), [done] { done(Admission::kMyTurn); });
      if (!entered) done(Admission::kQueueFull);
    };
    if (accepted_before) {
      turn();
      return;
    }
    store_.AcceptJob(RecordOf(*job), [this, turn, done](const StoreResult& accepted) {
      if (accepted) {
        turn();
        return;
      }
      // Nothing could be kept for later, so the follower is told rather than left waiting.
      logger_.Error("accept_failed", {{"error", accepted.error().message}});
      done(Admission::kStoreFailed);
    });
  });
}

base::Completion<base::Result<std::vector<store::Turn>>> AnswerDesk::History(const Job& job) {
  return base::Completion<base::Result<std::vector<store::Turn>>>([this, &job](auto done) {
    if (stopping_ || job.forgotten || job.left) {
      done(std::vector<store::Turn>());
      return;
    }
    store_.LoadConversation(job.question.account->name, job.question.open_id, 0, options_.history_turns,
                            std::move(done));
  });
}

base::Completion<model::ChatOutcome> AnswerDesk::Ask(const JobPointer& job, const std::vector<store::Turn>& turns) {
  model::ChatRequest request;
  std::vector<model::ChatMessage> history;
  const int64_t idle_since = base::UnixMilliseconds(loop_.clock().WallNow() - options_.conversation_idle);
  if (!turns.empty() && turns.back().at_ms >= idle_since) {
    for (const store::Turn& turn : turns) history.push_back({turn.role, turn.content});
  }
  model::ConversationBudget budget;
  budget.prompt_tokens = options_.history_tokens;
  budget.max_question_bytes = job->question.account->max_question_bytes;
  request.messages = model::FitHistory(job->question.account->system_prompt, history, job->question.text, budget);
  request.deadline = loop_.clock().Now() + options_.answer_deadline;
  request.request_id = job->question.request_id;

  return base::Completion<model::ChatOutcome>([this, job, request](std::function<void(model::ChatOutcome)> done) {
    model::ChatModel* const model = job->question.account->model;
    if (stopping_ || job->left || model == nullptr) {
      done({model::ChatFailure::kRefused, "no model", "", false, 0, 0});
      return;
    }
    job->call_done = std::move(done);
    model::ChatEvents events;
    events.on_text = [job](std::string_view text) { job->answer.append(text); };
    events.on_done = [job](const model::ChatOutcome& outcome) {
      if (job->call_done) std::exchange(job->call_done, nullptr)(outcome);
    };
    job->call = model->Ask(request, std::move(events));
  });
}

void AnswerDesk::EndCall(const JobPointer& job, model::ChatFailure failure) {
  if (!job->call_done) return;
  job->call.reset();
  std::exchange(job->call_done, nullptr)({failure, "ended here", "", false, 0, 0});
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

base::Completion<base::Result<std::optional<store::InboxItem>>> AnswerDesk::OldestUnread(const Job& job) {
  return base::Completion<base::Result<std::optional<store::InboxItem>>>([this, &job](auto done) {
    // What a process that ended had claimed may have arrived or not; an explicit 继续 is the time to give it again.
    store_.ReleaseAbandoned(job.question.account->name, job.question.open_id, [this, &job, done](const StoreResult&) {
      if (stopping_) {  // the store may be gone with the next step
        done(Stopping());
        return;
      }
      store_.ListUnread(job.question.account->name, job.question.open_id,
                        base::UnixMilliseconds(loop_.clock().WallNow()), 1,
                        [done](base::Result<std::vector<store::InboxItem>> unread) {
                          using Oldest = std::optional<store::InboxItem>;
                          if (!unread) {
                            done(unread.error());
                          } else {
                            done(unread->empty() ? Oldest() : Oldest(std::move(unread->front())));
                          }
                        });
    });
  });
}

base::Completion<StoreResult> AnswerDesk::ClaimPage(const Job& job, const store::InboxItem& item, size_t page_bytes) {
  return base::Completion<StoreResult>([this, &job, &item, page_bytes](auto done) {
    if (stopping_) {
      done(Stopping());
      return;
    }
    store_.ClaimPages({{item.id, item.text.substr(0, page_bytes), item.text.substr(page_bytes)}}, job.question.key,
                      std::move(done));
  });
}

base::Completion<StoreResult> AnswerDesk::Save(store::JobResult result) {
  return base::Completion<StoreResult>(
      [this, result = std::move(result)](auto done) mutable { store_.FinishJob(std::move(result), std::move(done)); });
}

}  // namespace yingda::bot
