// SPDX-License-Identifier: MIT
#include "app/account_platform.h"

namespace yingda::app {

AccountPlatform MakeAccountPlatform(const config::AccountConfig& account, const PlatformParts& parts) {
  AccountPlatform made;
  if (account.app_secret.empty() && account.api_key.empty()) return made;
  if (account.api_key.empty()) {
    platform::TokenCentre::Options options;
    options.account = account.name;
    options.endpoint = account.token_endpoint;
    options.credentials = {account.api_base, account.callback.app_id, account.app_secret};
    made.tokens = std::make_unique<platform::TokenCentre>(options, parts.client, parts.loop, parts.store, parts.logger,
                                                          parts.metrics);
  }
  platform::WeChatApi::Options api;
  api.account = account.name;
  api.api_base = account.api_base;
  api.api_key = account.api_key;
  made.api = std::make_unique<platform::WeChatApi>(api, made.tokens.get(), parts.client, parts.loop, parts.logger,
                                                   parts.metrics);
  platform::CustomerService::Options messages;
  if (account.kind == config::AccountConfig::Kind::kMiniProgram) {
    messages.dialect = platform::MessageDialect::kMiniProgram;
  }
  made.messages = std::make_unique<platform::CustomerService>(messages, *made.api, parts.loop, parts.metrics);
  return made;
}

}  // namespace yingda::app
