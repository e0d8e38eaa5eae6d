// SPDX-License-Identifier: MIT
#include "model/upstream_request.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "model/json_write.h"

namespace yingda::model {
namespace {

using Json = nlohmann::json;

/// OpenAI's thinking models take other names for the same things.
bool IsOpenAiThinker(std::string_view model) {
  const bool o_series = model.size() >= 2 && model[0] == 'o' && std::isdigit(static_cast<unsigned char>(model[1])) != 0;
  return o_series || model.starts_with("gpt-5");
}

void SwitchThinkingOff(Dialect dialect, std::string_view model, Json& body) {
  switch (dialect) {
    case Dialect::kDeepSeek:
    case Dialect::kZhipu:
    case Dialect::kArk:
      body["thinking"] = {{"type", "disabled"}};
      break;
    case Dialect::kMoonshot:
      // K3 always thinks; how much can be told. The models called moonshot never do.
      if (model.starts_with("kimi-k3")) {
        body["reasoning_effort"] = "low";
      } else if (model.starts_with("kimi")) {
        body["thinking"] = {{"type", "disabled"}};
      }
      break;
    case Dialect::kQwen:
    case Dialect::kSiliconFlow:
      body["enable_thinking"] = false;
      break;
    case Dialect::kOpenRouter:
      body["reasoning"] = {{"enabled", false}};
      break;
    case Dialect::kOllama:
      body["reasoning_effort"] = "none";
      break;
    case Dialect::kLocal:
      body["chat_template_kwargs"] = {{"enable_thinking", false}};
      break;
    case Dialect::kOpenAi:
    case Dialect::kAzure:
      // The least that each generation takes.
      if (IsOpenAiThinker(model)) {
        body["reasoning_effort"] = model.starts_with("gpt-5.")  ? "none"
                                   : model.starts_with("gpt-5") ? "minimal"
                                                                : "low";
      }
      break;
    case Dialect::kPlain:
      break;  // an unknown member may be refused; extra_body is there for it
  }
}

Json ParseExtraBody(const std::string& text) {
  if (base::TrimBlanks(text).empty()) return Json::object();
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

/// A picture is megabytes of base64, in which nothing has to be escaped: it is not looked at byte by byte twice.
void AppendPicture(const std::string& picture, std::string& json) {
  if (!picture.starts_with("data:") || picture.find_first_of("\"\\") != picture.npos) {
    AppendJsonString(picture, json);
  } else {
    json.append("\"").append(picture).append("\"");
  }
}

void AppendMessage(const ChatMessage& message, bool with_pictures, std::string& json) {
  json += R"({"content":)";
  if (with_pictures && !message.pictures.empty()) {
    json += R"([{"text":)";
    AppendJsonString(message.content, json);
    json += R"(,"type":"text"})";
    for (const std::string& picture : message.pictures) {
      json += R"(,{"image_url":{"url":)";
      AppendPicture(picture, json);
      json += R"(},"type":"image_url"})";
    }
    json += ']';
  } else {
    AppendJsonString(message.content, json);
  }
  json += R"(,"role":)";
  AppendJsonString(message.role, json);
  json += '}';
}

/// Room for the messages, so that it is taken at once; escapes may need a little more.
size_t RoomFor(const std::vector<ChatMessage>& messages, bool with_pictures) {
  constexpr size_t kAround = 128;
  size_t bytes = 0;
  for (const ChatMessage& message : messages) {
    bytes += message.content.size() + kAround;
    if (!with_pictures) continue;
    for (const std::string& picture : message.pictures) bytes += picture.size() + kAround;
  }
  return bytes;
}

std::string Dump(const Json& json) {
  // The operator's text is valid by then; a slip must not throw and lose the question.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

bool RequestChanges::Learn(std::string_view refused_member, const UpstreamOptions& options) {
  const auto set = [](bool& change) { return !std::exchange(change, true); };
  const Dialect dialect = DialectOf(options);
  const bool openai = dialect == Dialect::kOpenAi || dialect == Dialect::kAzure;
  const bool thinker = openai && IsOpenAiThinker(options.model);
  if (refused_member == "stream_options") return set(no_stream_options);
  if (refused_member == "temperature") return options.temperature && !thinker && set(no_temperature);
  if (refused_member == "max_tokens" || refused_member == "max_completion_tokens") {
    const bool was_sent = options.max_tokens > 0 && (refused_member == "max_completion_tokens") == thinker;
    return was_sent && set(other_max_tokens);
  }
  const bool switched = options.thinking_off && dialect != Dialect::kPlain && (!openai || thinker);
  return !refused_member.empty() && switched && set(no_thinking_switch);
}

Dialect DialectOf(const UpstreamOptions& options) {
  return options.dialect ? *options.dialect : DetectDialect(options.base_url);
}

base::Result<void> CheckUpstream(const UpstreamOptions& options) {
  const auto wrong = [](std::string message) {
    return base::Error{base::ErrorCode::kInvalidArgument, std::move(message)};
  };
  if (!IsBaseUrl(options.base_url)) return wrong("base_url must begin with http:// or https:// and name a host");
  if (options.model.empty()) return wrong("model is empty");
  if (!ParseExtraBody(options.extra_body).is_object()) return wrong("extra_body is not a JSON object");
  const auto has_line_end = [](const std::string& text) { return text.find_first_of("\r\n") != text.npos; };
  if (has_line_end(options.api_key)) return wrong("api_key has a line end in it");
  for (const auto& [name, value] : options.extra_headers) {
    if (name.empty() || has_line_end(name) || has_line_end(value)) return wrong("extra_headers has a line end in it");
  }
  if (options.max_calls_in_flight == 0) return wrong("max_calls_in_flight is 0");
  return {};
}

void AddHeaders(const UpstreamOptions& options, net::HttpClientRequest& request) {
  if (!options.api_key.empty()) {
    if (DialectOf(options) == Dialect::kAzure) {
      request.headers.emplace_back("api-key", options.api_key);
    } else {
      request.headers.emplace_back("Authorization", "Bearer " + options.api_key);
    }
  }
  request.headers.insert(request.headers.end(), options.extra_headers.begin(), options.extra_headers.end());
}

UpstreamRequestMaker::UpstreamRequestMaker(UpstreamOptions options)
    : options_(std::move(options)), dialect_(DialectOf(options_)), frame_(MakeFrame({})) {
  request_.method = "POST";
  request_.url = CompletionsUrl(options_.base_url);
  request_.connect_timeout = options_.connect_timeout;
  request_.max_response_bytes = 64 * 1024 * 1024;  // a stream's frames are many times its text, reasoning more so
  // An answer costs money: whether to ask again is decided where it is counted.
  request_.at_most_once = true;
  request_.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream, application/json"}};
  AddHeaders(options_, request_);
}

UpstreamRequestMaker::Frame UpstreamRequestMaker::MakeFrame(const RequestChanges& changes) const {
  const bool openai = dialect_ == Dialect::kOpenAi || dialect_ == Dialect::kAzure;
  const bool thinker = openai && IsOpenAiThinker(options_.model);
  Json body = {{"model", options_.model}, {"stream", true}};
  if (!changes.no_stream_options) body["stream_options"] = {{"include_usage", true}};
  const bool new_name = thinker != changes.other_max_tokens;
  if (options_.max_tokens > 0) body[new_name ? "max_completion_tokens" : "max_tokens"] = options_.max_tokens;
  if (options_.temperature && !thinker && !changes.no_temperature) body["temperature"] = *options_.temperature;
  if (options_.thinking_off && !changes.no_thinking_switch) SwitchThinkingOff(dialect_, options_.model, body);
  const Json extra = ParseExtraBody(options_.extra_body);
  if (extra.is_object()) body.merge_patch(extra);
  if (extra.is_object() && extra.contains("messages")) return {changes, Dump(body), "", false};
  // The library writes an object's members in the order of their names, so the messages stand in the middle.
  Json before = Json::object();
  Json after = Json::object();
  for (auto& [name, value] : body.items()) (name < "messages" ? before : after)[name] = std::move(value);
  Frame frame{changes, Dump(before), Dump(after), true};
  frame.before.pop_back();
  frame.before += before.empty() ? R"("messages":[)" : R"(,"messages":[)";
  frame.after.replace(0, 1, after.empty() ? "]" : "],");
  return frame;
}

net::HttpClientRequest UpstreamRequestMaker::Make(const std::vector<ChatMessage>& messages,
                                                  const RequestChanges& changes) {
  if (frame_.changes != changes) frame_ = MakeFrame(changes);
  net::HttpClientRequest request = request_;
  if (!frame_.takes_messages) {
    request.body = frame_.before;
    return request;
  }
  std::string& body = request.body;
  body.reserve(frame_.before.size() + RoomFor(messages, options_.takes_pictures) + frame_.after.size());
  body += frame_.before;
  for (const ChatMessage& message : messages) {
    if (&message != &messages.front()) body += ',';
    AppendMessage(message, options_.takes_pictures, body);
  }
  body += frame_.after;
  return request;
}

net::HttpClientRequest MakeUpstreamRequest(const UpstreamOptions& options, const std::vector<ChatMessage>& messages,
                                           const RequestChanges& changes) {
  return UpstreamRequestMaker(options).Make(messages, changes);
}

}  // namespace yingda::model
