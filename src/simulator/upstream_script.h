// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace yingda::simulator {

struct UpstreamMessage {
  std::string role;
  std::string content;
  std::vector<std::string> pictures = {};  // addresses of its image parts
};

/// One question to the model upstream, as its JSON said it.
struct UpstreamCall {
  uint64_t number = 0;  // 1 for the first call since the start
  std::string model;
  std::vector<UpstreamMessage> messages;
  bool stream = false;
  bool usage_wanted = false;

  /// The last message of the user, and the one before it; empty when there is none.
  std::string_view Question() const { return UserMessage(0); }
  std::string_view PreviousQuestion() const { return UserMessage(1); }

 private:
  std::string_view UserMessage(int back) const;
};

/// How an answer ends, once its chunks are out.
enum class UpstreamEnd {
  kDone,        // finish_reason, usage if asked, [DONE]
  kCut,         // the body ends after the last chunk: no finish_reason, no [DONE]
  kErrorEvent,  // an error object in the stream, then the end
  kSilence,     // nothing more, the connection stays open until the client leaves
  kNoAnswer,    // at first_token_after the connection is closed without a byte; chunks are not sent
};

/// What the upstream does with one call, by its clock.
struct UpstreamScript {
  base::Duration first_token_after{};
  base::Duration chunk_every{};
  std::vector<std::string> chunks;  // pieces of the answer; each becomes one event
  std::string reasoning;            // sent as reasoning_content in front of the first chunk
  std::string finish_reason = "stop";
  UpstreamEnd end = UpstreamEnd::kDone;
  int prompt_tokens = 0;  // as usage tells them; 0: as many as the question's length says
  /// More than zero: the head goes out at once, and SSE comments (`: keep-alive`) fill the time to the first token.
  base::Duration comment_every{};

  /// Anything but 200 answers with an error object at first_token_after.
  int status = 200;
  std::string error_code = "server_error";
  std::string error_message = "scripted error";
  /// When not empty, sent as it is with `status` instead of any JSON: an error page of a proxy, say.
  std::string raw_body;
  std::string raw_content_type = "text/html";
  std::vector<std::pair<std::string, std::string>> headers;  // e.g. Retry-After
};

/// Answers calls. Runs on the upstream's event loop: must not block.
using UpstreamAnswer = std::function<UpstreamScript(const UpstreamCall&)>;

/// `text` in pieces of `characters` code points, spread so that the first comes at `first_token_after` and the last at
/// `total`.
UpstreamScript SpreadAnswer(std::string_view text, base::Duration first_token_after, base::Duration total,
                            size_t characters = 4);

}  // namespace yingda::simulator
