// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::app {

/// How one account or one model upstream does now, for the operator's eyes (in Chinese, a line each).
struct OnlineReport {
  bool good = true;  // nothing has to be mended
  std::vector<std::string> lines;
};

/// Asks WeChat for a token, for the account's right to send customer-service messages, and for how well it reaches the
/// callback address. Changes nothing: the token comes from the stable interface, which takes no running server's away,
/// and no follower notices. Blocks up to half a minute, so not on the loop.
OnlineReport CheckAccountOnline(const config::AccountConfig& account, net::HttpClient& client, net::EventLoop& loop);

/// All accounts and all model upstreams; prints what it finds. True when all is good.
bool CheckOnline(const config::Config& config);

}  // namespace yingda::app
