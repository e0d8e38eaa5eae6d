// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "base/clock.h"

namespace yingda::simulator {

/// How many customer-service messages (客服消息) an account may still send to each of its followers, and until when.
/// How several windows of one follower add up is not documented; here the shorter one is used up first.
/// Thread-safety: none. Source: 公众号开发文档, 客服消息 (rules since 2023-06-12).
class MessageWindows {
 public:
  struct Options {
    int after_message = 5;  // messages, from the follower's last one on
    base::Duration message_lasts = std::chrono::hours(48);
    int after_action = 3;  // menu click, subscription, scan
    base::Duration action_lasts = std::chrono::minutes(1);
    base::Duration typing_within = std::chrono::seconds(30);  // of the last interaction
    base::Duration typing_lasts = std::chrono::seconds(15);
  };

  explicit MessageWindows(Options options) : options_(options) {}

  void Spoke(const std::string& open_id, base::TimePoint now);
  void Acted(const std::string& open_id, base::TimePoint now);
  /// The follower is gone: nothing may be sent until they subscribe (Acted) or speak again.
  void Left(const std::string& open_id) { followers_.erase(open_id); }

  /// Uses up one message: 0, 45015 (no window is open), 45047 (one is, but it is used up).
  int Send(const std::string& open_id, base::TimePoint now);
  /// 0, 45080 (no interaction just now), 45081 (is shown already).
  int Typing(const std::string& open_id, base::TimePoint now);
  void CancelTyping(const std::string& open_id);

 private:
  struct Window {
    int left = 0;
    base::TimePoint ends;
  };
  struct Follower {
    Window message;
    Window action;
    base::TimePoint last_interaction;
    base::TimePoint typing_until;
  };

  const Options options_;
  std::map<std::string, Follower> followers_;
};

}  // namespace yingda::simulator
