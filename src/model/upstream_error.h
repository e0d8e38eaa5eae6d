// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/chat_model.h"
#include "net/http_client.h"

namespace yingda::model {

/// An error as an upstream told it. Its prose is not kept: it may quote the question.
struct UpstreamError {
  int status = 0;    // HTTP status, or the one inside an error that came with status 200; 0: none
  std::string code;  // the upstream's own code, or its type when it gives none; only [A-Za-z0-9_.-]
  /// The member of the request that it complains of, if that is one which we may leave out or say otherwise (see
  /// RequestMembers); empty: none, or not told.
  std::string param = {};
  bool operator==(const UpstreamError&) const = default;
};

ChatFailure Classify(const UpstreamError& error);

/// Members of a request that some upstreams refuse: "stream_options", "max_tokens", "max_completion_tokens",
/// "temperature", and those that switch thinking off.
std::span<const std::string_view> RequestMembers();

/// When a failing answer says to come again, from Retry-After-Ms or Retry-After (seconds, with a fraction or not, or a
/// date). Nothing when it says nothing, or nothing that can be meant.
std::optional<base::Duration> RetryAfter(const net::HttpClientHead& head, base::WallTime now);

/// "status 429, code insufficient_quota": what an operator can look up.
std::string Describe(const UpstreamError& error);

/// The error in the body of an answer whose status says failure. Any body will do; most say little.
UpstreamError ErrorFromBody(int status, std::string_view body);

/// `text` if it looks like a code, else nothing.
std::string CleanCode(std::string_view text);

}  // namespace yingda::model
