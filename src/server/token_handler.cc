// SPDX-License-Identifier: MIT
#include "server/token_handler.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace yingda::server {
namespace {

constexpr std::string_view kTokenPath = "/token/";
constexpr std::string_view kRefused = "refused=";
constexpr std::string_view kHexDigits = "0123456789abcdef";
/// Enough to tell one token from another, and too little to say anything about it where addresses are logged.
constexpr size_t kDigits = 16;

std::string DigitsOf(std::string_view token) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  EVP_Digest(token.data(), token.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string digits;
  for (size_t i = 0; i < kDigits / 2; ++i) {
    digits += kHexDigits[digest[i] >> 4];
    digits += kHexDigits[digest[i] & 0xF];
  }
  return digits;
}

/// What the query names as refused: in lower case; empty if it names nothing, nothing if it is no digits.
std::optional<std::string> RefusedDigits(std::string_view query) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!parameter.starts_with(kRefused)) continue;
    std::string digits(parameter.substr(kRefused.size()));
    for (char& c : digits) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (digits.size() != kDigits || digits.find_first_not_of(kHexDigits) != digits.npos) return std::nullopt;
    return digits;
  }
  return std::string();
}

net::HttpResponse TokenResponse(const base::Result<platform::AccessToken>& token, base::TimePoint now) {
  if (!token) return ApiRefusal(503, token.error().message);
  const auto left = std::chrono::floor<std::chrono::seconds>(token->expires - now).count();
  const nlohmann::json body = {{"access_token", token->value}, {"expires_in", left}};
  return {200, "application/json; charset=utf-8", body.dump() + "\n", {{"Cache-Control", "no-store"}}};
}

}  // namespace

TokenHandler::TokenHandler(std::map<std::string, platform::TokenProvider*> tokens, ApiClients& clients,
                           net::EventLoop& loop, base::Metrics& metrics)
    : tokens_(std::move(tokens)), clients_(clients), loop_(loop), metrics_(metrics) {}

void TokenHandler::Serve(net::HttpServer& server) {
  server.Handle("GET", std::string(kTokenPath),
                [this](const auto& request, auto responder) { Answer(request, std::move(responder)); });
}

void TokenHandler::Answer(const net::HttpRequest& request, net::Responder responder) {
  const std::string account(request.Path().substr(kTokenPath.size()));
  ApiClients::Admission admission = clients_.Admit(request, account);
  if (admission.client == nullptr) {
    responder.Send(std::move(admission.refusal));
    return;
  }
  if (!admission.client->token) {
    responder.Send(ApiRefusal(403, "this client may not have tokens; set token: true for it"));
    return;
  }
  const auto tokens = tokens_.find(account);
  if (tokens == tokens_.end()) {
    responder.Send(ApiRefusal(404, "this account has no app_secret here, so there is no token"));
    return;
  }
  std::optional<std::string> refused = RefusedDigits(request.Query());
  if (!refused) {
    responder.Send(ApiRefusal(400, "refused= takes the first 16 hex digits of the refused token's SHA-256"));
    return;
  }
  metrics_
      .Counter("yingda_tokens_given_total", "Access tokens that other programs asked for",
               {{"account", account}, {"client", admission.client->name}})
      .Add();
  auto waiting = std::make_shared<net::Responder>(std::move(responder));
  loop_.Post([this, waiting, provider = tokens->second, refused = *std::move(refused)] {
    const auto send = [this, waiting](const base::Result<platform::AccessToken>& token) {
      waiting->Send(TokenResponse(token, loop_.clock().Now()));
    };
    if (refused.empty()) return provider->Get(send);
    provider->Get([provider, refused, send](const base::Result<platform::AccessToken>& token) {
      if (!token || DigitsOf(token->value) != refused) return send(token);
      provider->Refused(token->generation);
      provider->Get(send);
    });
  });
}

}  // namespace yingda::server
