// SPDX-License-Identifier: MIT
#include "model/upstream_request.h"

#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/secret.h"
#include "base/utf8.h"

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

/// Pictures are megabytes of base64, which need no escaping and which the JSON library would look at byte by byte: a
/// name stands for each until the rest is written.
class PictureNames {
 public:
  std::string NameFor(const std::string& picture) {
    if (!picture.starts_with("data:") || picture.find_first_of("\"\\") != picture.npos) return picture;
    pictures_.push_back(&picture);
    return salt_ + std::to_string(pictures_.size() - 1) + ".";
  }
  std::string Resolve(std::string body) const {
    if (pictures_.empty()) return body;
    size_t bytes = body.size();
    for (const std::string* picture : pictures_) bytes += picture->size();
    std::string whole;
    whole.reserve(bytes);
    size_t from = 0;
    for (size_t i = 0; i < pictures_.size(); ++i) {  // they stand in their order
      const std::string name = salt_ + std::to_string(i) + ".";
      const size_t at = body.find(name, from);
      if (at == body.npos) continue;  // extra_body has replaced the messages
      whole.append(body, from, at - from).append(*pictures_[i]);
      from = at + name.size();
    }
    return whole.append(body, from);
  }

 private:
  const std::string salt_ = "picture-" + base::RandomHex(16) + "-";
  std::vector<const std::string*> pictures_;
};

Json Content(const UpstreamOptions& options, const ChatMessage& message, PictureNames& names) {
  if (message.pictures.empty() || !options.takes_pictures) return message.content;
  Json parts = Json::array({{{"type", "text"}, {"text", message.content}}});
  for (const std::string& picture : message.pictures) {
    parts.push_back({{"type", "image_url"}, {"image_url", {{"url", names.NameFor(picture)}}}});
  }
  return parts;
}

std::string MakeBody(const UpstreamOptions& options, const std::vector<ChatMessage>& messages,
                     const RequestChanges& changes) {
  const Dialect dialect = DialectOf(options);
  const bool openai = dialect == Dialect::kOpenAi || dialect == Dialect::kAzure;
  const bool thinker = openai && IsOpenAiThinker(options.model);
  Json body = {{"model", options.model}, {"stream", true}};
  if (!changes.no_stream_options) body["stream_options"] = {{"include_usage", true}};
  body["messages"] = Json::array();
  PictureNames names;
  for (const ChatMessage& message : messages) {
    body["messages"].push_back({{"role", message.role}, {"content", Content(options, message, names)}});
  }
  const bool new_name = thinker != changes.other_max_tokens;
  if (options.max_tokens > 0) body[new_name ? "max_completion_tokens" : "max_tokens"] = options.max_tokens;
  if (options.temperature && !thinker && !changes.no_temperature) body["temperature"] = *options.temperature;
  if (options.thinking_off && !changes.no_thinking_switch) SwitchThinkingOff(dialect, options.model, body);
  const Json extra = ParseExtraBody(options.extra_body);
  if (extra.is_object()) body.merge_patch(extra);
  // Followers' text is valid by then; a slip must not throw and lose the question.
  return names.Resolve(body.dump(-1, ' ', false, Json::error_handler_t::replace));
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

net::HttpClientRequest MakeUpstreamRequest(const UpstreamOptions& options, const std::vector<ChatMessage>& messages,
                                           const RequestChanges& changes) {
  net::HttpClientRequest request;
  request.method = "POST";
  request.url = CompletionsUrl(options.base_url);
  request.connect_timeout = options.connect_timeout;
  request.max_response_bytes = 64 * 1024 * 1024;  // a stream's frames are many times its text, reasoning more so
  // An answer costs money: whether to ask again is decided where it is counted.
  request.at_most_once = true;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream, application/json"}};
  AddHeaders(options, request);
  request.body = MakeBody(options, messages, changes);
  return request;
}

}  // namespace yingda::model
