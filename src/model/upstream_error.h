// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "model/chat_model.h"

namespace yingda::model {

/// An error as an upstream told it. Its prose is not kept: it may quote the question.
struct UpstreamError {
  int status = 0;    // HTTP status, or the one inside an error that came with status 200; 0: none
  std::string code;  // the upstream's own code, or its type when it gives none; only [A-Za-z0-9_.-]
  bool operator==(const UpstreamError&) const = default;
};

ChatFailure Classify(const UpstreamError& error);

/// "status 429, code insufficient_quota": what an operator can look up.
std::string Describe(const UpstreamError& error);

/// The error in the body of an answer whose status says failure. Any body will do; most say little.
UpstreamError ErrorFromBody(int status, std::string_view body);

/// `text` if it looks like a code, else nothing.
std::string CleanCode(std::string_view text);

}  // namespace yingda::model
