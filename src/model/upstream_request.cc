// SPDX-License-Identifier: MIT
#include "model/upstream_request.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace yingda::model {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kEndpoint = "/chat/completions";

struct BaseUrl {
  std::string_view scheme, host, port, path, query;  // path without trailing slashes, query with its '?'
};

BaseUrl Split(std::string_view url) {
  url = base::TrimBlanks(url);
  BaseUrl parts;
  const size_t scheme_end = url.find("://");
  if (scheme_end == url.npos) return parts;
  parts.scheme = url.substr(0, scheme_end);
  const size_t query = std::min(url.find('?'), url.size());
  parts.query = url.substr(query);
  url = url.substr(0, query);
  const std::string_view rest = url.substr(std::min(scheme_end + 3, url.size()));
  const size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  while (parts.path.ends_with('/')) parts.path.remove_suffix(1);
  parts.host = rest.substr(0, slash);
  const size_t colon = parts.host.rfind(':');
  if (colon != parts.host.npos && parts.host.find(']', colon) == parts.host.npos) {
    parts.port = parts.host.substr(colon + 1);
    parts.host = parts.host.substr(0, colon);
  }
  return parts;
}

bool IsLocal(std::string_view host) {
  return host.find('.') == host.npos || host.starts_with("127.") || host.starts_with("10.") ||
         host.starts_with("192.168.") || host.ends_with(".local") || host.starts_with('[');
}

bool EndsWithDomain(std::string_view host, std::string_view domain) {
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

/// OpenAI's thinking models take other names for the same things.
bool IsOpenAiThinker(std::string_view model) {
  const bool o_series = model.size() >= 2 && model[0] == 'o' && std::isdigit(static_cast<unsigned char>(model[1])) != 0;
  return o_series || model.starts_with("gpt-5");
}

void SwitchThinkingOff(Dialect dialect, std::string_view model, Json& body) {
  switch (dialect) {
    case Dialect::kThinkingType:
      body["thinking"] = {{"type", "disabled"}};
      break;
    case Dialect::kEnableThinking:
      body["enable_thinking"] = false;
      break;
    case Dialect::kOpenRouter:
      body["reasoning"] = {{"enabled", false}};
      break;
    case Dialect::kOllama:
      body["reasoning_effort"] = "none";
      break;
    case Dialect::kLocal:  // vLLM, SGLang, llama.cpp
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

std::string MakeBody(const UpstreamOptions& options, const std::vector<ChatMessage>& messages) {
  const Dialect dialect = DetectDialect(options.base_url);
  const bool openai = dialect == Dialect::kOpenAi || dialect == Dialect::kAzure;
  const bool thinker = openai && IsOpenAiThinker(options.model);
  Json body = {{"model", options.model}, {"stream", true}, {"stream_options", {{"include_usage", true}}}};
  body["messages"] = Json::array();
  for (const ChatMessage& message : messages) {
    body["messages"].push_back({{"role", message.role}, {"content", message.content}});
  }
  if (options.max_tokens > 0) body[thinker ? "max_completion_tokens" : "max_tokens"] = options.max_tokens;
  if (options.temperature && !thinker) body["temperature"] = *options.temperature;
  if (options.thinking_off) SwitchThinkingOff(dialect, options.model, body);
  const Json extra = ParseExtraBody(options.extra_body);
  if (extra.is_object()) body.merge_patch(extra);
  // Followers' text is valid by then; a slip must not throw and lose the question.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Dialect DetectDialect(const std::string& base_url) {
  const BaseUrl parts = Split(base_url);
  const auto is = [&](std::string_view domain) { return EndsWithDomain(parts.host, domain); };
  if (is("openai.com")) return Dialect::kOpenAi;
  if (is("openai.azure.com") || is("cognitiveservices.azure.com")) return Dialect::kAzure;
  if (is("deepseek.com") || is("bigmodel.cn") || is("z.ai") || is("volces.com") || is("moonshot.cn") ||
      is("moonshot.ai")) {
    return Dialect::kThinkingType;
  }
  if (is("aliyuncs.com") || is("siliconflow.cn") || is("siliconflow.com")) return Dialect::kEnableThinking;
  if (is("openrouter.ai")) return Dialect::kOpenRouter;
  if (parts.port == "11434") return Dialect::kOllama;
  return IsLocal(parts.host) ? Dialect::kLocal : Dialect::kPlain;
}

std::string CompletionsUrl(const std::string& base_url) {
  const BaseUrl parts = Split(base_url);
  std::string url = std::string(parts.scheme) + "://" + std::string(parts.host);
  if (!parts.port.empty()) url.append(":").append(parts.port);
  url += parts.path;
  // A path is the operator's word: versions differ (/api/paas/v4, /api/v3), so /v1 is only guessed for a bare host.
  if (parts.path.empty() && !EndsWithDomain(parts.host, "deepseek.com")) url += "/v1";
  if (!parts.path.ends_with(kEndpoint)) url += kEndpoint;
  return url.append(parts.query);
}

base::Result<void> CheckUpstream(const UpstreamOptions& options) {
  const auto wrong = [](std::string message) {
    return base::Error{base::ErrorCode::kInvalidArgument, std::move(message)};
  };
  const BaseUrl parts = Split(options.base_url);
  if ((parts.scheme != "http" && parts.scheme != "https") || parts.host.empty()) {
    return wrong("base_url must begin with http:// or https:// and name a host");
  }
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

net::HttpClientRequest MakeUpstreamRequest(const UpstreamOptions& options, const std::vector<ChatMessage>& messages) {
  net::HttpClientRequest request;
  request.method = "POST";
  request.url = CompletionsUrl(options.base_url);
  request.connect_timeout = options.connect_timeout;
  request.max_response_bytes = 64 * 1024 * 1024;  // a stream's frames are many times its text, reasoning more so
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream, application/json"}};
  if (!options.api_key.empty()) {
    if (DetectDialect(options.base_url) == Dialect::kAzure) {
      request.headers.emplace_back("api-key", options.api_key);
    } else {
      request.headers.emplace_back("Authorization", "Bearer " + options.api_key);
    }
  }
  request.headers.insert(request.headers.end(), options.extra_headers.begin(), options.extra_headers.end());
  request.body = MakeBody(options, messages);
  return request;
}

}  // namespace yingda::model
