// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "platform/wechat_api.h"
#include "server/api_clients.h"

namespace yingda::server {

/// Lets the operator's other programs call WeChat's API through this one, which has the token and the whitelisted
/// address: GET or POST /wxapi/<account>/<path>?<query> on the operations listener, with `Authorization: Bearer <key>`.
/// What WeChat answers is passed back: status, content type, body. A refused token is renewed once on the way; an
/// interface whose calls of the day are used up answers WeChat's own errcode 45009 until the day ends. Refusals of ours
/// are {"error": …} with 400 (not a path of the API), 401, 403, 404, 429; 503: WeChat has not got the call; 502, 504:
/// it may have. Thread-safety: all members. Lifetime: ends after the server has stopped.
class ApiProxyHandler {
 public:
  ApiProxyHandler(std::map<std::string, platform::WeChatApi*> apis, ApiClients& clients, net::EventLoop& loop,
                  base::Metrics& metrics);

  void Serve(net::HttpServer& server);

 private:
  void Forward(const net::HttpRequest& request, net::Responder responder);

  const std::map<std::string, platform::WeChatApi*> apis_;
  ApiClients& clients_;
  net::EventLoop& loop_;
  base::Metrics& metrics_;
};

/// A path of WeChat's API: letters, digits and _ - . between single slashes, nothing that climbs.
bool IsApiPath(std::string_view path);
/// The query without any access_token; nothing when it has characters that no query has.
std::optional<std::string> WithoutToken(std::string_view query);

}  // namespace yingda::server
