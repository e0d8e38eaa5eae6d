// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/log.h"
#include "base/metrics.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "platform/daily_quota.h"
#include "platform/http_calls.h"
#include "platform/token_provider.h"

namespace yingda::platform {

struct ApiCall {
  std::string method = "POST";
  std::string path;   // begins with '/'
  std::string query;  // already escaped, without access_token
  std::string body;
  std::string content_type = "application/json; charset=utf-8";
};

struct ApiAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
  bool json = false;  // the body is a JSON object, whatever its content type says
  bool has_errcode = false;
  int errcode = 0;
  std::string errmsg;
};

/// WeChat's HTTP API for one account. Adds the access token; when WeChat refuses the token, gets a new one and calls
/// once more. An interface whose calls of the day are used up answers 45009 by itself until the day ends, clear_quota
/// is called through here, or a call that is let through now and then (DailyQuota) works. Alternatively
/// the API base is the API proxy of another Yingda, which adds the token: then `api_key` is shown to that one, and
/// there is no token here. Thread-safety: on the loop. Lifetime: ends before tokens, client and loop; calls
/// that are open then end without `done`.
class WeChatApi {
 public:
  struct Options {
    std::string account;
    std::string api_base = "https://api.weixin.qq.com";
    std::string api_key;
    /// For all of it: waiting for a token, the call, the second call.
    base::Duration deadline = std::chrono::seconds(10);
    base::Duration media_deadline = std::chrono::seconds(60);  // the same for paths with /media/ or /material/
    size_t max_calls = 256;                                    // at once
    size_t max_response_bytes = 16 * 1024 * 1024;
  };
  /// Errors: kUnavailable, kUnauthenticated: WeChat has not got the call: no token, no connection, too many calls.
  /// kDeadlineExceeded, kUpstream, kTooLarge: it was sent, and the (whole) answer never came: it may have worked.
  using Done = std::function<void(base::Result<ApiAnswer>)>;

  /// `tokens` is null with an api_key.
  WeChatApi(Options options, TokenProvider* tokens, net::HttpClient& client, net::EventLoop& loop, base::Logger& logger,
            base::Metrics& metrics);
  ~WeChatApi();
  WeChatApi(const WeChatApi&) = delete;
  WeChatApi& operator=(const WeChatApi&) = delete;

  /// `done` runs exactly once, also within the call when it is refused at once.
  void Call(ApiCall call, Done done);
  const std::string& account() const { return options_.account; }

 private:
  using CallId = uint64_t;
  struct Open {
    ApiCall call;
    Done done;
    base::TimePoint deadline{};
    net::EventLoop::TimerId timer = 0;  // while it waits for the token
    int64_t generation = 0;
    bool again = false;
  };

  void AskForToken(CallId id);
  void Send(CallId id, const std::string& token);
  void OnAnswer(CallId id, base::Result<HttpAnswer> answer);
  void End(CallId id, base::Result<ApiAnswer> result);
  void Note(const std::string& path, const ApiAnswer& answer);

  const Options options_;
  TokenProvider* const tokens_;
  net::EventLoop& loop_;
  base::Logger& logger_;
  base::Metrics& metrics_;
  HttpCalls http_;
  DailyQuota quota_;
  CallId last_ = 0;
  std::unordered_map<CallId, Open> open_;
  std::map<int, base::TimePoint> logged_;                                  // when each errcode was last told
  std::shared_ptr<WeChatApi*> self_ = std::make_shared<WeChatApi*>(this);  // what tokens' answers hold weakly
};

}  // namespace yingda::platform
