// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "net/http_client.h"

namespace yingda::net {

/// Where a request goes. Hosts are in the form libcurl looks them up by.
struct HttpTarget {
  std::string host;
  std::string port;
  bool numeric = false;  // an address: nothing to resolve
};

/// Finds out where requests go, and remembers the last few addresses: nearly every call goes where another one went.
/// Thread-safety: none.
class HttpTargets {
 public:
  /// Errors: kInvalidArgument: not http(s), or something in the request would break out of its line.
  base::Result<HttpTarget> Check(const HttpClientRequest& request);

 private:
  struct Known {
    std::string url;
    HttpTarget target;
  };

  std::array<Known, 8> known_;
  size_t oldest_ = 0;
};

}  // namespace yingda::net
