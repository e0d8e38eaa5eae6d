// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace yingda::simulator {

/// The access tokens of one account as WeChat hands them out and lets them die. The two endpoints know nothing of each
/// other. Thread-safety: none. Limits: the last 64 tokens of each endpoint are remembered, older ones count as unknown.
/// Source: 公众号开发文档, 获取 Access token and 获取稳定版接口调用凭据.
class ApiTokens {
 public:
  struct Options {
    base::Duration lifetime = std::chrono::hours(2);
    base::Duration overlap = std::chrono::minutes(5);  // how long an old token outlives its successor
    base::Duration between_forced = std::chrono::seconds(30);
    int forced_a_day = 20;
  };
  struct Token {
    std::string value;
    int generation = 0;  // 1 for the account's first token, over both endpoints
    base::TimePoint expires;
    base::TimePoint dies;  // not after `expires`: when its successor came, or when it was revoked
  };
  struct Verdict {
    int errcode = 0;     // 0, 41001, 40014 (no token at all by its looks), 40001 (not the latest), 42001 (expired)
    int generation = 0;  // 0 when it was never one of ours
  };

  explicit ApiTokens(Options options) : options_(options) {}

  /// GET /cgi-bin/token: a new one each time; the one before lives for `overlap` at most.
  const Token& Legacy(base::TimePoint now);
  /// POST /cgi-bin/stable_token: the same one until its last `overlap`. `force` kills it at once, but is ignored when
  /// it comes too often.
  const Token& Stable(bool force, base::TimePoint now, int64_t day);
  Verdict Check(std::string_view value, base::TimePoint now) const;
  /// All tokens die, as if somebody else had fetched one long enough ago.
  void RevokeAll(base::TimePoint now);

  int issued() const { return generation_; }

 private:
  const Token& Issue(std::deque<Token>& line, base::TimePoint now);

  const Options options_;
  int generation_ = 0;
  std::deque<Token> legacy_;  // newest last
  std::deque<Token> stable_;
  base::TimePoint last_forced_{base::Duration::min()};
  int64_t forced_day_ = 0;
  int forced_today_ = 0;
};

}  // namespace yingda::simulator
