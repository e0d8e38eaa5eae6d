// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_file.h"
#include "rules/rule_set.h"

namespace yingda::rules {

/// Rules of a text that must be right.
inline std::vector<Rule> RulesFrom(std::string_view text, const std::string& file = "a.yml") {
  base::YamlProblems problems(file, base::YamlLanguage::kChinese), warnings(file, base::YamlLanguage::kChinese);
  std::vector<Rule> rules = ParseRules(text, problems, warnings);
  EXPECT_EQ(problems.Text(), "");
  return rules;
}

inline std::shared_ptr<const RuleSet> SetFrom(std::string_view text) {
  std::vector<std::string> warnings;
  return std::make_shared<const RuleSet>(RulesFrom(text), warnings);
}

inline RuleInput TextInput(std::string_view text, uint64_t choice = 0) {
  RuleInput input;
  input.text = text;
  input.choice = choice;
  return input;
}

inline RuleInput EventInput(std::string_view event, std::string_view key = {}) {
  RuleInput input;
  input.kind = RuleInput::kEvent;
  input.event = event;
  input.event_key = key;
  return input;
}

/// The text that answers; "(none)" if no rule matches, "(other)" if it is not a text.
inline std::string AnswerTo(const RuleSet& set, const RuleInput& input) {
  RuleSet::Scratch scratch;
  const auto match = set.Match(input, scratch);
  if (!match) return "(none)";
  const auto* text = std::get_if<wechat::TextReply>(&match->reply);
  return text == nullptr ? "(other)" : text->content;
}

}  // namespace yingda::rules
