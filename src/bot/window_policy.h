// SPDX-License-Identifier: MIT
#pragma once

#include "base/clock.h"
#include "wechat/incoming.h"

namespace yingda::bot {

/// What an account may do to reach its followers.
enum class Ability {
  kPassive,   // only the reply to the push itself (被动回复)
  kPush,      // customer-service messages too (客服消息)
  kPushOnly,  // nothing but those: mini-programs (小程序)
};

/// How far the answer of a message has come.
enum class Progress {
  kWorking,  // nothing that could be given alone, or only part of the answer
  kReady,    // the answer, or the text that stands for a failure, is whole
};

struct WindowOptions {
  int tries = 3;                                                  // how many of WeChat's tries may be used, 1..3
  base::Duration reply_within = std::chrono::milliseconds(4500);  // after a try arrived; WeChat leaves at 5 s
  base::Duration safety_close = std::chrono::seconds(6);          // a held connection that nobody closed
};

/// Where one open push of a message stands.
struct WindowState {
  Ability ability = Ability::kPassive;
  int try_number = 1;            // 1, 2, 3
  base::Duration since_first{};  // since this message was first seen, restarts included
  base::Duration since_try{};    // since this push arrived
  Progress progress = Progress::kWorking;
};

enum class WindowAction {
  kReply,          // with the whole answer (its first page)
  kHold,           // write nothing; look again at `look_again`
  kReplyWithPart,  // with the sentences there are, or the text that says we are still thinking
  kAcknowledge,    // `success`; the answer goes out by customer-service message
  kClose,          // leave without a byte: WeChat should have done so
};

struct WindowDecision {
  WindowAction action = WindowAction::kHold;
  base::Duration look_again{};  // since this push arrived; only with kHold

  bool operator==(const WindowDecision&) const = default;
};

/// Try 3, or a push so late after the first that a lost try or a restart must have hidden one: with n tries, any push
/// at (n − 1) × 5 s − 0.5 s or later.
bool IsLastTry(const WindowOptions& options, int try_number, base::Duration since_first);

/// Decides over one open push. Pure. Source: 公众号开发文档, 被动回复用户消息 (5 s, three tries).
WindowDecision DecideWindow(const WindowOptions& options, const WindowState& state);

/// How many customer-service messages WeChat takes after something that a follower did, and for how long.
struct SendingWindow {
  int messages = 0;  // 0: it opens no window
  base::Duration lasts{};
  bool only = false;  // there was none before: the follower has just come

  bool operator==(const SendingWindow&) const = default;
};
inline constexpr SendingWindow kAfterMessage{5, std::chrono::hours(48)};

/// The one that this push opens. How several windows of one follower add up is not documented. Pure. Source:
/// 公众号开发文档, 客服消息 (rules since 2023-06-12).
SendingWindow SendingWindowAfter(const wechat::Incoming& push);

}  // namespace yingda::bot
