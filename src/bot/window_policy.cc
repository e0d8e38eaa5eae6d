// SPDX-License-Identifier: MIT
#include "bot/window_policy.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kBetweenTries = 5s;  // WeChat's, not ours to configure
constexpr base::Duration kEarly = 500ms;

}  // namespace

bool IsLastTry(const WindowOptions& options, int try_number, base::Duration since_first) {
  return try_number >= options.tries || since_first >= (options.tries - 1) * kBetweenTries - kEarly;
}

WindowDecision DecideWindow(const WindowOptions& options, const WindowState& state) {
  if (state.ability == Ability::kPushOnly) return {WindowAction::kAcknowledge, {}};
  if (state.progress == Progress::kReady) return {WindowAction::kReply, {}};

  const bool in_time = state.since_try < options.reply_within;
  if (state.ability == Ability::kPush) {
    return in_time ? WindowDecision{WindowAction::kHold, options.reply_within}
                   : WindowDecision{WindowAction::kAcknowledge, {}};
  }
  if (IsLastTry(options, state.try_number, state.since_first - state.since_try)) {
    return in_time ? WindowDecision{WindowAction::kHold, options.reply_within}
                   : WindowDecision{WindowAction::kReplyWithPart, {}};
  }
  return state.since_try < options.safety_close ? WindowDecision{WindowAction::kHold, options.safety_close}
                                                : WindowDecision{WindowAction::kClose, {}};
}

SendingWindow SendingWindowAfter(const wechat::Incoming& push) {
  using wechat::EventType;
  constexpr SendingWindow kAfterAction{3, std::chrono::minutes(1)};
  constexpr SendingWindow kAfterEntering{2, std::chrono::minutes(1)};
  if (push.type != wechat::MessageType::kEvent) return kAfterMessage;
  switch (push.event) {
    case EventType::kSubscribe:
      return {kAfterAction.messages, kAfterAction.lasts, true};
    case EventType::kScan:
    case EventType::kClick:
    case EventType::kScanCodePush:
    case EventType::kScanCodeWait:
      return kAfterAction;
    case EventType::kEnterTempSession:
      return kAfterEntering;
    default:
      return {};
  }
}

}  // namespace yingda::bot
