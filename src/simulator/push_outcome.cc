// SPDX-License-Identifier: MIT
#include "simulator/push_outcome.h"

namespace yingda::simulator {

const char* ToString(TryEnd end) {
  switch (end) {
    case TryEnd::kReply:
      return "reply";
    case TryEnd::kAcknowledged:
      return "acknowledged";
    case TryEnd::kSilence:
      return "silence";
    case TryEnd::kHungUp:
      return "hung_up";
    case TryEnd::kReplyLost:
      return "reply_lost";
    case TryEnd::kSkipped:
      return "skipped";
    case TryEnd::kNoConnection:
      return "no_connection";
    case TryEnd::kCutOff:
      return "cut_off";
    case TryEnd::kBadStatus:
      return "bad_status";
    case TryEnd::kBadReply:
      return "bad_reply";
    case TryEnd::kTooMany:
      return "too_many";
  }
  return "unknown";
}

std::string PushOutcome::Text() const {
  const auto* text = shown() ? std::get_if<wechat::TextReply>(&reply) : nullptr;
  return text == nullptr ? std::string() : text->content;
}

bool PushOutcome::AllRepliesEqual() const {
  const wechat::Reply* first = nullptr;
  for (const TryRecord& one : tries) {
    if (!one.reply) continue;
    if (first == nullptr) first = &*one.reply;
    if (*one.reply != *first) return false;
  }
  return true;
}

}  // namespace yingda::simulator
