// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "simulator/soak_plan.h"

namespace yingda::simulator {

/// How the rest of an answer came to its follower.
enum class SoakWay { kTry1, kTry2, kTry3, kContinue, kAgain, kLater, kPush, kPage, kCount };
const char* ToString(SoakWay way);

/// What a follower was answering to when a text appeared in the chat.
struct SoakReplyTo {
  std::optional<size_t> question;  // the number of the question that this is the reply to
  bool continue_said = false;
  bool asked_again = false;  // 重发: what was seen before is no fault
  int try_number = 0;
};

/// The outcome of a soak run, counted.
struct SoakVerdict {
  size_t asked = 0;
  size_t accepted = 0;
  size_t not_accepted = 0;  // no server took any of its tries
  size_t refused = 0;       // the follower was told so: too many questions, too busy
  std::array<size_t, static_cast<size_t>(SoakWay::kCount)> delivered{};  // whole answers, by what completed them
  std::vector<SoakQuestion> lost;                                        // accepted, and not seen whole
  std::vector<SoakQuestion> twice;        // something of it seen twice, or two whole answers
  std::vector<SoakQuestion> foreign;      // something of it seen by another follower
  std::vector<SoakQuestion> extra_calls;  // more model calls than kills explain
  size_t lost_on_the_wire = 0;  // whole, but for what was written to the last try's open connection and lost after it
  size_t twice_around_a_kill = 0;  // seen right before a kill, and again because the server could not know
  size_t again_on_continue = 0;    // seen on the last try, which nobody confirms, and again when 继续 was said
  size_t model_calls = 0;
  size_t repeated_calls = 0;  // by kills

  bool Good() const { return lost.empty() && twice.empty() && foreign.empty() && extra_calls.empty(); }
};

/// Keeps the books of a soak run: what was asked, what the model was asked, and what appeared in which chat. It knows
/// nothing of the server, and believes only what a follower would have seen. Thread-safety: none. Pure but for its own
/// state.
class SoakJudge {
 public:
  struct Options {
    /// What a server writes and what it remembers of it cannot be one step: a text seen so shortly before a kill may
    /// be given again on demand.
    base::Duration around_kill = std::chrono::seconds(1);
  };

  SoakJudge() : SoakJudge(Options{}) {}
  explicit SoakJudge(Options options) : options_(options) {}

  void Asked(SoakQuestion question, size_t pieces, base::TimePoint now);
  /// Some server took it: it held a try, answered one, or asked the model.
  void Accepted(SoakQuestion question);
  /// The follower was told that it will not be answered.
  void Refused(SoakQuestion question);
  /// The number of this call for this question, from 1.
  size_t ModelCalled(SoakQuestion question, base::TimePoint now);
  void ModelFinished(SoakQuestion question, base::TimePoint now);
  void Killed(base::TimePoint now);

  void SeenReply(size_t follower, const std::string& text, const SoakReplyTo& to, base::TimePoint now);
  void SeenPush(size_t follower, const std::string& text, base::TimePoint now);
  /// Read on the web, where reading again is no fault.
  /// True when a whole answer is on it.
  bool SeenPage(size_t follower, const std::string& text, base::TimePoint now);
  /// Written to the last try while it was open, read whole, and lost between there and the follower.
  void LostOnTheWire(const std::string& text);

  /// Accepted, not refused, and not yet seen whole: what the follower still waits for.
  size_t Open(size_t follower) const;
  /// Of these, the ones that the model may still be working on.
  bool ModelOwes(size_t follower) const;
  size_t asked() const { return questions_.size(); }
  size_t complete() const { return complete_; }
  const std::vector<base::TimePoint>& kills() const { return kills_; }

  SoakVerdict Judge() const;

 private:
  struct Sighting {
    bool seen = false;
    base::TimePoint last;
    bool on_last_try = false;  // that one
    // Of its repetitions:
    bool around_kill = false;
    bool on_continue = false;
    bool unexplained = false;
  };
  struct Record {
    size_t pieces = 0;
    base::TimePoint asked;
    bool accepted = false;
    bool refused = false;
    bool foreign = false;
    std::vector<base::TimePoint> calls;
    bool finished = false;                              // the last call
    std::map<size_t, std::map<size_t, Sighting>> chat;  // by call, by piece
    std::map<size_t, std::set<size_t>> elsewhere;       // on the page
    std::map<size_t, std::set<size_t>> wire;
    std::optional<SoakWay> way;
  };

  void See(size_t follower, const std::string& text, base::TimePoint now, const SoakReplyTo* to, SoakWay way);
  void SeePiece(Record& record, const SoakPiece& piece, base::TimePoint now, const SoakReplyTo* to, SoakWay way);
  void SeeAgain(Sighting& sighting, base::TimePoint now, const SoakReplyTo* to) const;
  void Completed(SoakQuestion question, Record& record, SoakWay way);
  bool WholeWith(const Record& record, bool wire_too) const;
  size_t WholeCalls(const Record& record) const;
  bool KilledWithin(base::TimePoint from, base::TimePoint to) const;
  bool CallsExplained(const Record& record) const;
  void CountTwice(SoakQuestion question, const Record& record, SoakVerdict& verdict) const;

  const Options options_;
  std::map<SoakQuestion, Record> questions_;
  std::map<size_t, std::set<size_t>> open_;  // by follower: accepted, and not seen whole
  std::vector<base::TimePoint> kills_;
  size_t complete_ = 0;
};

}  // namespace yingda::simulator
