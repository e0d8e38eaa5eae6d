// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/clock.h"
#include "net/http_client.h"
#include "platform/http_calls.h"

namespace yingda::platform {

/// The two of WeChat's interfaces that give access tokens. Their tokens know nothing of each other.
enum class TokenEndpoint {
  kStable,  // /cgi-bin/stable_token: the same token for all who ask, until its last five minutes
  kLegacy,  // /cgi-bin/token: a new token for each call, the one before it dies within five minutes
};
const char* ToString(TokenEndpoint endpoint);

struct TokenCredentials {
  std::string api_base;
  std::string app_id;
  std::string app_secret;
};

/// `force` has the stable interface give a new token and kill the old one at once.
net::HttpClientRequest TokenRequest(TokenEndpoint endpoint, const TokenCredentials& credentials, bool force);

/// What a token interface answered.
struct TokenAnswer {
  enum class Kind {
    kToken,
    kBusy,         // may work in a moment: no connection, no answer, nonsense, "system busy"
    kTooOften,     // per minute
    kQuota,        // per day
    kWrongSecret,  // AppID or AppSecret: only the operator can mend it
    kAddress,      // we call from an address that is not on the whitelist
    kRefused,      // anything else
  };
  Kind kind = Kind::kBusy;
  std::string token;
  base::Duration lifetime{};
  int errcode = 0;
  /// For the operator: what is wrong and what to do. No secrets.
  std::string problem;
  /// With kAddress, as WeChat saw it; empty when it did not say.
  std::string address;
};
TokenAnswer ReadTokenAnswer(const base::Result<HttpAnswer>& answer);

/// The address in "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: …"; empty: none.
std::string AddressIn(std::string_view errmsg);

}  // namespace yingda::platform
