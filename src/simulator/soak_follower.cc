// SPDX-License-Identifier: MIT
#include "simulator/soak_follower.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "simulator/chat_text.h"
#include "simulator/messages.h"

namespace yingda::simulator {
namespace {

using namespace std::chrono_literals;

constexpr size_t kMostAtOnce = 3;  // questions that one follower waits for
constexpr size_t kShownBytes = 120;
constexpr size_t kStoryLines = 1'000;
constexpr double kReadsPage = 0.3;
constexpr base::Duration kHeld = 4900ms;  // a try that lasted so long was held by a server that lives

bool Holds(const std::string& text, const std::string& part) {
  return !part.empty() && text.find(part) != std::string::npos;
}

/// Answers as ranges of their pieces, and the rest as it is, on one line.
std::string Shortened(const std::string& text) {
  std::string line = std::string(base::Utf8Prefix(text, kShownBytes));
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::optional<SoakPiece> first;
  std::optional<SoakPiece> last;
  const auto end_range = [&] {
    if (!first) return;
    line += " {Q" + std::to_string(first->question.follower) + "x" + std::to_string(first->question.number) + "c" +
            std::to_string(first->call) + ": " + std::to_string(first->piece) + "-" + std::to_string(last->piece) + "}";
  };
  for (const SoakPiece& piece : SoakPlan::PiecesIn(text)) {
    const bool next = last && piece == SoakPiece{last->question, last->call, last->piece + 1};
    if (!next) {
      end_range();
      first = piece;
    }
    last = piece;
  }
  end_range();
  return line;
}

std::string Tries(const PushOutcome& outcome) {
  std::string tries;
  for (const TryRecord& record : outcome.tries) {
    tries += (tries.empty() ? "" : ", ") + std::to_string(record.number) + " " + ToString(record.end);
  }
  return tries;
}

/// Some server has taken the message: it answered, or kept a try to its end.
bool WasAccepted(const PushOutcome& outcome) {
  return std::any_of(outcome.tries.begin(), outcome.tries.end(), [](const TryRecord& record) {
    const bool held = record.end == TryEnd::kSilence && record.ended - record.started >= kHeld;
    return held || record.status == 200;
  });
}

}  // namespace

SoakFollower::SoakFollower(SoakScene& scene, size_t number, std::string open_id, WeChatSimulator& wechat)
    : scene_(scene),
      number_(number),
      open_id_(std::move(open_id)),
      chat_(wechat, open_id_, scene.loop.clock()),
      random_(scene.plan.options().seed * 1'000'003 + number) {}

SoakFollower::~SoakFollower() {
  scene_.loop.Cancel(timer_);
  scene_.loop.Cancel(page_timer_);
}

void SoakFollower::Begin(base::TimePoint until) {
  until_ = until;
  began_ = scene_.loop.clock().Now();
  ActAfter(0s, std::min<base::Duration>(60s, (until - scene_.loop.clock().Now()) / 2));
}

void SoakFollower::ActAfter(base::Duration shortest, base::Duration longest) {
  const double part = Dice();
  const auto wait = shortest + std::chrono::duration_cast<base::Duration>((longest - shortest) * part);
  timer_ = scene_.loop.After(SoakPlan::OnGrid(wait), [this] { Act(); });
}

void SoakFollower::Act() {
  if (std::exchange(lost_one_, false)) return Send(Kind::kAgain, scene_.texts.again, 0);
  if (draining_) return ActInDrain();
  if (scene_.loop.clock().Now() >= until_) return ActAfter(1s, 5s);  // the drain begins soon
  const double dice = Dice();
  if (dice < 0.1) {
    Send(Kind::kKeyword, scene_.texts.keyword, 0);
  } else if (scene_.judge.Open(number_) >= kMostAtOnce || (more_ && dice < 0.55)) {
    Continue();
  } else {
    // Now and then somebody sends a whole row of questions.
    const size_t free = kMostAtOnce - scene_.judge.Open(number_);
    const size_t questions = dice > 0.93 ? free : 1;
    for (size_t i = 0; i < questions; ++i) Ask();
  }
}

void SoakFollower::ActInDrain() {
  if (scene_.judge.Open(number_) > 0 && !(nothing_more_ >= 2 && !scene_.judge.ModelOwes(number_))) return Continue();
  // Once more when all is there: whatever came now would have come twice.
  if (std::exchange(last_word_, true)) {
    done_ = true;
    return;
  }
  Continue();
}

void SoakFollower::Ask() {
  const SoakQuestion question{number_, asked_++};
  scene_.judge.Asked(question, scene_.plan.Pieces(question), scene_.loop.clock().Now());
  Send(Kind::kQuestion, scene_.plan.QuestionText(question), question.number);
}

void SoakFollower::Continue() { Send(Kind::kContinue, "继续", 0); }

void SoakFollower::Send(Kind kind, std::string text, size_t question) {
  ++waiting_;
  ++scene_.incidents.messages;
  Tell("says: " + text);
  if (scene_.spoke) scene_.spoke(open_id_);
  chat_.Say(
      std::move(text), [this, kind, question](const PushOutcome& outcome) { Hear(kind, question, outcome); },
      scene_.plan.FaultsOf(number_, messages_++));
}

void SoakFollower::Hear(Kind kind, size_t question, const PushOutcome& outcome) {
  scene_.incidents.pushes += outcome.tries.size();
  Tell("[" + Tries(outcome) + "] " + (outcome.shown() ? Shortened(outcome.Text()) : std::string("-")));
  CountIncidents(outcome);
  if (kind == Kind::kQuestion && WasAccepted(outcome)) scene_.judge.Accepted({number_, question});
  if (outcome.shown()) {
    HearReply(kind, question, outcome);
  } else if (outcome.failed()) {
    lost_one_ = !scene_.texts.again.empty() && kind != Kind::kKeyword;
    for (auto record = outcome.tries.rbegin(); record != outcome.tries.rend(); ++record) {
      if (record->end != TryEnd::kReplyLost || !record->reply) continue;
      scene_.judge.LostOnTheWire(ReplyAsText(*record->reply));
      break;
    }
  }
  if (--waiting_ == 0) ActAfter(3s, draining_ ? 25s : 50s);
}

void SoakFollower::HearReply(Kind kind, size_t question, const PushOutcome& outcome) {
  const std::string text = outcome.Text();
  SoakReplyTo to;
  if (kind == Kind::kQuestion) to.question = question;
  to.continue_said = kind == Kind::kContinue;
  to.asked_again = kind == Kind::kAgain;
  to.try_number = outcome.try_number;
  scene_.judge.SeenReply(number_, text, to, scene_.loop.clock().Now());
  more_ = TapLinkIn(text).has_value();
  nothing_more_ = Holds(text, scene_.texts.nothing_more) ? nothing_more_ + 1 : 0;
  MayReadPage(text);
  const auto& refusals = scene_.texts.refusals;
  const bool refused = std::any_of(refusals.begin(), refusals.end(), [&](const auto& r) { return Holds(text, r); });
  if (kind == Kind::kQuestion && refused) scene_.judge.Refused({number_, question});
  if (kind != Kind::kKeyword) return;
  ++scene_.incidents.keyword_messages;
  if (Holds(text, scene_.texts.keyword_reply)) return;
  ++scene_.incidents.wrong_keyword_replies;
  scene_.incidents.example = "the reply to a keyword was: " + text;
}

void SoakFollower::HearPush(const std::string& text) {
  scene_.judge.SeenPush(number_, text, scene_.loop.clock().Now());
  Tell("push: " + Shortened(text));
  if (TapLinkIn(text)) more_ = true;
  MayReadPage(text);
}

void SoakFollower::MayReadPage(const std::string& text) {
  const std::string& address = scene_.texts.page_address;
  const size_t at = address.empty() ? std::string::npos : text.rfind(address);
  if (at == std::string::npos || page_timer_ != 0 || Dice() > kReadsPage) return;
  const size_t begin = at + address.size();
  std::string rest = text.substr(begin, text.find_first_of("\"<> \n", begin) - begin);
  const auto later = std::chrono::duration_cast<base::Duration>(60s * Dice());
  page_timer_ = scene_.loop.After(SoakPlan::OnGrid(later), [this, rest = std::move(rest)] {
    page_timer_ = 0;
    scene_.ask_page("GET", rest, [this, rest](int status, const std::string& body) {
      Tell("page, status " + std::to_string(status) + ": " + Shortened(body));
      if (status == 0) return;  // the server was down
      ++scene_.incidents.pages_read;
      scene_.incidents.bad_pages += status == 200 ? 0 : 1;
      if (status != 200) scene_.incidents.example = "an answer page had status " + std::to_string(status);
      // As the page's own script tells the server when all of it is there.
      const bool whole = scene_.judge.SeenPage(number_, body, scene_.loop.clock().Now());
      if (whole) scene_.ask_page("POST", rest + "/read", [](int, const std::string&) {});
    });
  });
}

void SoakFollower::Tell(const std::string& line) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(scene_.loop.clock().Now() - began_).count();
  story_.push_back(std::to_string(now / 1000) + "." + std::to_string(now % 1000 / 125) + "/8 s " + line);
  if (story_.size() > kStoryLines) story_.pop_front();
}

void SoakFollower::CountIncidents(const PushOutcome& outcome) {
  for (const TryRecord& record : outcome.tries) {
    if (record.end != TryEnd::kBadStatus && record.end != TryEnd::kBadReply) continue;
    ++scene_.incidents.bad_replies;
    scene_.incidents.example = record.problem;
  }
  if (outcome.AllRepliesEqual()) return;
  ++scene_.incidents.unequal_replies;
  scene_.incidents.example = "the tries of one message got different replies";
}

}  // namespace yingda::simulator
