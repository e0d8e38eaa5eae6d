// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "model/chat_model.h"

namespace yingda::model {

/// About how many tokens `text` is to a model, without its tokenizer. Rather too many than too few: CJK text counts 1
/// a character, where common tokenizers need 0.6 to 0.95.
int EstimateTokens(std::string_view text);
/// The same for a whole message, with what its frame and its pictures cost.
int EstimateTokens(const ChatMessage& message);

struct ConversationBudget {
  /// For system prompt, history and question together.
  int prompt_tokens = 3000;
  /// A longer question is cut at a character, with `cut_notice` behind it, so that the model knows.
  size_t max_question_bytes = 6000;
  std::string_view cut_notice = "……（后文过长，已省略）";
};

/// What to send: the system prompt (unless empty), as many of the newest whole turns as fit, and the question. History
/// always starts with a user message; leftovers without their other half are skipped. `turns` holds user and assistant
/// messages, oldest first. System prompt and question are kept even when they alone are over the budget. `pictures`
/// belong to the question.
std::vector<ChatMessage> FitHistory(std::string_view system_prompt, const std::vector<ChatMessage>& turns,
                                    std::string_view question, const ConversationBudget& budget = {},
                                    std::vector<std::string> pictures = {});

}  // namespace yingda::model
