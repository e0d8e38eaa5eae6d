// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "wechat/reply.h"

namespace yingda::platform {

/// How a customer-service message (客服消息) ended.
enum class SendEnd {
  kDelivered,    // errcode 0
  kClosed,       // this follower cannot be written to now: window over, messages used up, refused, gone
  kNotAllowed,   // the account may not send such messages at all (48001)
  kRejected,     // WeChat does not take this content (too long, risky, a kind it has not)
  kUnavailable,  // certainly not sent: no token, quota, no connection, or still busy after all retries
  kUnknown,      // sent, but WeChat's answer never came: it may have arrived
};

struct SendOutcome {
  SendEnd end = SendEnd::kUnavailable;
  int errcode = 0;  // WeChat's, 0 without one
};

/// Writes to followers of one account outside of their pushes. Calls for one follower must not overlap if their order
/// matters. Thread-safety: on the event loop it was made for, where `done` runs too, exactly once.
class FollowerMessages {
 public:
  using Done = std::function<void(SendOutcome)>;
  virtual ~FollowerMessages() = default;

  /// `made_by_model` has WeChat mark the message as written by an AI.
  virtual void Send(std::string open_id, wechat::Reply message, bool made_by_model, Done done) = 0;
  /// Shows 对方正在输入 for a while; its failures are nobody's business.
  virtual void Typing(std::string open_id) = 0;
};

}  // namespace yingda::platform
