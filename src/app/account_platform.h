// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "config/config.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "platform/customer_service.h"
#include "platform/token_centre.h"
#include "platform/wechat_api.h"
#include "store/store.h"

namespace yingda::app {

/// WeChat's API for one account, as far as the account's configuration allows it.
/// Lifetime: ends on the loop, or after the loop has stopped; before store, client and loop.
struct AccountPlatform {
  std::unique_ptr<platform::TokenCentre> tokens;        // null: without app_secret
  std::unique_ptr<platform::WeChatApi> api;             // null: with neither app_secret nor api_key
  std::unique_ptr<platform::CustomerService> messages;  // null with api
};

/// What it is made from and lives on.
struct PlatformParts {
  net::HttpClient& client;
  net::EventLoop& loop;
  store::Store& store;
  base::Logger& logger;
  base::Metrics& metrics;
};

AccountPlatform MakeAccountPlatform(const config::AccountConfig& account, const PlatformParts& parts);

}  // namespace yingda::app
