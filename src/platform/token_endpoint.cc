// SPDX-License-Identifier: MIT
#include "platform/token_endpoint.h"

#include <arpa/inet.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "platform/errcodes.h"

namespace yingda::platform {
namespace {

using nlohmann::json;
using Kind = TokenAnswer::Kind;

constexpr int kOkStatus = 200;
constexpr int kServerError = 500;
constexpr int64_t kLongestLifetimeSeconds = 7 * 24 * 3600;  // seconds; WeChat says 7200, anything longer is nonsense
constexpr size_t kMaxAnswer = 64 * 1024;
constexpr size_t kMaxToken = 2048;

bool IsAddress(const std::string& text) {
  in6_addr room{};
  return inet_pton(AF_INET, text.c_str(), &room) == 1 || inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

bool LooksLikeToken(const std::string& text) {
  if (text.empty() || text.size() > kMaxToken) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

TokenAnswer Busy(std::string problem) {
  TokenAnswer answer;
  answer.problem = std::move(problem);
  return answer;
}

TokenAnswer Failure(int errcode, const std::string& errmsg) {
  TokenAnswer answer;
  answer.errcode = errcode;
  const std::string said = "errcode " + std::to_string(errcode);
  const Errcode known = FindErrcode(errcode);
  switch (known.about) {
    case ErrcodeClass::kBusy:
      answer.kind = Kind::kBusy;
      answer.problem = "WeChat is busy (" + said + "); trying again";
      break;
    case ErrcodeClass::kRate:
      answer.kind = Kind::kTooOften;
      answer.problem = "tokens were asked for too often within a minute (" + said + "); trying again in a minute";
      break;
    case ErrcodeClass::kQuota:
      answer.kind = Kind::kQuota;
      answer.problem = "the day's tokens are used up (" + said +
                       "); find the other program that fetches them, or use clear_quota in the console";
      break;
    case ErrcodeClass::kToken:  // 40001 means "wrong secret" here
    case ErrcodeClass::kConfig:
      answer.kind = Kind::kWrongSecret;
      answer.problem = errcode == 40243 ? "the AppSecret is frozen (" + said + "); unfreeze it in the WeChat console"
                                        : "WeChat does not accept app_id and app_secret (" + said +
                                              "); compare both with the WeChat console, then restart";
      break;
    case ErrcodeClass::kAddress:
      answer.kind = Kind::kAddress;
      answer.address = AddressIn(errmsg);
      answer.problem = (answer.address.empty() ? "this machine's address" : answer.address) +
                       " is not on the account's IP whitelist (" + said +
                       "); add it in the WeChat console (IP 白名单), or confirm it there when WeChat asks the admin";
      break;
    default:
      answer.kind = Kind::kRefused;
      answer.problem = "WeChat gives no token (" + said + ": " + std::string(known.meaning) + ")";
  }
  return answer;
}

}  // namespace

const char* ToString(TokenEndpoint endpoint) { return endpoint == TokenEndpoint::kStable ? "stable" : "legacy"; }

net::HttpClientRequest TokenRequest(TokenEndpoint endpoint, const TokenCredentials& credentials, bool force) {
  net::HttpClientRequest request;
  request.max_response_bytes = kMaxAnswer;
  if (endpoint == TokenEndpoint::kLegacy) {
    request.url = credentials.api_base +
                  "/cgi-bin/token?grant_type=client_credential&appid=" + QueryEscaped(credentials.app_id) +
                  "&secret=" + QueryEscaped(credentials.app_secret);
    return request;
  }
  request.method = "POST";
  request.url = credentials.api_base + "/cgi-bin/stable_token";
  request.headers = {{"Content-Type", "application/json"}};
  const json body = {{"grant_type", "client_credential"},
                     {"appid", credentials.app_id},
                     {"secret", credentials.app_secret},
                     {"force_refresh", force}};
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

TokenAnswer ReadTokenAnswer(const base::Result<HttpAnswer>& answer) {
  if (!answer) return Busy("WeChat's API does not answer: " + answer.error().message);
  const json body = json::parse(answer->body, nullptr, false);
  const std::string status = "status " + std::to_string(answer->status);
  if (!body.is_object() || answer->status >= kServerError) {
    return Busy("WeChat's API answered something that is no token (" + status + "); check api_base");
  }
  const auto errcode = body.find("errcode");
  if (errcode != body.end() && errcode->is_number_integer() && errcode->get<int64_t>() != 0) {
    const auto errmsg = body.find("errmsg");
    return Failure(errcode->get<int>(), errmsg != body.end() && errmsg->is_string() ? errmsg->get<std::string>() : "");
  }
  const auto token = body.find("access_token");
  const auto lifetime = body.find("expires_in");
  if (answer->status != kOkStatus || token == body.end() || !token->is_string() || lifetime == body.end() ||
      !lifetime->is_number_integer() || lifetime->get<int64_t>() <= 0 ||
      lifetime->get<int64_t>() > kLongestLifetimeSeconds || !LooksLikeToken(token->get<std::string>())) {
    return Busy("WeChat's API answered something that is no token (" + status + "); check api_base");
  }
  TokenAnswer good;
  good.kind = Kind::kToken;
  good.token = token->get<std::string>();
  good.lifetime = std::chrono::seconds(lifetime->get<int64_t>());
  return good;
}

std::string AddressIn(std::string_view errmsg) {
  for (size_t at = 0; at < errmsg.size();) {
    const size_t end = std::min(errmsg.find_first_of(" ,;", at), errmsg.size());
    const std::string word(errmsg.substr(at, end - at));
    if (IsAddress(word)) return word;
    at = end + 1;
  }
  return {};
}

}  // namespace yingda::platform
