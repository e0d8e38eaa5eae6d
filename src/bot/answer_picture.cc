// SPDX-License-Identifier: MIT
#include <utility>

#include "bot/answer_desk.h"

namespace yingda::bot {
namespace {

using Fetched = base::Result<std::shared_ptr<const model::Picture>>;

/// Where the newest picture is that a question may still be about; nothing: nowhere.
std::optional<size_t> NewestPicture(const std::vector<store::Turn>& turns, int64_t since_ms, int within_questions) {
  for (size_t at = turns.size(); at > 0 && within_questions > 0; --at) {
    const store::Turn& turn = turns[at - 1];
    if (turn.role != "user") continue;
    if (!turn.picture_url.empty() && turn.at_ms >= since_ms) return at - 1;
    --within_questions;
  }
  return std::nullopt;
}

}  // namespace

bool AnswerDesk::InMind(const std::vector<store::Turn>& turns) const {
  const base::WallTime idle_since = loop_.clock().WallNow() - options_.conversation_idle;
  return !turns.empty() && turns.back().at_ms >= base::UnixMilliseconds(idle_since);
}

base::Completion<bool> AnswerDesk::PictureSeen(const JobPointer& job, const std::vector<store::Turn>& turns) {
  std::string url = job->question.picture_url;
  const bool own = !url.empty();
  if (!own && InMind(turns)) {
    // Nobody can send a picture and a question in one message; the question comes behind it.
    const base::WallTime since = loop_.clock().WallNow() - options_.picture_in_mind;
    job->pictured_turn = NewestPicture(turns, base::UnixMilliseconds(since), options_.picture_questions);
    if (job->pictured_turn) url = turns[*job->pictured_turn].picture_url;
  }
  return base::Completion<bool>([this, job, url, own](std::function<void(bool)> done) {
    const Account& account = *job->question.account;
    if (stopping_ || job->left || url.empty() || !job->question.settings->sees.picture || account.pictures == nullptr) {
      done(!own);
      return;
    }
    job->picture_done = [this, job, own, done = std::move(done)](const Fetched& fetched) {
      job->picture_fetch.reset();
      if (fetched) {
        job->picture = *fetched;
      } else {
        logger_.Info("picture_not_seen", {{"account", job->question.account->name},
                                          {"request", job->question.request_id},
                                          {"why", fetched.error().message}});
      }
      done(fetched || !own);
    };
    job->picture_fetch = account.pictures->Fetch(url, job->answer_by, [job](const Fetched& fetched) {
      if (job->picture_done) std::exchange(job->picture_done, nullptr)(fetched);
    });
  });
}

std::vector<std::string> AnswerDesk::PlacePicture(const Job& job, std::vector<model::ChatMessage>& history) {
  if (!job.picture) return {};
  if (!job.pictured_turn) return {job.picture->data_url()};
  // The conversation may have come to its end while the picture was fetched.
  if (*job.pictured_turn < history.size()) history[*job.pictured_turn].pictures = {job.picture->data_url()};
  return {};
}

void AnswerDesk::EndPicture(const JobPointer& job) {
  if (!job->picture_done) return;
  std::exchange(job->picture_done, nullptr)(base::Error{base::ErrorCode::kCancelled, "ended here"});
}

}  // namespace yingda::bot
