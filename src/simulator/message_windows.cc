// SPDX-License-Identifier: MIT
#include "simulator/message_windows.h"

namespace yingda::simulator {

void MessageWindows::Spoke(const std::string& open_id, base::TimePoint now) {
  Follower& follower = followers_[open_id];
  follower.message = {options_.after_message, now + options_.message_lasts};
  follower.last_interaction = now;
}

void MessageWindows::Acted(const std::string& open_id, base::TimePoint now) {
  Follower& follower = followers_[open_id];
  follower.action = {options_.after_action, now + options_.action_lasts};
  follower.last_interaction = now;
}

int MessageWindows::Send(const std::string& open_id, base::TimePoint now) {
  const auto found = followers_.find(open_id);
  if (found == followers_.end()) return 45015;
  Follower& follower = found->second;
  bool open = false;
  for (Window* window : {&follower.action, &follower.message}) {
    if (window->ends <= now) continue;
    open = true;
    if (window->left == 0) continue;
    --window->left;
    follower.typing_until = now;
    return 0;
  }
  return open ? 45047 : 45015;
}

int MessageWindows::Typing(const std::string& open_id, base::TimePoint now) {
  const auto found = followers_.find(open_id);
  if (found == followers_.end() || now - found->second.last_interaction > options_.typing_within) return 45080;
  if (found->second.typing_until > now) return 45081;
  found->second.typing_until = now + options_.typing_lasts;
  return 0;
}

void MessageWindows::CancelTyping(const std::string& open_id) {
  const auto found = followers_.find(open_id);
  if (found != followers_.end()) found->second.typing_until = {};
}

}  // namespace yingda::simulator
