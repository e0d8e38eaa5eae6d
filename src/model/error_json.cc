// SPDX-License-Identifier: MIT
#include "model/error_json.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "model/json_read.h"

namespace yingda::model {
namespace {

using Json = nlohmann::json;

/// Prose is searched no further than this: behind it stands what the request said.
constexpr size_t kMaxProseBytes = 2048;

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// A code as people write them: a string or a whole number.
std::string Code(const Json& value) {
  if (value.is_string()) return CleanCode(value.get_ref<const std::string&>());
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  return {};
}

/// The first member of a request that `text` names as a whole word.
std::string NamedMember(std::string_view text) {
  const auto members = RequestMembers();
  while (!text.empty()) {
    const size_t start = static_cast<size_t>(std::find_if(text.begin(), text.end(), IsWordByte) - text.begin());
    text.remove_prefix(start);
    const size_t size = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsWordByte) - text.begin());
    const std::string_view word = text.substr(0, size);
    text.remove_prefix(size);
    // "reasoning models" and "thinking mode" are no members.
    const bool describes = text.starts_with(" mode");
    if (!describes && std::find(members.begin(), members.end(), word) != members.end()) return std::string(word);
  }
  return {};
}

/// FastAPI's list of what is wrong where: [{"loc":["body","stream_options"],…}].
std::string MemberAtFault(const Json& details) {
  if (!details.is_array()) return {};
  for (const Json& detail : details) {
    const Json& place = Member(detail, "loc");
    if (!place.is_array()) continue;
    for (const Json& step : place) {
      if (std::string name = NamedMember(TextOf(step)); !name.empty()) return name;
    }
  }
  return {};
}

struct Phrase {
  std::string_view words;  // in lower case
  std::string_view code;
};
/// What some upstreams say only in prose, under a code that they use for everything.
constexpr std::array kPhrases = {
    Phrase{"content exists risk", "content_exists_risk"},        // DeepSeek
    Phrase{"model not exist", "model_not_found"},                // DeepSeek
    Phrase{"model does not exist", "model_not_found"},           // SiliconFlow, vLLM in part
    Phrase{"maximum context length", "context_length_exceeded"}  // vLLM, DeepSeek
};

/// What prose says of a member that is not taken. Without it, a member that is named may only be too large, or be a
/// word of the follower's.
constexpr std::array<std::string_view, 16> kUnknownWords = {
    "unsupported",   "not support", "n't support", "unknown", "not known", "unrecognized", "unrecognised", "unexpected",
    "not permitted", "not allowed", "extra",       "invalid", "no such",   "must be",      "is fixed",     "不支持"};

bool SaysLittle(const std::string& code) {
  const bool number = std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
  return (number && code.size() <= 3) || code.starts_with("invalid_request") || code == "BadRequestError" ||
         code == "unknown_error";
}

/// Takes from the prose what the code and the named parameter have left out.
void ReadProse(std::string_view prose, bool param_told, UpstreamError& error) {
  prose = prose.substr(0, kMaxProseBytes);
  const std::string lower = LowerCase(prose);
  const bool unknown = std::any_of(kUnknownWords.begin(), kUnknownWords.end(),
                                   [&](std::string_view words) { return lower.find(words) != lower.npos; });
  if (unknown && !param_told && error.param.empty()) error.param = NamedMember(prose);
  if (!SaysLittle(error.code)) return;
  for (const Phrase& phrase : kPhrases) {
    if (lower.find(phrase.words) == lower.npos) continue;
    error.code = phrase.code;
    return;
  }
}

/// MiniMax numbers its errors in the range of Zhipu's, so they get words here, where it is known whose they are.
std::string MiniMaxCode(int code) {
  switch (code) {
    case 1002:
    case 1039:
      return "rate_limit";
    case 1004:
    case 2049:
      return "invalid_api_key";
    case 1008:
      return "insufficient_balance";
    case 1026:
    case 1027:
      return "sensitive";
    case 2013:
      return "invalid_request";
    default:
      return "minimax_" + std::to_string(code);
  }
}

UpstreamError ErrorInWords(const std::string& words) {
  UpstreamError error{0, CleanCode(words)};
  ReadProse(words, false, error);
  return error;
}

UpstreamError ErrorFromObject(const Json& object) {
  UpstreamError error;
  for (const char* key : {"code", "type", "status"}) {
    if (error.code.empty()) error.code = Code(Member(object, key));
  }
  const Json& code = Member(object, "code");
  const int number = code.is_string() ? 0 : CountOf(code);
  if (number >= 300 && number <= 599) error.status = number;
  // Azure hides its content filter one level down.
  const std::string inner = Code(Member(Member(object, "innererror"), "code"));
  if (!inner.empty() && error.code != "content_filter") error.code = inner;
  const Json& metadata = Member(object, "metadata");  // OpenRouter
  // A refusal of content comes as a 403, which from others means the key.
  if (Member(metadata, "flagged_input").is_string()) error.code = "moderation";

  const std::string param = TextOf(Member(object, "param"));
  error.param = NamedMember(param);
  const Json& message = Member(object, "message");
  for (const Json* details : {&Member(message, "detail"), &Member(object, "detail")}) {
    if (error.param.empty()) error.param = MemberAtFault(*details);
  }
  for (const Json* prose : {&message, &Member(object, "msg"), &Member(metadata, "raw")}) {
    if (prose->is_string()) ReadProse(prose->get_ref<const std::string&>(), !param.empty(), error);
  }
  return error;
}

}  // namespace

std::optional<UpstreamError> ReadError(const Json& root) {
  const Json& error = Member(root, "error");
  if (error.is_object() && !error.empty()) return ErrorFromObject(error);
  if (error.is_string() && !TextOf(error).empty()) return ErrorInWords(TextOf(error));
  if (error.is_number() || error == true) return UpstreamError{0, Code(error)};
  if (TextOf(Member(root, "object")) == "error") return ErrorFromObject(root);  // vLLM
  const Json& base = Member(root, "base_resp");                                 // MiniMax
  if (const int code = CountOf(Member(base, "status_code")); code != 0) return UpstreamError{0, MiniMaxCode(code)};
  if (Member(root, "choices").is_array()) return std::nullopt;
  // SiliconFlow and home-made gateways: {"code":…,"message":…} and no answer.
  const bool has_message = Member(root, "message").is_string() || Member(root, "msg").is_string();
  if (has_message && !Member(root, "code").is_null()) return ErrorFromObject(root);
  // FastAPI: nothing but a detail.
  const Json& detail = Member(root, "detail");
  if (root.size() != 1 || detail.is_null()) return std::nullopt;
  UpstreamError found = ErrorInWords(TextOf(detail));
  if (found.param.empty()) found.param = MemberAtFault(detail);
  return found;
}

}  // namespace yingda::model
