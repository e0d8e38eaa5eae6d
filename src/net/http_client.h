// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace yingda::net {

struct HttpClientRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// To the end of the TLS handshake; the rest of the deadlines belong to the caller, who cancels.
  base::Duration connect_timeout = std::chrono::seconds(3);
  size_t max_response_bytes = 4 * 1024 * 1024;
  /// The request must not reach the other side twice. Otherwise, when a kept connection ends without a byte of answer,
  /// it goes out again by itself on another: the other side may have acted on it already.
  bool at_most_once = false;
};

struct HttpClientHead {
  int status = 0;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view Header(std::string_view lower_case_name) const;
};

/// What happens to one call, in this order: on_head once, on_body any number of times, on_done once. A call that fails
/// before an answer has only on_done. Any of them may be empty. They may start and cancel calls.
struct HttpClientEvents {
  std::function<void(const HttpClientHead&)> on_head;
  std::function<void(std::string_view)> on_body;
  /// The result is about the transport: a 500 that arrived whole is a success here. Errors: kUnavailable (cannot
  /// resolve or connect) and kDeadlineExceeded (connect_timeout), both only when no connection ever had the request;
  /// kTooLarge; kUpstream (cut off, not HTTP: it may have arrived). Not called after Cancel.
  std::function<void(base::Result<void>)> on_done;
};

/// Calls out over HTTP; one of the four doors to the world.
/// Thread-safety: Start and Cancel on the client's event loop only; events come on that loop.
class HttpClient {
 public:
  using CallId = uint64_t;
  virtual ~HttpClient() = default;
  virtual CallId Start(HttpClientRequest request, HttpClientEvents events) = 0;
  /// Drops the call and its connection; no event comes after it. Unknown and ended calls are ignored.
  virtual void Cancel(CallId id) = 0;
};

}  // namespace yingda::net
