// SPDX-License-Identifier: MIT
#include "model/chat_chunk.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "model/surrogates.h"

namespace yingda::model {
namespace {

using Json = nlohmann::json;

/// Deeper than any answer, and shallow enough for the destructor of the parsed value, which recurses.
constexpr int kMaxDepth = 64;

/// The member `key` of an object, or null when there is no such thing.
const Json& At(const Json& value, const char* key) {
  static const Json kNull;
  if (!value.is_object()) return kNull;
  const auto at = value.find(key);
  return at == value.end() ? kNull : *at;
}

std::string Text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

int Count(const Json& value) {
  if (!value.is_number()) return 0;
  const double number = value.get<double>();
  return number >= 0 && number < 1e9 ? static_cast<int>(number) : 0;
}

/// A code as people write them: a string or a whole number.
std::string Code(const Json& value) {
  if (value.is_string()) return CleanCode(value.get<std::string>());
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  return {};
}

/// Content may be a list of parts, of which only the text ones are the answer.
std::string Content(const Json& value, bool& reasoning) {
  if (!value.is_array()) return Text(value);
  std::string text;
  for (const Json& part : value) {
    const std::string type = Text(At(part, "type"));
    if (type == "text" || type == "output_text") text += Text(At(part, "text"));
    if (type == "thinking" || type == "reasoning") reasoning = true;
  }
  return text;
}

bool HasReasoning(const Json& message) {
  for (const char* key : {"reasoning_content", "reasoning"}) {
    if (!Text(At(message, key)).empty()) return true;
  }
  const Json& details = At(message, "reasoning_details");
  return details.is_array() && !details.empty();
}

void ReadUsage(const Json& usage, ChatChunk& chunk) {
  if (!usage.is_object()) return;
  chunk.prompt_tokens = std::max(chunk.prompt_tokens, Count(At(usage, "prompt_tokens")));
  chunk.completion_tokens = std::max(chunk.completion_tokens, Count(At(usage, "completion_tokens")));
}

bool ReadMessage(const Json& message, ChatChunk& chunk) {
  if (!message.is_object()) return false;
  chunk.text = Content(At(message, "content"), chunk.reasoning);
  if (chunk.text.empty()) chunk.text = Text(At(message, "refusal"));
  chunk.reasoning = chunk.reasoning || HasReasoning(message);
  const Json& tools = At(message, "tool_calls");
  chunk.tool_calls = (tools.is_array() && !tools.empty()) || At(message, "function_call").is_object();
  return true;
}

void ReadChoice(const Json& choice, ChatChunk& chunk) {
  if (Count(At(choice, "index")) != 0) return;  // we ask for one answer
  if (ReadMessage(At(choice, "delta"), chunk) && !chunk.text.empty()) {
    // the usual case
  } else if (const bool reasoning = chunk.reasoning; ReadMessage(At(choice, "message"), chunk)) {
    chunk.reasoning = chunk.reasoning || reasoning;
    chunk.whole_message = true;
  }
  if (chunk.text.empty()) chunk.text = Text(At(choice, "text"));
  const std::string finish = CleanCode(Text(At(choice, "finish_reason")));
  if (finish != "null") chunk.finish_reason = finish;
  ReadUsage(At(choice, "usage"), chunk);
}

std::optional<UpstreamError> ReadErrorObject(const Json& object) {
  UpstreamError error;
  for (const char* key : {"code", "type", "status"}) {
    if (error.code.empty()) error.code = Code(At(object, key));
  }
  const Json& code = At(object, "code");
  const int number = code.is_string() ? 0 : Count(code);
  if (number >= 300 && number <= 599) error.status = number;
  // Azure hides its content filter one level down.
  const std::string inner = Code(At(At(object, "innererror"), "code"));
  if (!inner.empty() && error.code != "content_filter") error.code = inner;
  return error;
}

std::optional<UpstreamError> ReadError(const Json& root) {
  const Json& error = At(root, "error");
  if (error.is_object() && !error.empty()) return ReadErrorObject(error);
  if (error.is_string() && !Text(error).empty()) return UpstreamError{0, CleanCode(Text(error))};
  if (error.is_number() || error == true) return UpstreamError{0, Code(error)};
  if (Text(At(root, "object")) == "error") return ReadErrorObject(root);  // vLLM
  const Json& base = At(root, "base_resp");                               // MiniMax
  if (Count(At(base, "status_code")) != 0) return UpstreamError{0, Code(At(base, "status_code"))};
  // SiliconFlow and home-made gateways: {"code":…,"message":…} and no answer.
  const bool has_message = At(root, "message").is_string() || At(root, "msg").is_string();
  if (has_message && !At(root, "code").is_null() && !root.contains("choices")) return ReadErrorObject(root);
  return std::nullopt;
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
  try {
    std::string text = MarkLoneSurrogates(json);
    ChatChunk chunk;
    chunk.marked = !text.empty();
    if (!chunk.marked) text = json;
    if (!base::IsValidUtf8(text)) text = base::ToValidUtf8(text);
    const std::optional<Json> root = ParseObject(text);
    if (!root) return std::nullopt;
    chunk.error = ReadError(*root);
    ReadUsage(At(*root, "usage"), chunk);
    const Json& choices = At(*root, "choices");
    if (choices.is_array()) {
      for (const Json& choice : choices) {
        if (Count(At(choice, "index")) == 0) {
          ReadChoice(choice, chunk);
          break;
        }
      }
    }
    chunk.recognised = choices.is_array() || chunk.error.has_value() || At(*root, "usage").is_object();
    return chunk;
  } catch (const std::exception&) {
    return std::nullopt;  // no memory, or a shape that the library refuses after all
  }
}

}  // namespace yingda::model
