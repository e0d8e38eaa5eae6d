// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bot/texts.h"
#include "model/chat_model.h"

namespace yingda::bot {

/// How a page is dressed.
struct PageStyle {
  size_t limit_bytes = 2047;
  bool tells_continue = true;  // behind a page that is not the last: how to get the next one
  bool made_by_model = false;  // carries the label for it, if there is one
  std::string page_url{};      // the whole answer on the web; empty: nowhere
};

/// One page of a text, as the follower reads it.
struct TextPage {
  std::string text;        // with its mark (1/3) and what to do next, if there is more
  size_t taken_bytes = 0;  // of the text
  bool more = false;
};

/// The next page of a text of which `pages_given` pages went out before. A text that fits is given as it is, without a
/// mark. Limits: at least a quarter of the page is for the text, however long the hints are configured. Pure.
TextPage NextPage(std::string_view text, int64_t pages_given, const Texts& texts, const PageStyle& style);

/// How much of the sentences that are there already can be given now: as far as they fit a page.
size_t GivableBytes(std::string_view sentences, const Texts& texts, const PageStyle& style);

/// The reply made of the first sentences of an answer that is still being made, or the thinking text when there are
/// none; with the hint how to go on.
std::string PartReply(std::string_view sentences, const Texts& texts, const PageStyle& style);

/// What of a whole answer comes behind a part that went out before. Where the part reads otherwise than the whole (its
/// Markdown, or its masked words, were understood differently by then), goes back to the start of that sentence.
std::string_view RestAfter(std::string_view whole, std::string_view given);

/// What becomes of a model's answer once it has ended, well or not.
struct ShownAnswer {
  std::string text;        // what the follower reads; when a part went out before, what comes behind it
  bool is_answer = false;  // a real answer: worth remembering in the conversation
  bool by_model = false;   // the model's words, if not all of them
};

/// The text for a failure: kind, Chinese, never the upstream's own words.
const std::string& FailureText(model::ChatFailure failure, const Texts& texts);

}  // namespace yingda::bot
