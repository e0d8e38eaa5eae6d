// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/chat_model.h"
#include "net/http_client.h"

namespace yingda::model {

/// One OpenAI-compatible endpoint and how it is to be used.
struct UpstreamOptions {
  std::string name = "main";  // for logs and metrics
  std::string base_url;
  std::string api_key;  // empty: none is sent
  std::string model;
  int max_tokens = 0;  // 0: not sent
  std::optional<double> temperature;
  /// Asks the model not to think before it answers, in the words of its provider where those are known.
  bool thinking_off = true;
  std::string extra_body;  // a JSON object, merged into the body last; null takes a member out
  std::vector<std::pair<std::string, std::string>> extra_headers;
  bool takes_pictures = false;  // false: those of the messages are left out

  base::Duration connect_timeout = std::chrono::milliseconds(1500);
  /// From sending the request to the first piece of the answer. Reasoning and keep-alives are not the answer.
  base::Duration first_token_timeout = std::chrono::seconds(60);
  base::Duration idle_timeout = std::chrono::seconds(20);  // between two pieces of the answer
  base::Duration total_timeout = std::chrono::minutes(10);

  size_t max_calls_in_flight = 200;
  size_t max_queued = 200;
};

/// Which provider's manner of speaking an endpoint has.
enum class Dialect { kPlain, kOpenAi, kAzure, kThinkingType, kEnableThinking, kOpenRouter, kOllama, kLocal };
Dialect DetectDialect(const std::string& base_url);

/// Where chat completions are asked for: what an operator writes as base URL is anything from a bare host to the full
/// address.
std::string CompletionsUrl(const std::string& base_url);

/// What is wrong with the options, in words for an operator; for use before the model is made.
base::Result<void> CheckUpstream(const UpstreamOptions& options);

/// The request for these messages. Bad extra_body is left out: CheckUpstream reports it.
net::HttpClientRequest MakeUpstreamRequest(const UpstreamOptions& options, const std::vector<ChatMessage>& messages);

}  // namespace yingda::model
