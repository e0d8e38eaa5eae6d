// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace yingda::platform {

/// The key to WeChat's API that is good for about two hours (access_token). A secret: it must never be logged.
struct AccessToken {
  std::string value;
  int64_t generation = 0;  // grows with every new value
  base::TimePoint expires{};
};

/// Gives the access token of one account; one of the doors to the world.
/// Thread-safety: on the event loop it was made for, where `done` runs too.
class TokenProvider {
 public:
  using Done = std::function<void(base::Result<AccessToken>)>;
  virtual ~TokenProvider() = default;

  /// `done` runs exactly once, also within the call when the token is at hand. Errors, all with words that say what to
  /// do: kUnauthenticated (AppID or AppSecret wrong), kUnavailable (anything that may pass).
  virtual void Get(Done done) = 0;
  /// WeChat refused the token of this generation (40001, 40014, 42001): it is not given out again. However many calls
  /// say so of one generation, one new token is fetched, with the next Get.
  virtual void Refused(int64_t generation) = 0;
};

}  // namespace yingda::platform
