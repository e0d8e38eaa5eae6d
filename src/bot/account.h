// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/snapshot.h"
#include "bot/texts.h"
#include "bot/window_policy.h"
#include "filter/word_filter.h"
#include "model/chat_model.h"
#include "rules/rule_set.h"

namespace yingda::bot {

/// One official account (公众号) as the bot sees it. Rules and words are replaced as a whole while it lives.
/// Lifetime: made once at start-up, outlives everything that refers to it.
struct Account {
  std::string name;
  Ability ability = Ability::kPassive;
  std::string system_prompt;
  Texts texts;
  size_t max_question_bytes = 8 * 1024;
  base::Snapshot<rules::RuleSet> rules{nullptr};
  base::Snapshot<filter::WordFilter> words{nullptr};
  model::ChatModel* model = nullptr;

  /// May this much of an answer be shown? (outbound word filter)
  bool AnswerBlocked(std::string_view answer) const;
  /// The answer from byte `from` on with its masked words masked, judged within the whole of it.
  std::string MaskedAnswer(std::string_view answer, size_t from = 0) const;
};

}  // namespace yingda::bot
