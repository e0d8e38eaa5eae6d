// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "net/http_server.h"

namespace yingda::server {

/// Another program of the operator's that may use the token centre or the API proxy.
struct ApiClient {
  std::string name;
  std::string key;                    // shown as `Authorization: Bearer <key>`; a secret
  std::vector<std::string> accounts;  // that it may act for
  bool token = false;                 // may have the access token itself
  std::vector<std::string> api;       // paths of WeChat's API it may call; one that ends with * stands for all that
                                      // begin so
  int per_minute = 600;               // requests of both kinds
};

/// Knows these programs by their keys, and counts what they ask.
/// Thread-safety: all members. Lifetime: outlives the handlers that ask it.
class ApiClients {
 public:
  struct Admission {
    const ApiClient* client = nullptr;  // null: refused
    net::HttpResponse refusal;
  };

  ApiClients(std::vector<ApiClient> clients, base::Clock& clock);

  /// Who asks, and may they act for this account now? Refusals: 401 without a key that is known, 403, 429.
  Admission Admit(const net::HttpRequest& request, std::string_view account);

 private:
  /// Fills evenly up to a minute's worth.
  struct Bucket {
    double left = 0;
    base::TimePoint at{};
  };

  const std::vector<ApiClient> clients_;
  base::Clock& clock_;
  base::Guarded<std::vector<Bucket>> buckets_;
};

bool MayCall(const ApiClient& client, std::string_view api_path);

/// {"error": what}, not to be cached.
net::HttpResponse ApiRefusal(int status, const std::string& what);

}  // namespace yingda::server
