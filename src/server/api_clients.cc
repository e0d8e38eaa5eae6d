// SPDX-License-Identifier: MIT
#include "server/api_clients.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/secret.h"

namespace yingda::server {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr double kMinute = 60;

}  // namespace

ApiClients::ApiClients(std::vector<ApiClient> clients, base::Clock& clock)
    : clients_(std::move(clients)), clock_(clock) {
  buckets_.With([&](auto& buckets) {
    for (const ApiClient& client : clients_) buckets.push_back({static_cast<double>(client.per_minute), clock.Now()});
  });
}

ApiClients::Admission ApiClients::Admit(const net::HttpRequest& request, std::string_view account) {
  const std::string_view authorization = request.Header("authorization");
  const std::string_view key =
      authorization.starts_with(kBearer) ? authorization.substr(kBearer.size()) : std::string_view();
  // Every key is compared, so that the time tells nothing about which one was nearly right.
  size_t found = clients_.size();
  for (size_t i = 0; i < clients_.size(); ++i) {
    if (base::EqualInConstantTime(clients_[i].key, key)) found = i;
  }
  if (found == clients_.size()) {
    Admission refused{nullptr, ApiRefusal(401, "show a key that stands under clients: as Authorization: Bearer <key>")};
    refused.refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
  }
  const ApiClient& client = clients_[found];
  if (std::ranges::find(client.accounts, account) == client.accounts.end()) {
    return {nullptr, ApiRefusal(403, "this client may not act for this account")};
  }
  const bool in_time = buckets_.With([&](auto& buckets) {
    Bucket& bucket = buckets[found];
    const base::TimePoint now = clock_.Now();
    const double minutes = std::chrono::duration<double>(now - bucket.at).count() / kMinute;
    bucket.at = now;
    bucket.left = std::min<double>(client.per_minute, bucket.left + minutes * client.per_minute);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  });
  if (in_time) return {&client, {}};
  Admission refused{nullptr, ApiRefusal(429, "this client asks more than " + std::to_string(client.per_minute) +
                                                 " times a minute; slow down, or raise its per_minute")};
  refused.refusal.headers.emplace_back("Retry-After", std::to_string(60 / client.per_minute + 1));
  return refused;
}

bool MayCall(const ApiClient& client, std::string_view api_path) {
  return std::ranges::any_of(client.api, [&](std::string_view allowed) {
    if (!allowed.ends_with('*')) return api_path == allowed;
    allowed.remove_suffix(1);
    return api_path.starts_with(allowed);
  });
}

net::HttpResponse ApiRefusal(int status, const std::string& what) {
  const nlohmann::json body = {{"error", what}};
  return {status,
          "application/json; charset=utf-8",
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
          {{"Cache-Control", "no-store"}}};
}

}  // namespace yingda::server
