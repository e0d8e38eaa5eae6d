// SPDX-License-Identifier: MIT
#include "server/token_handler.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

namespace yingda::server {
namespace {

constexpr std::string_view kPath = "/token/";

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
  server.Handle("GET", std::string(kPath),
                [this](const auto& request, auto responder) { Answer(request, std::move(responder)); });
}

void TokenHandler::Answer(const net::HttpRequest& request, net::Responder responder) {
  const std::string account(request.Path().substr(kPath.size()));
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
  metrics_
      .Counter("yingda_tokens_given_total", "Access tokens that other programs asked for",
               {{"account", account}, {"client", admission.client->name}})
      .Add();
  auto waiting = std::make_shared<net::Responder>(std::move(responder));
  loop_.Post([this, waiting, provider = tokens->second] {
    provider->Get([this, waiting](const base::Result<platform::AccessToken>& token) {
      waiting->Send(TokenResponse(token, loop_.clock().Now()));
    });
  });
}

}  // namespace yingda::server
