// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::platform {

/// A whole answer over HTTP.
struct HttpAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
};

/// For the value of a query parameter: all but letters, digits, - _ and . becomes %XX.
std::string QueryEscaped(std::string_view text);

/// HTTP calls with a deadline, each ending in one answer or one error.
/// Thread-safety: on the loop. Lifetime: ends before client and loop; calls that are open then end without
/// `done`.
class HttpCalls {
 public:
  using CallId = uint64_t;
  /// Errors: kUnavailable and kInvalidArgument: certainly not sent. kDeadlineExceeded, kUpstream: sent, as far as is
  /// known, and no (whole) answer came. kTooLarge: answered with more than the request allows.
  using Done = std::function<void(base::Result<HttpAnswer>)>;

  HttpCalls(net::HttpClient& client, net::EventLoop& loop);
  ~HttpCalls();
  HttpCalls(const HttpCalls&) = delete;
  HttpCalls& operator=(const HttpCalls&) = delete;

  /// `done` never runs within the call. Ids are never 0.
  CallId Start(net::HttpClientRequest request, base::TimePoint deadline, Done done);
  /// No `done` comes after it. Ended calls are ignored.
  void Cancel(CallId id);

 private:
  struct Call {
    HttpAnswer answer;
    Done done;
    net::HttpClient::CallId http_call = 0;
    net::EventLoop::TimerId timer = 0;
  };

  void End(CallId id, const base::Result<void>& result);

  net::HttpClient& client_;
  net::EventLoop& loop_;
  CallId last_ = 0;
  std::unordered_map<CallId, Call> calls_;
};

}  // namespace yingda::platform
