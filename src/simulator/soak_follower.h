// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/event_loop.h"
#include "simulator/follower.h"
#include "simulator/soak_judge.h"
#include "simulator/soak_plan.h"
#include "simulator/wechat_simulator.h"

namespace yingda::simulator {

/// What the followers of a soak run recognise, as the server was configured.
struct SoakTexts {
  std::string nothing_more;
  std::string again;         // the command that has the last answer sent again, e.g. 重发; empty: there is none
  std::string page_address;  // what the address of an answer page begins with; empty: there are none
  std::vector<std::string> refusals;  // a question with such a reply will not be answered
  std::string keyword = "ping";       // a message that a rule answers
  std::string keyword_reply = "pong";
};

/// What went wrong that is not a matter of one answer.
struct SoakIncidents {
  size_t messages = 0;
  size_t pushes = 0;
  size_t keyword_messages = 0;  // that were answered
  size_t wrong_keyword_replies = 0;
  size_t pages_read = 0;
  size_t bad_pages = 0;        // without a good answer to the GET
  size_t bad_replies = 0;      // a status or a body that WeChat would not accept
  size_t unequal_replies = 0;  // other bytes for another try of the same message
  std::string example;         // of the last one of these, for a person

  bool Good() const { return wrong_keyword_replies + bad_replies + unequal_replies + bad_pages == 0; }
};

/// What all followers of a run share. Everything in it outlives them.
struct SoakScene {
  net::EventLoop& loop;
  const SoakPlan& plan;
  SoakJudge& judge;
  SoakIncidents& incidents;
  SoakTexts texts;
  std::function<void(const std::string& open_id)> spoke;  // before each message
  using PageRead = std::function<void(int status, const std::string& body)>;
  /// Asks for an answer page by what follows page_address. The status is 0 when nobody served.
  std::function<void(const std::string& method, const std::string& rest, PageRead done)> ask_page;
};

/// A follower who asks, waits, says 继续 when there is more to come, asks something else in between, and in the end
/// says 继续 until nothing comes any more. Thread-safety: none; all on the loop.
class SoakFollower {
 public:
  SoakFollower(SoakScene& scene, size_t number, std::string open_id, WeChatSimulator& wechat);
  ~SoakFollower();
  SoakFollower(const SoakFollower&) = delete;
  SoakFollower& operator=(const SoakFollower&) = delete;

  /// Asks until `until`.
  void Begin(base::TimePoint until);
  /// A customer-service message appears in the chat.
  void HearPush(const std::string& text);
  /// No new questions any more.
  void Drain() { draining_ = true; }
  /// Has all answers, or nothing comes any more.
  bool Done() const { return done_; }
  /// What happened to this follower, one line each, for whoever looks into a bad run. The last 1,000 lines.
  const std::deque<std::string>& Story() const { return story_; }

 private:
  enum class Kind { kQuestion, kContinue, kAgain, kKeyword };

  void Act();
  void ActInDrain();
  void Ask();
  void Continue();
  void Send(Kind kind, std::string text, size_t question);
  void Hear(Kind kind, size_t question, const PushOutcome& outcome);
  void HearReply(Kind kind, size_t question, const PushOutcome& outcome);
  void MayReadPage(const std::string& text);
  void Tell(const std::string& line);
  void CountIncidents(const PushOutcome& outcome);
  void ActAfter(base::Duration shortest, base::Duration longest);
  double Dice() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  SoakScene& scene_;
  const size_t number_;
  const std::string open_id_;
  Follower chat_;
  std::mt19937_64 random_;
  base::TimePoint began_;
  base::TimePoint until_;
  net::EventLoop::TimerId timer_ = 0;
  net::EventLoop::TimerId page_timer_ = 0;
  size_t asked_ = 0;
  size_t messages_ = 0;
  size_t waiting_ = 0;
  bool lost_one_ = false;  // WeChat said that the account is out of order
  bool more_ = false;      // the last reply said that there is more to come
  int nothing_more_ = 0;   // times in a row
  bool draining_ = false;
  bool last_word_ = false;
  bool done_ = false;
  std::deque<std::string> story_;
};

}  // namespace yingda::simulator
