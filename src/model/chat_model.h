// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
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
  /// Addresses (data: or https:) of pictures that belong to the text, of user messages only.
  std::vector<std::string> pictures = {};
  bool operator==(const ChatMessage&) const = default;
};

struct ChatRequest {
  std::vector<ChatMessage> messages;
  /// When the answer is of no more use; the call ends by then whatever happens.
  base::TimePoint deadline;
  std::string request_id;  // for the log only
  /// The same for every question of one follower, so that where upstreams share the work, a conversation stays with
  /// one of them, whose prompt cache then has its beginning.
  uint64_t follower = 0;
  /// Instead of the upstream's own: how long its first word may take.
  std::optional<base::Duration> first_token_within = {};
};

/// Why an answer could not be had, as far as the follower's text or a retry depends on it.
enum class ChatFailure {
  kNone,
  kTimeout,        // connect, first token, idle or total deadline
  kUnreachable,    // no connection, name not found, TLS
  kRateLimited,    // 429 that may pass
  kRefused,        // bad key, no balance, unknown model: an operator must act
  kBadRequest,     // this one request was not taken: too long, a member that the upstream does not know
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
  std::optional<base::Duration> retry_after = {};  // with a failure: when the upstream said to come again
  bool unsent = false;              // the upstream never saw it: our own limits refused it, or nobody had to be asked
  std::string refused_member = {};  // of kBadRequest: see UpstreamError::param
  bool reasoning_seen = false;      // the model thought before it answered, shown to nobody
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
  /// How many tokens the model counts for one that EstimateTokens counts, as far as its answers have shown.
  virtual double TokensPerEstimate() const { return 1; }
};

}  // namespace yingda::model
