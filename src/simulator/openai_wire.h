// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "simulator/upstream_script.h"

namespace yingda::simulator {

/// The server's side of OpenAI's chat completions protocol, as text. Pure.
/// Source: OpenAI API reference, "Create chat completion" and "The chat completion chunk object".

/// Errors: kInvalidArgument, with what the client has to change.
base::Result<UpstreamCall> ParseChatRequest(std::string_view body);

/// What all parts of one answer share.
struct AnswerIdentity {
  std::string id;
  std::string model;
  int64_t created = 0;
};

std::string RoleEvent(const AnswerIdentity& answer);
std::string ReasoningEvent(const AnswerIdentity& answer, std::string_view text);
std::string TextEvent(const AnswerIdentity& answer, std::string_view text);
std::string FinishEvent(const AnswerIdentity& answer, std::string_view finish_reason);
std::string UsageEvent(const AnswerIdentity& answer, const UpstreamCall& call, const UpstreamScript& script);
std::string ErrorEvent(const UpstreamScript& script);
std::string DoneEvent();

/// The whole answer as one object, for a call without `stream`.
std::string CompletionBody(const AnswerIdentity& answer, const UpstreamCall& call, const UpstreamScript& script);
std::string ErrorBody(std::string_view type, std::string_view code, std::string_view message);
std::string ModelsBody(std::string_view model);

}  // namespace yingda::simulator
