// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <string>
#include <utility>

#include "config/config.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "platform/token_endpoint.h"
#include "platform/token_provider.h"

// What commands need that call WeChat once and end, beside a server that may be running.
namespace yingda::app {

/// Runs `start` on the loop and waits for what it gives to its completion. Not on the loop.
template <typename T, typename Start>
T Ask(net::EventLoop& loop, Start start) {
  std::promise<T> answer;
  loop.Post([&] { start([&answer](T given) { answer.set_value(std::move(given)); }); });
  return answer.get_future().get();
}

/// The one token that was fetched.
class FetchedToken final : public platform::TokenProvider {
 public:
  explicit FetchedToken(std::string value) : value_(std::move(value)) {}
  void Get(Done done) override { done(platform::AccessToken{value_, 1, {}}); }
  void Refused(int64_t) override {}

 private:
  const std::string value_;
};

/// A token from the stable interface, which takes no running server's away. Waits ten seconds at most.
platform::TokenAnswer FetchToken(const config::AccountConfig& account, net::HttpClient& client, net::EventLoop& loop);

/// WeChat's error number for a sentence of ours: nothing for 0.
std::string ShowErrcode(int code);

/// Why there is no token, and what to do, in Chinese.
std::string TokenTrouble(const platform::TokenAnswer& answer);

}  // namespace yingda::app
