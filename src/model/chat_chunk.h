// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/upstream_error.h"

namespace yingda::model {

/// What matters in one JSON text of a chat API: a chunk of a stream, a whole answer, or an error, in the shapes that
/// OpenAI, its many imitators, and gateways in front of them send.
struct ChatChunk {
  /// Text of the answer. May hold marks for lone surrogates: see `marked` and SurrogateJoiner.
  std::string text;
  bool marked = false;
  bool whole_message = false;  // the text stands in "message": a stream that had deltas repeats itself here
  bool reasoning = false;
  bool tool_calls = false;
  std::string finish_reason;  // cleaned of anything but a code; empty: none yet
  int prompt_tokens = 0;
  int completion_tokens = 0;
  std::optional<UpstreamError> error;
  bool recognised = false;  // it has at least something of the protocol
  bool operator==(const ChatChunk&) const = default;
};

/// Nothing when it is not a JSON object. Invalid UTF-8 becomes U+FFFD.
std::optional<ChatChunk> ParseChatChunk(std::string_view json);

/// The same, without the short way for common shapes: some 15 times slower, and what that way is tested against.
std::optional<ChatChunk> ParseAnyChunk(std::string_view json);

}  // namespace yingda::model
