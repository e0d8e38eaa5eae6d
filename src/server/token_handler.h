// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include "base/metrics.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "platform/token_provider.h"
#include "server/api_clients.h"

namespace yingda::server {

/// The token centre (中控服务器) for the operator's other programs: GET /token/<account> on the operations listener,
/// with `Authorization: Bearer <key>`, answers {"access_token": …, "expires_in": seconds} as WeChat would. A
/// program whose token WeChat refused (40001, 40014, 42001) asks with ?refused=<the first 16 hex digits of the token's
/// SHA-256>: if that token is still the one given out, it is renewed first; however many report it, once. Refusals are
/// {"error": …} with 400 (refused= is no such digits), 401, 403, 404 (no such account, or it has no token here), 429
/// (reports count, too), 503 (no token now, and why).
/// Thread-safety: all members. Lifetime: ends after the server has stopped.
class TokenHandler {
 public:
  TokenHandler(std::map<std::string, platform::TokenProvider*> tokens, ApiClients& clients, net::EventLoop& loop,
               base::Metrics& metrics);

  void Serve(net::HttpServer& server);

 private:
  void Answer(const net::HttpRequest& request, net::Responder responder);

  const std::map<std::string, platform::TokenProvider*> tokens_;
  ApiClients& clients_;
  net::EventLoop& loop_;
  base::Metrics& metrics_;
};

}  // namespace yingda::server
