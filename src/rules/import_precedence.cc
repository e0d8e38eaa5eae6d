// SPDX-License-Identifier: MIT
#include "rules/import_precedence.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "rules/rule_keys.h"
#include "rules/rule_set.h"

namespace yingda::rules {
namespace {

constexpr int kMostRounds = 50;

/// What each rule should answer: the message that is its keyword, its event, or anything.
std::vector<RuleInput> InputsOf(const std::vector<Rule>& rules) {
  std::vector<RuleInput> inputs;
  for (const Rule& rule : rules) {
    RuleInput input;
    if (rule.match == MatchKind::kEvent) {
      input.kind = RuleInput::kEvent;
      input.event = rule.event;
      if (rule.event_keys.empty()) inputs.push_back(input);
      for (const std::string& key : rule.event_keys) {
        input.event_key = key;
        inputs.push_back(input);
      }
    }
    for (const Keyword& keyword : rule.keywords) {
      input.text = keyword.text;
      inputs.push_back(input);
    }
  }
  return inputs;
}

std::optional<uint32_t> WhoAnswers(const RuleSet& set, const RuleInput& input, RuleSet::Scratch& scratch) {
  const auto match = set.Match(input, scratch);
  return match ? std::optional(match->index) : std::nullopt;
}

std::optional<uint32_t> WhoAnswersTheRest(const RuleSet& set, RuleSet::Scratch& scratch) {
  RuleInput input;
  input.text = "好";  // any text will do
  const auto match = set.MatchDefault(input, scratch);
  return match ? std::optional(match->index) : std::nullopt;
}

std::string NameOf(const Rule& rule) { return rule.file.substr(rule.file.rfind('/') + 1) + " 的“" + rule.name + "”"; }

class Precedences {
 public:
  Precedences(const std::vector<Rule>& imported, const std::vector<Rule>& beside) : precedences_(imported.size()) {
    std::copy_if(beside.begin(), beside.end(), std::back_inserter(all_),
                 [](const Rule& rule) { return !rule.Conditional(); });
    first_ = static_cast<uint32_t>(all_.size());
    // Behind all others: whoever renames the file later does not change who wins.
    all_.insert(all_.end(), imported.begin(), imported.end());
  }

  /// Raises who should answer above who does. Some other may then be in need of it: say whether anything has changed.
  bool Raise(std::optional<uint32_t> wanted, std::optional<uint32_t> answers) {
    if (!wanted || !answers || *answers == first_ + *wanted) return false;
    const Rule& winner = all_[*answers];
    const bool other = *answers < first_;
    Rule& loser = all_[first_ + *wanted];
    const int priority = std::min(winner.priority + (other ? 1 : 0), kHighestPriority);
    if (priority <= loser.priority) return false;
    loser.priority = priority;
    precedences_[*wanted].priority = priority;
    if (other || precedences_[*wanted].over.empty()) precedences_[*wanted].over = NameOf(winner);
    return true;
  }

  const std::vector<Rule>& all() const { return all_; }
  std::vector<Precedence> Take() && { return std::move(precedences_); }

 private:
  std::vector<Rule> all_;
  uint32_t first_ = 0;  // of the imported
  std::vector<Precedence> precedences_;
};

}  // namespace

std::vector<Precedence> PrecedenceBeside(const std::vector<Rule>& imported, const std::vector<Rule>& beside) {
  Precedences precedences(imported, beside);
  if (beside.empty()) return std::move(precedences).Take();
  const std::vector<RuleInput> inputs = InputsOf(imported);
  std::vector<std::string> ignored;
  const RuleSet alone(imported, ignored);
  RuleSet::Scratch scratch;
  for (int round = 0; round < kMostRounds; ++round) {
    const RuleSet set(precedences.all(), ignored);
    bool changed = precedences.Raise(WhoAnswersTheRest(alone, scratch), WhoAnswersTheRest(set, scratch));
    for (const RuleInput& input : inputs) {
      changed = precedences.Raise(WhoAnswers(alone, input, scratch), WhoAnswers(set, input, scratch)) || changed;
    }
    if (!changed) break;
  }
  return std::move(precedences).Take();
}

}  // namespace yingda::rules
