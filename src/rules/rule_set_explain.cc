// SPDX-License-Identifier: MIT
#include <algorithm>
#include <unordered_set>

#include "base/utf8.h"
#include "base/yaml_map.h"
#include "rules/rule_set.h"

namespace yingda::rules {

std::vector<RuleExplanation> RuleSet::Explain(const RuleInput& input) const {
  Scratch scratch;
  RuleInput peek = input;
  peek.cooldowns = nullptr;  // to explain is not to answer
  const std::string_view text = TextToMatch(input.text);
  scratch.keywords.folded.Fold(text, filter::FoldMode::kLiteral);
  All(peek, scratch);
  Ranks ranks = scratch.ranks;
  std::sort(ranks.begin(), ranks.end());
  if (input.kind == RuleInput::kText && !text.empty()) ranks.insert(ranks.end(), defaults_.begin(), defaults_.end());

  std::vector<RuleExplanation> counting, others;
  std::unordered_set<uint32_t> told;
  const Trigger* winner = nullptr;
  for (const Rank rank : ranks) {
    const Trigger& trigger = triggers_[rank];
    if (!told.insert(trigger.rule).second) continue;
    const Rule& rule = rules_[trigger.rule];
    const Obstacle obstacle = ObstacleOf(trigger.rule, peek, scratch.keywords.folded);
    RuleExplanation explanation{rule.name, rule.Source(), Matched(trigger), rule.priority, false, false, ""};
    explanation.is_default = rule.match == MatchKind::kDefault;
    explanation.why = (explanation.is_default ? "" : "命中 ") + explanation.matched + "，";
    if (obstacle != Obstacle::kNone) {
      explanation.why += WhyItDoesNotCount(trigger.rule, obstacle, scratch.keywords.folded);
      others.push_back(std::move(explanation));
      continue;
    }
    if (winner == nullptr) {
      winner = &trigger;
      explanation.wins = true;
      explanation.why += explanation.is_default ? "没有别的规则命中，由它回复" : "由它回复";
      if (rule.cooldown > base::Duration::zero()) {
        explanation.why += "；同一个粉丝 " + base::FormatDuration(rule.cooldown) + " 内只回复一次，期间轮到下一条";
      }
    } else {
      explanation.why += WhyNot(trigger, *winner);
    }
    counting.push_back(std::move(explanation));
  }
  counting.insert(counting.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return counting;
}

std::string RuleSet::Matched(const Trigger& trigger) const {
  const Rule& rule = rules_[trigger.rule];
  if (rule.match == MatchKind::kDefault) return "默认规则";
  std::string words;
  if (rule.match == MatchKind::kEvent) {
    words = rule.event + (trigger.keyword == kNoKey ? "" : " " + rule.event_keys[trigger.keyword]);
  } else if (rule.match == MatchKind::kAllOf) {
    for (const Keyword& keyword : rule.keywords) words += (words.empty() ? "" : "”“") + keyword.text;
  } else {
    words = rule.keywords[trigger.keyword].text;
  }
  return std::string(ToString(rule.match)) + "“" + words + "”";
}

std::string RuleSet::WhyItDoesNotCount(uint32_t rule, Obstacle obstacle, const filter::FoldedText& folded) const {
  if (obstacle != Obstacle::kExcluded) return "但现在不在它的时间（hours、days、from、until）里，所以不算";
  const Conditions& conditions = conditions_[conditions_of_rule_[rule]];
  const auto place = static_cast<size_t>(ExcludedBy(conditions, folded) - conditions.exclude.data());
  return "但出现了 exclude 里的“" + rules_[rule].exclude[place].text + "”，所以不算";
}

std::string RuleSet::WhyNot(const Trigger& loser, const Trigger& winner) const {
  const Rule &lost = rules_[loser.rule], &won = rules_[winner.rule];
  if (lost.match == MatchKind::kDefault && won.match != MatchKind::kDefault) return "但它排在所有别的规则和指令后面";
  if (lost.priority != won.priority) {
    return "但优先级较低：" + std::to_string(lost.priority) + " < " + std::to_string(won.priority);
  }
  if (Exactness(lost.match) != Exactness(won.match)) {
    return "但同样优先级下，" + std::string(ToString(won.match)) + " 排在 " + std::string(ToString(lost.match)) +
           " 前面";
  }
  if (loser.length != winner.length) {
    return lost.match == MatchKind::kEvent ? "但写了 key 的规则优先" : "但关键词较短，长的优先";
  }
  return "但其他都一样，排在前面的文件（按文件名）、文件里靠前的规则优先";
}

}  // namespace yingda::rules
