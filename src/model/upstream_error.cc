// SPDX-License-Identifier: MIT
#include "model/upstream_error.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "model/chat_chunk.h"

namespace yingda::model {
namespace {

constexpr size_t kMaxCodeBytes = 64;

struct Rule {
  std::string_view part;  // of the code, in lower case; a number must be the whole code
  ChatFailure failure;
};

// The code is read before the status: Zhipu says 429 for arrears and bans too, and refusals of content come as 400.
constexpr std::array kRules = {
    // content
    Rule{"content_filter", ChatFailure::kContentPolicy},
    Rule{"content_policy", ChatFailure::kContentPolicy},
    Rule{"data_inspection", ChatFailure::kContentPolicy},
    Rule{"datainspection", ChatFailure::kContentPolicy},
    Rule{"sensitive", ChatFailure::kContentPolicy},
    Rule{"responsibleai", ChatFailure::kContentPolicy},
    Rule{"moderation", ChatFailure::kContentPolicy},
    Rule{"content_exists_risk", ChatFailure::kContentPolicy},
    Rule{"1301", ChatFailure::kContentPolicy},  // Zhipu
    // money, keys and models: waiting does not help, an operator must act
    Rule{"insufficient_quota", ChatFailure::kRefused},
    Rule{"exceeded_current_quota", ChatFailure::kRefused},
    Rule{"insufficient_user_quota", ChatFailure::kRefused},
    Rule{"insufficient_balance", ChatFailure::kRefused},
    Rule{"arrear", ChatFailure::kRefused},
    Rule{"overdue", ChatFailure::kRefused},
    Rule{"billing", ChatFailure::kRefused},
    Rule{"invalid_api_key", ChatFailure::kRefused},
    Rule{"invalid_authentication", ChatFailure::kRefused},
    Rule{"authentication", ChatFailure::kRefused},
    Rule{"permission", ChatFailure::kRefused},
    Rule{"model_not_found", ChatFailure::kRefused},
    Rule{"invalidendpointormodel", ChatFailure::kRefused},
    Rule{"1112", ChatFailure::kRefused},   // Zhipu: banned
    Rule{"1113", ChatFailure::kRefused},   // Zhipu: arrears
    Rule{"1211", ChatFailure::kRefused},   // Zhipu: no such model
    Rule{"20012", ChatFailure::kRefused},  // SiliconFlow: no such model
    // this one request
    Rule{"1261", ChatFailure::kBadRequest},  // Zhipu: too long
    Rule{"context_length_exceeded", ChatFailure::kBadRequest},
    // it may pass
    Rule{"overload", ChatFailure::kOverloaded},
    Rule{"1305", ChatFailure::kOverloaded},
    Rule{"1312", ChatFailure::kOverloaded},
    Rule{"rate_limit", ChatFailure::kRateLimited},
    Rule{"ratelimit", ChatFailure::kRateLimited},
    Rule{"throttling", ChatFailure::kRateLimited},
    Rule{"1302", ChatFailure::kRateLimited},
    Rule{"1303", ChatFailure::kRateLimited},
    Rule{"1304", ChatFailure::kRateLimited},
};

constexpr std::array<std::string_view, 9> kRequestMembers = {"stream_options",   "max_tokens", "max_completion_tokens",
                                                             "temperature",      "thinking",   "enable_thinking",
                                                             "reasoning_effort", "reasoning",  "chat_template_kwargs"};

bool Matches(std::string_view code, std::string_view part) {
  const bool number = std::isdigit(static_cast<unsigned char>(part.front())) != 0;
  return number ? code == part : code.find(part) != code.npos;
}

}  // namespace

std::string CleanCode(std::string_view text) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  if (text.size() > kMaxCodeBytes || !std::all_of(text.begin(), text.end(), fits)) return {};
  return std::string(text);
}

ChatFailure Classify(const UpstreamError& error) {
  std::string code = error.code;
  for (char& c : code) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Rule& rule : kRules) {
    if (Matches(code, rule.part)) return rule.failure;
  }
  if (error.status == 429) return ChatFailure::kRateLimited;
  if (error.status == 408 || error.status == 409 || error.status == 425) return ChatFailure::kOverloaded;
  // A firewall in front of the upstream dislikes one follower's words with a page and no code; that is no reason to
  // leave the upstream alone.
  const bool page = error.status == 403 && error.code.empty();
  // Bad keys and unknown models come under the type invalid_request_error, too: the status tells them apart.
  const bool ours = error.status >= 401 && error.status <= 405 && !page;
  if (ours || (error.status >= 300 && error.status < 400)) return ChatFailure::kRefused;
  if (error.status >= 400 && error.status < 500) return ChatFailure::kBadRequest;
  if (error.status < 300 && code.starts_with("invalid_request")) return ChatFailure::kBadRequest;
  // An error inside a 200 is one that came too late for the status line.
  return ChatFailure::kOverloaded;
}

std::span<const std::string_view> RequestMembers() { return kRequestMembers; }

std::string Describe(const UpstreamError& error) {
  std::string text = "status " + std::to_string(error.status);
  if (!error.code.empty()) text += ", code " + error.code;
  return text;
}

UpstreamError ErrorFromBody(int status, std::string_view body) {
  UpstreamError error;
  if (const auto chunk = ParseChatChunk(body); chunk && chunk->error) error = *chunk->error;
  error.status = status;
  return error;
}

}  // namespace yingda::model
