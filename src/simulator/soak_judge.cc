// SPDX-License-Identifier: MIT
#include "simulator/soak_judge.h"

#include <algorithm>

namespace yingda::simulator {
namespace {

constexpr int kLastTry = 3;

}  // namespace

const char* ToString(SoakWay way) {
  switch (way) {
    case SoakWay::kTry1:
      return "try 1";
    case SoakWay::kTry2:
      return "try 2";
    case SoakWay::kTry3:
      return "try 3";
    case SoakWay::kContinue:
      return "on 继续";
    case SoakWay::kAgain:
      return "on 重发";
    case SoakWay::kLater:
      return "with a later message";
    case SoakWay::kPush:
      return "by push";
    case SoakWay::kPage:
      return "by page";
    case SoakWay::kCount:
      break;
  }
  return "?";
}

void SoakJudge::Asked(SoakQuestion question, size_t pieces, base::TimePoint now) {
  Record& record = questions_[question];
  record.pieces = pieces;
  record.asked = now;
}

void SoakJudge::Accepted(SoakQuestion question) {
  Record& record = questions_[question];
  if (record.accepted) return;
  record.accepted = true;
  if (!record.way && !record.refused) open_[question.follower].insert(question.number);
}

void SoakJudge::Refused(SoakQuestion question) {
  questions_[question].refused = true;
  open_[question.follower].erase(question.number);
}

size_t SoakJudge::ModelCalled(SoakQuestion question, base::TimePoint now) {
  Accepted(question);
  Record& record = questions_[question];
  record.calls.push_back(now);
  record.finished = false;
  return record.calls.size();
}

void SoakJudge::ModelFinished(SoakQuestion question, base::TimePoint) { questions_[question].finished = true; }

void SoakJudge::Killed(base::TimePoint now) { kills_.push_back(now); }

void SoakJudge::SeenReply(size_t follower, const std::string& text, const SoakReplyTo& to, base::TimePoint now) {
  const SoakWay otherwise = to.asked_again ? SoakWay::kAgain : SoakWay::kLater;
  See(follower, text, now, &to, to.continue_said ? SoakWay::kContinue : otherwise);
}

void SoakJudge::SeenPush(size_t follower, const std::string& text, base::TimePoint now) {
  See(follower, text, now, nullptr, SoakWay::kPush);
}

void SoakJudge::See(size_t follower, const std::string& text, base::TimePoint now, const SoakReplyTo* to, SoakWay way) {
  for (const SoakPiece& piece : SoakPlan::PiecesIn(text)) {
    Record& record = questions_[piece.question];
    if (piece.question.follower != follower) {
      record.foreign = true;
      continue;
    }
    const bool own = to != nullptr && to->question == piece.question.number;
    const auto slot = static_cast<SoakWay>(std::clamp(own ? to->try_number : 1, 1, 3) - 1);
    SeePiece(record, piece, now, to, own ? slot : way);
  }
}

void SoakJudge::SeePiece(Record& record, const SoakPiece& piece, base::TimePoint now, const SoakReplyTo* to,
                         SoakWay way) {
  Sighting& sighting = record.chat[piece.call][piece.piece];
  if (sighting.seen) SeeAgain(sighting, now, to);
  sighting.seen = true;
  sighting.last = now;
  sighting.on_last_try = to != nullptr && to->try_number >= kLastTry;
  Accepted(piece.question);
  Completed(piece.question, record, way);
}

/// Whether a repetition is a fault: not when it was asked for, nor when the server could not know better.
void SoakJudge::SeeAgain(Sighting& sighting, base::TimePoint now, const SoakReplyTo* to) const {
  if (to != nullptr && to->asked_again) return;
  if (KilledWithin(sighting.last, std::min(now, sighting.last + options_.around_kill))) {
    sighting.around_kill = true;
  } else if (to != nullptr && to->continue_said && sighting.on_last_try) {
    sighting.on_continue = true;
  } else {
    sighting.unexplained = true;
  }
}

void SoakJudge::Completed(SoakQuestion question, Record& record, SoakWay way) {
  if (record.way || !WholeWith(record, false)) return;
  record.way = way;
  ++complete_;
  open_[question.follower].erase(question.number);
}

bool SoakJudge::SeenPage(size_t follower, const std::string& text, base::TimePoint) {
  const std::vector<SoakPiece> pieces = SoakPlan::PiecesIn(text);
  for (const SoakPiece& piece : pieces) {
    Record& record = questions_[piece.question];
    if (piece.question.follower != follower) record.foreign = true;
    record.elsewhere[piece.call].insert(piece.piece);
    Completed(piece.question, record, SoakWay::kPage);
  }
  return !pieces.empty() && pieces.size() >= questions_[pieces.front().question].pieces;
}

void SoakJudge::LostOnTheWire(const std::string& text) {
  for (const SoakPiece& piece : SoakPlan::PiecesIn(text)) {
    Record& record = questions_[piece.question];
    record.wire[piece.call].insert(piece.piece);
    if (WholeWith(record, true)) open_[piece.question.follower].erase(piece.question.number);
  }
}

size_t SoakJudge::Open(size_t follower) const {
  const auto found = open_.find(follower);
  return found == open_.end() ? 0 : found->second.size();
}

bool SoakJudge::ModelOwes(size_t follower) const {
  const auto found = open_.find(follower);
  if (found == open_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](size_t number) {
    return !questions_.at({follower, number}).finished;
  });
}

/// Whether some one answer of the model was seen from its first piece to its last.
bool SoakJudge::WholeWith(const Record& record, bool wire_too) const {
  for (size_t call = 1; call <= std::max<size_t>(record.calls.size(), 1); ++call) {
    std::set<size_t> seen;
    if (const auto chat = record.chat.find(call); chat != record.chat.end()) {
      for (const auto& [piece, sighting] : chat->second) seen.insert(piece);
    }
    if (const auto page = record.elsewhere.find(call); page != record.elsewhere.end()) {
      seen.insert(page->second.begin(), page->second.end());
    }
    if (const auto wire = record.wire.find(call); wire_too && wire != record.wire.end()) {
      seen.insert(wire->second.begin(), wire->second.end());
    }
    if (record.pieces > 0 && seen.size() >= record.pieces) return true;
  }
  return false;
}

size_t SoakJudge::WholeCalls(const Record& record) const {
  return static_cast<size_t>(std::count_if(record.chat.begin(), record.chat.end(),
                                           [&](const auto& call) { return call.second.size() >= record.pieces; }));
}

bool SoakJudge::KilledWithin(base::TimePoint from, base::TimePoint to) const {
  return std::any_of(kills_.begin(), kills_.end(), [&](base::TimePoint kill) { return kill >= from && kill <= to; });
}

/// Each call after the first needs a kill between it and the one before.
bool SoakJudge::CallsExplained(const Record& record) const {
  for (size_t i = 1; i < record.calls.size(); ++i) {
    if (!KilledWithin(record.calls[i - 1], record.calls[i])) return false;
  }
  return true;
}

void SoakJudge::CountTwice(SoakQuestion question, const Record& record, SoakVerdict& verdict) const {
  bool twice = WholeCalls(record) > 1;
  bool around_kill = false;
  bool on_continue = false;
  for (const auto& [call, pieces] : record.chat) {
    for (const auto& [piece, sighting] : pieces) {
      twice |= sighting.unexplained;
      around_kill |= sighting.around_kill;
      on_continue |= sighting.on_continue;
    }
  }
  if (twice) {
    verdict.twice.push_back(question);
  } else if (around_kill) {
    ++verdict.twice_around_a_kill;
  } else if (on_continue) {
    ++verdict.again_on_continue;
  }
}

SoakVerdict SoakJudge::Judge() const {
  SoakVerdict verdict;
  verdict.asked = questions_.size();
  for (const auto& [question, record] : questions_) {
    verdict.model_calls += record.calls.size();
    verdict.repeated_calls += record.calls.empty() ? 0 : record.calls.size() - 1;
    if (!CallsExplained(record)) verdict.extra_calls.push_back(question);
    if (record.foreign) verdict.foreign.push_back(question);
    CountTwice(question, record, verdict);
    if (record.way) {
      ++verdict.accepted;
      ++verdict.delivered.at(static_cast<size_t>(*record.way));
    } else if (record.refused) {
      ++verdict.refused;
    } else if (!record.accepted) {
      ++verdict.not_accepted;
    } else {
      ++verdict.accepted;
      if (WholeWith(record, true)) {
        ++verdict.lost_on_the_wire;
      } else {
        verdict.lost.push_back(question);
      }
    }
  }
  return verdict;
}

}  // namespace yingda::simulator
