// SPDX-License-Identifier: MIT
#include "model/chat_chunk.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "model/common_chunk.h"
#include "model/error_json.h"
#include "model/json_read.h"
#include "model/surrogates.h"

namespace yingda::model {
namespace {

using Json = nlohmann::json;

/// Deeper than any answer, and shallow enough for the destructor of the parsed value, which recurses.
constexpr int kMaxDepth = 64;

/// Content may be a list of parts, of which only the text ones are the answer.
std::string Content(const Json& value, bool& reasoning) {
  if (!value.is_array()) return TextOf(value);
  std::string text;
  for (const Json& part : value) {
    const std::string type = TextOf(Member(part, "type"));
    if (type == "text" || type == "output_text") text += TextOf(Member(part, "text"));
    if (type == "thinking" || type == "reasoning") reasoning = true;
  }
  return text;
}

bool HasReasoning(const Json& message) {
  for (const char* key : {"reasoning_content", "reasoning"}) {
    if (!TextOf(Member(message, key)).empty()) return true;
  }
  const Json& details = Member(message, "reasoning_details");
  return details.is_array() && !details.empty();
}

void ReadUsage(const Json& usage, ChatChunk& chunk) {
  if (!usage.is_object()) return;
  chunk.prompt_tokens = std::max(chunk.prompt_tokens, CountOf(Member(usage, "prompt_tokens")));
  chunk.completion_tokens = std::max(chunk.completion_tokens, CountOf(Member(usage, "completion_tokens")));
}

bool ReadMessage(const Json& message, ChatChunk& chunk) {
  if (!message.is_object()) return false;
  chunk.text = Content(Member(message, "content"), chunk.reasoning);
  if (chunk.text.empty()) chunk.text = TextOf(Member(message, "refusal"));
  chunk.reasoning = chunk.reasoning || HasReasoning(message);
  const Json& tools = Member(message, "tool_calls");
  chunk.tool_calls = (tools.is_array() && !tools.empty()) || Member(message, "function_call").is_object();
  return true;
}

void ReadChoice(const Json& choice, ChatChunk& chunk) {
  if (CountOf(Member(choice, "index")) != 0) return;  // we ask for one answer
  if (ReadMessage(Member(choice, "delta"), chunk) && !chunk.text.empty()) {
    // the usual case
  } else if (const bool reasoning = chunk.reasoning; ReadMessage(Member(choice, "message"), chunk)) {
    chunk.reasoning = chunk.reasoning || reasoning;
    chunk.whole_message = true;
  }
  if (chunk.text.empty()) chunk.text = TextOf(Member(choice, "text"));
  const std::string finish = CleanCode(TextOf(Member(choice, "finish_reason")));
  if (finish != "null") chunk.finish_reason = finish;
  ReadUsage(Member(choice, "usage"), chunk);
}

/// An object, or nothing. Nothing in here throws out.
std::optional<Json> ParseObject(const std::string& text) {
  bool too_deep = false;
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json root = Json::parse(text, watch_depth, /*allow_exceptions=*/false);
  if (too_deep || !root.is_object()) return std::nullopt;
  return root;
}

}  // namespace

std::optional<ChatChunk> ParseChatChunk(std::string_view json) {
  std::optional<ChatChunk> chunk(std::in_place);
  if (!ReadCommonChunk(json, *chunk)) chunk = ParseAnyChunk(json);
  return chunk;
}

std::optional<ChatChunk> ParseAnyChunk(std::string_view json) {
  try {
    std::string text = MarkLoneSurrogates(json);
    ChatChunk chunk;
    chunk.marked = !text.empty();
    if (!chunk.marked) text = json;
    if (!base::IsValidUtf8(text)) text = base::ToValidUtf8(text);
    const std::optional<Json> root = ParseObject(text);
    if (!root) return std::nullopt;
    chunk.error = ReadError(*root);
    ReadUsage(Member(*root, "usage"), chunk);
    const Json& choices = Member(*root, "choices");
    if (choices.is_array()) {
      for (const Json& choice : choices) {
        if (CountOf(Member(choice, "index")) == 0) {
          ReadChoice(choice, chunk);
          break;
        }
      }
    }
    chunk.recognised = choices.is_array() || chunk.error.has_value() || Member(*root, "usage").is_object();
    return chunk;
  } catch (const std::exception&) {
    return std::nullopt;  // no memory, or a shape that the library refuses after all
  }
}

}  // namespace yingda::model
