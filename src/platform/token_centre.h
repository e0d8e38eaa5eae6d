// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "platform/http_calls.h"
#include "platform/token_endpoint.h"
#include "platform/token_provider.h"
#include "store/store.h"

namespace yingda::platform {

/// The access token of one account, fetched from WeChat by nobody else (中控服务器). It lives in the store, so a
/// restart fetches none. One call fetches for all who wait. While it is used it is renewed some minutes before it ends,
/// and the old one serves meanwhile; nobody's token is left to lapse. What WeChat will not answer soon is not asked
/// soon: pauses grow from `first_pause` to `longest_pause`, and are `long_pause` when only the operator can mend it,
/// who is told once. Thread-safety: on the loop. Lifetime: ends before client, loop and store; who waits then
/// is not told. Limits: `max_waiting` calls wait for a token, then kUnavailable. Source: 公众号开发文档,
/// 获取稳定版接口调用凭据, 获取 access token.
class TokenCentre final : public TokenProvider {
 public:
  struct Options {
    std::string account;
    TokenEndpoint endpoint = TokenEndpoint::kStable;
    TokenCredentials credentials;
    base::Duration call_deadline = std::chrono::seconds(10);
    base::Duration jitter = std::chrono::seconds(60);  // a renewal comes up to this much later, not all at once
    base::Duration first_pause = std::chrono::seconds(1);
    base::Duration longest_pause = std::chrono::seconds(60);
    base::Duration long_pause = std::chrono::minutes(10);
    // WeChat's own limits for tokens that are taken by force.
    base::Duration between_forced = std::chrono::seconds(30);
    size_t forced_per_day = 20;
    size_t max_waiting = 10'000;
    std::function<double()> random;  // 0 ≤ x < 1; empty: the kernel's
  };

  TokenCentre(Options options, net::HttpClient& client, net::EventLoop& loop, store::Store& store, base::Logger& logger,
              base::Metrics& metrics);
  ~TokenCentre() override;

  void Get(Done done) override;
  void Refused(int64_t generation) override;

 private:
  void Load();
  void TakeLoaded(const store::TokenRecord& record);
  bool Usable() const;
  void Fetch(bool force);
  void OnAnswer(base::TimePoint asked, bool forced, const TokenAnswer& answer);
  bool MayForce() const;
  void Accept(base::TimePoint asked, const TokenAnswer& answer);
  void Fail(const TokenAnswer& answer);
  base::Duration PauseAfter(const TokenAnswer& answer);
  void Report(const TokenAnswer& answer);
  void Save(const TokenAnswer& answer);
  void RenewWhenDue();
  void Serve();
  void Count(bool forced, const char* result);

  const Options options_;
  net::EventLoop& loop_;
  store::Store& store_;
  base::Logger& logger_;
  base::Metrics& metrics_;
  base::Gauge& expires_;
  HttpCalls calls_;

  bool load_begun_ = false;
  bool loaded_ = false;
  bool fetching_ = false;
  std::vector<Done> waiting_;

  std::optional<AccessToken> token_;
  int64_t last_generation_ = 0;
  base::TimePoint fetched_{};
  base::TimePoint renew_at_{};
  bool refused_ = false;  // token_ is, by WeChat
  bool used_ = false;     // since it was fetched
  int quick_refusals_ = 0;
  std::deque<base::TimePoint> forced_;

  int failures_ = 0;
  base::TimePoint not_before_{};
  base::Error last_error_;
  std::string reported_;  // what the log has said last; empty: all is well
  net::EventLoop::TimerId timer_ = 0;
  std::shared_ptr<TokenCentre*> self_ = std::make_shared<TokenCentre*>(this);  // what the store's answers hold weakly
};

}  // namespace yingda::platform
