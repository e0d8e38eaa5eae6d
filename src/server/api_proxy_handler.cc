// SPDX-License-Identifier: MIT
#include "server/api_proxy_handler.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace yingda::server {
namespace {

using base::ErrorCode;

constexpr std::string_view kProxyPath = "/wxapi/";
constexpr size_t kMaxPath = 256;

bool IsTokenPath(std::string_view path) { return path == "/cgi-bin/token" || path == "/cgi-bin/stable_token"; }

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// As far as it is needed to see through an escaped "access_token".
std::string Decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

net::HttpResponse Passed(base::Result<platform::ApiAnswer> answer) {
  if (answer) {
    std::string type = answer->content_type.empty() ? "application/octet-stream" : std::move(answer->content_type);
    return {answer->status, std::move(type), std::move(answer->body), {{"Cache-Control", "no-store"}}};
  }
  const std::string& why = answer.error().message;
  switch (answer.error().code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kInvalidArgument:
      return ApiRefusal(503, "not sent to WeChat: " + why);
    case ErrorCode::kDeadlineExceeded:
      return ApiRefusal(504, "WeChat did not answer in time; it may have taken the call");
    default:
      return ApiRefusal(502, "WeChat's answer did not come whole; it may have taken the call: " + why);
  }
}

}  // namespace

bool IsApiPath(std::string_view path) {
  if (path.size() < 2 || path.size() > kMaxPath || path.front() != '/') return false;
  char before = 0;
  for (const char c : path) {
    // After a slash and after a dot come letters and digits: so neither "//" nor "/." nor "..".
    if (!IsLetterOrDigit(c) && (before == '/' || before == '.') && c != '_') return false;
    if (!IsLetterOrDigit(c) && c != '/' && c != '_' && c != '-' && c != '.') return false;
    before = c;
  }
  return before != '/' && before != '.';
}

std::optional<std::string> WithoutToken(std::string_view query) {
  std::string kept;
  for (size_t at = 0; at < query.size();) {
    const size_t end = std::min(query.find('&', at), query.size());
    const std::string_view parameter = query.substr(at, end - at);
    at = end + 1;
    if (parameter.empty() || Decoded(parameter.substr(0, parameter.find('='))) == "access_token") continue;
    if (!std::ranges::all_of(parameter, [](char c) { return c > ' ' && c <= '~' && c != '#'; })) return std::nullopt;
    if (!kept.empty()) kept += '&';
    kept += parameter;
  }
  return kept;
}

ApiProxyHandler::ApiProxyHandler(std::map<std::string, platform::WeChatApi*> apis, ApiClients& clients,
                                 net::EventLoop& loop, base::Metrics& metrics)
    : apis_(std::move(apis)), clients_(clients), loop_(loop), metrics_(metrics) {}

void ApiProxyHandler::Serve(net::HttpServer& server) {
  for (const char* const method : {"GET", "POST"}) {
    server.Handle(method, std::string(kProxyPath),
                  [this](const auto& request, auto responder) { Forward(request, std::move(responder)); });
  }
}

void ApiProxyHandler::Forward(const net::HttpRequest& request, net::Responder responder) {
  const std::string_view rest = request.Path().substr(kProxyPath.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string account(rest.substr(0, slash));
  ApiClients::Admission admission = clients_.Admit(request, account);
  const auto refuse = [&](int status, const std::string& what) { responder.Send(ApiRefusal(status, what)); };
  if (admission.client == nullptr) {
    responder.Send(std::move(admission.refusal));
    return;
  }
  platform::ApiCall call;
  call.path = rest.substr(slash);
  std::optional<std::string> query = WithoutToken(request.Query());
  if (!IsApiPath(call.path) || !query) return refuse(400, "not a path of WeChat's API");
  if (IsTokenPath(call.path)) return refuse(403, "tokens are not fetched through here; use GET /token/" + account);
  if (!MayCall(*admission.client, call.path)) return refuse(403, "this path is not under the client's api:");
  const auto api = apis_.find(account);
  if (api == apis_.end()) return refuse(404, "this account has neither app_secret nor api_key here");
  call.method = request.Method();
  if (call.method != "GET" && call.method != "POST") return refuse(405, "use GET or POST");
  call.query = *std::move(query);
  call.body = request.Body();
  call.content_type = request.Header("content-type");
  auto waiting = std::make_shared<net::Responder>(std::move(responder));
  loop_.Post([this, waiting, api = api->second, call = std::move(call), client = admission.client->name]() mutable {
    api->Call(std::move(call),
              [this, waiting, account = api->account(), client](base::Result<platform::ApiAnswer> answer) {
                net::HttpResponse response = Passed(std::move(answer));
                metrics_
                    .Counter("yingda_api_proxy_calls_total", "Calls to WeChat's API for other programs",
                             {{"account", account}, {"client", client}, {"status", std::to_string(response.status)}})
                    .Add();
                waiting->Send(std::move(response));
              });
  });
}

}  // namespace yingda::server
