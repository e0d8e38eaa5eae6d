// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "net/http_server.h"
#include "wechat/callback.h"

namespace yingda::server {

/// The address of one account that WeChat calls: GET verifies the server configuration (接入验证), POST brings a push.
/// Every refusal is the same 403 with an empty body; which check failed is only counted and, at most once a second,
/// logged. Thread-safety: all members. Lifetime: outlives the server it serves on.
class CallbackHandler {
 public:
  CallbackHandler(const bot::Account& account, wechat::Callback callback, bot::Bot& bot, base::Clock& clock,
                  base::Logger& logger, base::Metrics& metrics);

  void Serve(net::HttpServer& server, const std::string& path);
  const wechat::Callback& callback() const { return callback_; }

 private:
  void Verify(const net::HttpRequest& request, net::Responder responder);
  void Receive(const net::HttpRequest& request, net::Responder responder);
  void Refuse(const net::HttpRequest& request, net::Responder responder, wechat::CallbackFailure failure);
  base::Counter& FailureCounter(wechat::CallbackFailure failure);

  const bot::Account& account_;
  const wechat::Callback callback_;
  bot::Bot& bot_;
  base::Clock& clock_;
  base::Logger& logger_;
  base::Metrics& metrics_;
  base::Counter& verified_;
  std::atomic<int64_t> next_log_ns_{0};
  std::atomic<int64_t> unlogged_{0};
};

}  // namespace yingda::server
