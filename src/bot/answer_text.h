// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "bot/texts.h"
#include "model/chat_model.h"

namespace yingda::bot {

/// A reply cut from an answer: what the follower reads, and how much of the answer that was.
struct CutReply {
  std::string text;        // with the hint how to go on, when there is more
  size_t taken_bytes = 0;  // of the answer
};

/// The first page of a whole answer; everything when it fits into `limit_bytes`.
CutReply FirstPage(std::string_view answer, const Texts& texts, size_t limit_bytes);

/// How many bytes of an answer that is still being made can be given now: its whole sentences, as far as they fit a
/// page.
size_t GivableBytes(std::string_view answer_so_far, const Texts& texts, size_t limit_bytes);

/// The reply made of the first sentences of an answer, or the thinking text when there are none; with the hint how to
/// go on.
std::string PartReply(std::string_view sentences, const Texts& texts);

/// What becomes of a model's answer once it has ended, well or not.
struct ShownAnswer {
  std::string text;        // what the follower reads; when a part went out before, what comes behind it
  bool is_answer = false;  // a real answer: worth remembering in the conversation
};

/// The text for a failure: kind, Chinese, never the upstream's own words.
const std::string& FailureText(model::ChatFailure failure, const Texts& texts);

/// The line in front of an answer that comes later than the next question.
std::string LateLabel(std::string_view question, const Texts& texts);

}  // namespace yingda::bot
