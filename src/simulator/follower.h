// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "simulator/push_outcome.h"
#include "simulator/wechat_simulator.h"
#include "wechat/incoming.h"

namespace yingda::simulator {

/// One line of the chat as the follower sees it.
struct ChatLine {
  enum class From { kFollower, kAccount, kWeChat };
  From from = From::kAccount;
  std::string text;  // as sent, links included; other kinds described
  base::TimePoint at;
  uint64_t message = 0;  // the follower's message that this is, or that this answers; from 1
};

/// A follower (粉丝) with an OpenID and a chat window.
/// Thread-safety: all members. `done` runs on the simulator's loop, after the chat has its line. Lifetime: the
/// simulator outlives it; answers that come after the follower's end are dropped quietly.
/// Limits: the chat keeps its last 1,000 lines.
class Follower {
 public:
  using Done = std::function<void(const PushOutcome&)>;

  Follower(WeChatSimulator& wechat, std::string open_id, base::Clock& clock);

  /// Sends anything made by messages.h. Several may be under way at once, as with a real, impatient follower.
  void Send(wechat::Incoming message, Done done = {}, Faults faults = {});
  void Say(std::string text, Done done = {}, Faults faults = {});

  /// Taps the tap link in the newest line that has one, which sends its content. False when there is none.
  bool Tap(Done done = {}, Faults faults = {});

  const std::string& open_id() const { return open_id_; }
  std::vector<ChatLine> Chat() const;
  /// The newest line that is not the follower's own; empty when there is none.
  std::string LastSeen() const;
  /// The texts that came from the account, in order.
  std::vector<std::string> Answers() const;
  /// Messages whose outcome is open.
  size_t Waiting() const;

 private:
  struct Window;

  WeChatSimulator& wechat_;
  const std::string open_id_;
  base::Clock& clock_;
  const std::shared_ptr<Window> window_;
};

}  // namespace yingda::simulator
