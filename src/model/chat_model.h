// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace yingda::model {

struct ChatMessage {
  std::string role;  // system, user or assistant
  std::string content;
  bool operator==(const ChatMessage&) const = default;
};

struct ChatRequest {
  std::vector<ChatMessage> messages;
  /// When the answer is of no more use; the call ends by then whatever happens.
  base::TimePoint deadline;
  std::string request_id;  // for the log only
};

/// Why an answer could not be had, as far as the follower's text or a retry depends on it.
enum class ChatFailure {
  kNone,
  kTimeout,        // connect, first token, idle or total deadline
  kUnreachable,    // no connection, name not found, TLS
  kRateLimited,    // 429 that may pass
  kRefused,        // bad key, no balance, unknown model: an operator must act
  kContentPolicy,  // the provider refused question or answer
  kBadAnswer,      // not the protocol, cut off before any text
  kEmpty,          // the stream ended well with no text
  kOverloaded,     // our own limit of calls in flight, or the provider's 5xx
  kCancelled,
};
const char* ToString(ChatFailure failure);

struct ChatOutcome {
  ChatFailure failure = ChatFailure::kNone;
  std::string detail;         // for the operator's log: status and the upstream's code, never its prose, never a secret
  std::string finish_reason;  // as the upstream said it
  bool truncated = false;     // text came but not its end (length limit, cut connection)
  int prompt_tokens = 0;      // 0: not told
  int completion_tokens = 0;
};

/// One call under way. Dropping it cancels the call; then no event comes any more.
class ChatCall {
 public:
  virtual ~ChatCall() = default;
};

struct ChatEvents {
  /// The next piece of the answer, valid UTF-8, never empty; reasoning is never in it.
  std::function<void(std::string_view)> on_text;
  /// Once, last. When failure is not kNone, text may have come before; it may be shown if `truncated` says so.
  std::function<void(const ChatOutcome&)> on_done;
};

/// A language model that answers in a stream; one of the four doors to the world.
/// Thread-safety: on the event loop it was made for; events come there, never from within Ask.
class ChatModel {
 public:
  virtual ~ChatModel() = default;
  virtual std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) = 0;
};

}  // namespace yingda::model
