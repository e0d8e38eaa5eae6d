// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "bot/account.h"
#include "bot/statistics.h"
#include "net/http_server.h"

namespace yingda::server {

/// GET /stats?account=main&days=7 on the operations listener: an account's numbers as JSON. Without
/// `account` the first one's; `days` is 1 (today) to 30, 7 when left out. Lists of rules are cut at 1,000.
/// Thread-safety: all members.
class StatisticsHandler {
 public:
  explicit StatisticsHandler(std::vector<const bot::Account*> accounts) : accounts_(std::move(accounts)) {}
  void Serve(net::HttpServer& server);

 private:
  net::HttpResponse Answer(const net::HttpRequest& request) const;

  const std::vector<const bot::Account*> accounts_;
};

/// Texts of followers are in it only if the statistics keep them. `accounts` are all that one may ask for.
std::string StatisticsJson(const std::string& account, const bot::StatisticsReport& report,
                           const std::vector<std::string>& accounts);

}  // namespace yingda::server
