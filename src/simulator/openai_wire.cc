// SPDX-License-Identifier: MIT
#include "simulator/openai_wire.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace yingda::simulator {
namespace {

using Json = nlohmann::json;

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
std::string Event(const Json& json) { return "data: " + Dump(json) + "\n\n"; }

Json Chunk(const AnswerIdentity& answer, Json choices) {
  return {{"id", answer.id},
          {"object", "chat.completion.chunk"},
          {"created", answer.created},
          {"model", answer.model},
          {"choices", std::move(choices)}};
}

Json Choice(Json delta, Json finish_reason = nullptr) {
  return Json::array({{{"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}}});
}

/// Content is a string, or a list of parts of which only the texts matter here.
std::string ContentText(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& part : content) {
    const auto piece = part.is_object() ? part.find("text") : part.end();
    if (part.is_object() && piece != part.end() && piece->is_string()) text += piece->get<std::string>();
  }
  return text;
}

/// The addresses of the image parts among the parts of a content.
std::vector<std::string> ContentPictures(const Json& content) {
  std::vector<std::string> pictures;
  if (!content.is_array()) return pictures;
  for (const Json& part : content) {
    const auto picture = part.is_object() ? part.find("image_url") : part.end();
    if (!part.is_object() || picture == part.end() || !picture->is_object()) continue;
    const auto url = picture->find("url");
    if (url != picture->end() && url->is_string()) pictures.push_back(url->get<std::string>());
  }
  return pictures;
}

bool BoolField(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_boolean() && field->get<bool>();
}

std::string StringField(const Json& object, const char* name) {
  const auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : std::string();
}

/// A stand-in for a tokenizer: one token a code point is near enough for a demo.
int64_t Tokens(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); at += base::DecodeUtf8(text, at).length) ++count;
  return count;
}

Json Usage(const UpstreamCall& call, const UpstreamScript& script) {
  int64_t prompt = 0;
  for (const UpstreamMessage& message : call.messages) prompt += Tokens(message.content);
  if (script.prompt_tokens > 0) prompt = script.prompt_tokens;
  int64_t completion = Tokens(script.reasoning);
  for (const std::string& chunk : script.chunks) completion += Tokens(chunk);
  return {{"prompt_tokens", prompt}, {"completion_tokens", completion}, {"total_tokens", prompt + completion}};
}

base::Error BadRequest(std::string message) { return {base::ErrorCode::kInvalidArgument, std::move(message)}; }

}  // namespace

base::Result<UpstreamCall> ParseChatRequest(std::string_view body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return BadRequest("the body is not a JSON object");
  const auto messages = json.find("messages");
  if (messages == json.end() || !messages->is_array() || messages->empty()) {
    return BadRequest("'messages' must be a list with at least one message");
  }
  UpstreamCall call;
  call.model = StringField(json, "model");
  if (call.model.empty()) return BadRequest("you must provide a model parameter");
  for (const Json& message : *messages) {
    if (!message.is_object()) return BadRequest("each of 'messages' must be an object");
    const auto content = message.find("content");
    UpstreamMessage& taken = call.messages.emplace_back();
    taken.role = StringField(message, "role");
    if (content == message.end()) continue;
    taken.content = ContentText(*content);
    taken.pictures = ContentPictures(*content);
  }
  call.stream = BoolField(json, "stream");
  const auto stream_options = json.find("stream_options");
  call.usage_wanted =
      stream_options != json.end() && stream_options->is_object() && BoolField(*stream_options, "include_usage");
  return call;
}

std::string RoleEvent(const AnswerIdentity& answer) {
  return Event(Chunk(answer, Choice({{"role", "assistant"}, {"content", ""}})));
}

std::string ReasoningEvent(const AnswerIdentity& answer, std::string_view text) {
  return Event(Chunk(answer, Choice({{"content", nullptr}, {"reasoning_content", text}})));
}

std::string TextEvent(const AnswerIdentity& answer, std::string_view text) {
  return Event(Chunk(answer, Choice({{"content", text}})));
}

std::string FinishEvent(const AnswerIdentity& answer, std::string_view finish_reason) {
  return Event(Chunk(answer, Choice(Json::object(), finish_reason)));
}

std::string UsageEvent(const AnswerIdentity& answer, const UpstreamCall& call, const UpstreamScript& script) {
  Json chunk = Chunk(answer, Json::array());
  chunk["usage"] = Usage(call, script);
  return Event(chunk);
}

std::string ErrorEvent(const UpstreamScript& script) {
  return "data: " + ErrorBody("server_error", script.error_code, script.error_message) + "\n\n";
}

std::string DoneEvent() { return "data: [DONE]\n\n"; }

std::string CompletionBody(const AnswerIdentity& answer, const UpstreamCall& call, const UpstreamScript& script) {
  std::string text;
  for (const std::string& chunk : script.chunks) text += chunk;
  Json message = {{"role", "assistant"}, {"content", text}};
  if (!script.reasoning.empty()) message["reasoning_content"] = script.reasoning;
  return Dump(
      {{"id", answer.id},
       {"object", "chat.completion"},
       {"created", answer.created},
       {"model", answer.model},
       {"choices", Json::array({{{"index", 0}, {"message", message}, {"finish_reason", script.finish_reason}}})},
       {"usage", Usage(call, script)}});
}

std::string ErrorBody(std::string_view type, std::string_view code, std::string_view message) {
  return Dump({{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", code}}}});
}

std::string ModelsBody(std::string_view model) {
  return Dump({{"object", "list"},
               {"data", Json::array({{{"id", model}, {"object", "model"}, {"created", 0}, {"owned_by", "yingda"}}})}});
}

}  // namespace yingda::simulator
