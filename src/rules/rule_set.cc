// SPDX-License-Identifier: MIT
#include "rules/rule_set.h"

#include <algorithm>
#include <unordered_set>

#include "base/utf8.h"
#include "rules/regex_text.h"
#include "rules/rule_file.h"

namespace yingda::rules {
namespace {

constexpr size_t kMaxTextBytes = 64 << 10;
constexpr size_t kMaxHiddenWarnings = 100;
constexpr size_t kMaxKeywords = filter::PatternIndex::kMaxPatterns;

/// Kinds in the order of precedence; prefix and suffix are equals.
int Exactness(MatchKind kind) { return static_cast<int>(kind == MatchKind::kSuffix ? MatchKind::kPrefix : kind); }

uint32_t Length(const Rule& rule, uint32_t keyword) {
  const auto length = [](const Keyword& k) {
    return static_cast<uint32_t>(filter::FoldedCodes(k.text, filter::FoldMode::kLiteral).size());
  };
  if (rule.match == MatchKind::kRegex) return 0;
  if (rule.match != MatchKind::kAllOf) return length(rule.keywords[keyword]);
  uint32_t sum = 0;
  for (const Keyword& k : rule.keywords) sum += length(k);
  return sum;
}

/// Event and key as one text to look up; no event name holds a line end.
std::string EventId(std::string_view event, std::string_view key) {
  return std::string(event) + '\n' + std::string(key);
}
std::string AnyKeyId(std::string_view event) { return std::string(event); }

/// Equal for two keywords of one kind that match the same messages.
std::string WhatMatches(MatchKind kind, const Keyword& keyword) {
  if (kind == MatchKind::kRegex) return keyword.text;
  if (kind == MatchKind::kExact) return filter::FoldedKey(keyword.text);
  std::string folded;
  for (const char32_t code : filter::FoldedCodes(keyword.text, filter::FoldMode::kLiteral)) {
    base::AppendUtf8(folded, code);
  }
  return folded;
}

std::string_view TextToMatch(std::string_view text) { return base::Utf8Prefix(base::TrimBlanks(text), kMaxTextBytes); }

}  // namespace

base::Result<std::shared_ptr<const RuleSet>> RuleSet::Load(const std::vector<std::string>& folders,
                                                           LoadReport& report) {
  std::vector<Rule> rules;
  std::string errors;
  const auto add_error = [&errors](const std::string& text) { errors += (errors.empty() ? "" : "\n") + text; };
  size_t keywords = 0;
  for (const std::string& folder : folders) {
    const auto files = ListRuleFiles(folder);
    if (!files) {
      add_error(files.error().message);
      continue;
    }
    for (const std::string& file : *files) {
      base::YamlProblems problems(file, base::YamlLanguage::kChinese), warnings(file, base::YamlLanguage::kChinese);
      std::vector<Rule> read = ReadRuleFile(file, problems, warnings);
      if (!problems.empty()) add_error(problems.Text());
      for (std::string& line : warnings.Lines()) report.warnings.push_back(std::move(line));
      for (Rule& rule : read) {
        keywords += rule.keywords.size();
        rules.push_back(std::move(rule));
      }
      ++report.files;
    }
  }
  if (keywords > kMaxKeywords) {
    add_error("关键词太多：一共 " + std::to_string(keywords) + " 个，最多 " + std::to_string(kMaxKeywords) + " 个");
  }
  if (!errors.empty()) return base::Error{base::ErrorCode::kInvalidArgument, errors};
  report.rules = rules.size();
  return std::shared_ptr<const RuleSet>(std::make_shared<RuleSet>(std::move(rules), report.warnings));
}

RuleSet::RuleSet(std::vector<Rule> rules, std::vector<std::string>& warnings)
    : rules_(std::move(rules)),
      triggers_(SortedTriggers(rules_)),
      keywords_(KeywordEntries()),
      regexes_(RegexEntries()),
      events_(EventEntries()) {
  WarnOfHidden(warnings);
}

std::vector<RuleSet::Trigger> RuleSet::SortedTriggers(const std::vector<Rule>& rules) {
  std::vector<Trigger> triggers;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    if (rule.match == MatchKind::kEvent) {
      if (rule.event_keys.empty()) triggers.push_back({i, kNoKey, 0});
      for (uint32_t k = 0; k < rule.event_keys.size(); ++k) triggers.push_back({i, k, 1});
      continue;
    }
    const auto count = static_cast<uint32_t>(rule.match == MatchKind::kAllOf ? 1 : rule.keywords.size());
    for (uint32_t k = 0; k < count; ++k) triggers.push_back({i, k, Length(rule, k)});
  }
  std::stable_sort(triggers.begin(), triggers.end(), [&rules](const Trigger& a, const Trigger& b) {
    const Rule &left = rules[a.rule], &right = rules[b.rule];
    if (left.priority != right.priority) return left.priority > right.priority;
    if (Exactness(left.match) != Exactness(right.match)) return Exactness(left.match) < Exactness(right.match);
    return a.length > b.length;
  });
  return triggers;
}

std::vector<KeywordIndex::Entry> RuleSet::KeywordEntries() const {
  std::vector<KeywordIndex::Entry> entries;
  for (Rank rank = 0; rank < triggers_.size(); ++rank) {
    const Rule& rule = rules_[triggers_[rank].rule];
    if (rule.match == MatchKind::kEvent || rule.match == MatchKind::kRegex) continue;
    KeywordIndex::Entry entry{rank, rule.match, {}};
    if (rule.match == MatchKind::kAllOf) {
      for (const Keyword& keyword : rule.keywords) entry.keywords.push_back(keyword.text);
    } else {
      entry.keywords.push_back(rule.keywords[triggers_[rank].keyword].text);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<RegexIndex::Entry> RuleSet::RegexEntries() const {
  std::vector<RegexIndex::Entry> entries;
  for (Rank rank = 0; rank < triggers_.size(); ++rank) {
    const Rule& rule = rules_[triggers_[rank].rule];
    if (rule.match == MatchKind::kRegex) entries.push_back({rank, rule.keywords[triggers_[rank].keyword].regex});
  }
  return entries;
}

std::unordered_map<std::string, RuleSet::Ranks> RuleSet::EventEntries() const {
  std::unordered_map<std::string, Ranks> entries;
  for (Rank rank = 0; rank < triggers_.size(); ++rank) {
    const Trigger& trigger = triggers_[rank];
    const Rule& rule = rules_[trigger.rule];
    if (rule.match != MatchKind::kEvent) continue;
    const bool any = trigger.keyword == kNoKey;
    entries[any ? AnyKeyId(rule.event) : EventId(rule.event, rule.event_keys[trigger.keyword])].push_back(rank);
  }
  return entries;
}

void RuleSet::WarnOfHidden(std::vector<std::string>& warnings) const {
  std::unordered_map<std::string, Rank> seen;
  size_t hidden = 0;
  for (Rank rank = 0; rank < triggers_.size(); ++rank) {
    const Trigger& trigger = triggers_[rank];
    const Rule& rule = rules_[trigger.rule];
    // Two all_of rules hide each other only with equal keywords in any order: rare enough to leave to `explain`.
    if (rule.match == MatchKind::kAllOf) continue;
    std::string place = rule.file + ":" + std::to_string(rule.line) + ":1", what, id;
    if (rule.match == MatchKind::kEvent) {
      what = rule.event;
      id = trigger.keyword == kNoKey ? AnyKeyId(rule.event) : EventId(rule.event, rule.event_keys[trigger.keyword]);
    } else {
      const Keyword& keyword = rule.keywords[trigger.keyword];
      place = rule.file + ":" + std::to_string(keyword.line) + ":" + std::to_string(keyword.column);
      what = keyword.text;
      id = WhatMatches(rule.match, keyword);
    }
    const auto [first, is_new] = seen.try_emplace(std::string(ToString(rule.match)) + '\n' + id, rank);
    if (is_new || triggers_[first->second].rule == trigger.rule) continue;
    if (++hidden > kMaxHiddenWarnings) continue;
    warnings.push_back(place + ": “" + what + "”已经写在 " + rules_[triggers_[first->second].rule].Source() +
                       "，这里的永远轮不到：请删掉其中一个，或用 priority 调整先后");
  }
  if (hidden > kMaxHiddenWarnings) {
    warnings.push_back("还有 " + std::to_string(hidden - kMaxHiddenWarnings) + " 个重复的关键词没有列出");
  }
}

Rank RuleSet::BestText(std::string_view text, Scratch& scratch) const {
  const Rank keyword = keywords_.Best(text, scratch.keywords);
  if (regexes_.First() >= keyword) return keyword;
  const std::string plain = RegexText(base::Utf8Prefix(text, kRegexTextBytes));
  return std::min(keyword, regexes_.Best(plain, keyword));
}

Rank RuleSet::BestEvent(const RuleInput& input) const {
  Rank best = kNoRank;
  for (const std::string& id : {EventId(input.event, input.event_key), AnyKeyId(input.event)}) {
    if (const auto found = events_.find(id); found != events_.end()) best = std::min(best, found->second.front());
  }
  return best;
}

std::optional<RuleMatch> RuleSet::Match(const RuleInput& input, Scratch& scratch) const {
  const std::string_view text = TextToMatch(input.text);
  if (input.kind == RuleInput::kText && text.empty()) return std::nullopt;
  const Rank rank = input.kind == RuleInput::kEvent ? BestEvent(input) : BestText(text, scratch);
  if (rank == kNoRank) return std::nullopt;
  return Answer(rank, input, scratch);
}

RuleMatch RuleSet::Answer(Rank rank, const RuleInput& input, Scratch& scratch) const {
  const Trigger& trigger = triggers_[rank];
  const Rule& rule = rules_[trigger.rule];
  scratch.groups.clear();
  std::string plain;  // the groups are views of it
  if (rule.match == MatchKind::kRegex) {
    plain = RegexText(base::Utf8Prefix(TextToMatch(input.text), kRegexTextBytes));
    const re2::RE2& regex = *rule.keywords[trigger.keyword].regex;
    std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
    if (regex.Match(plain, 0, plain.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
      for (const re2::StringPiece& group : groups) scratch.groups.emplace_back(group.data(), group.size());
    }
  }
  return {rule.Reply(input.choice, scratch.groups), rule.name, rule.Source(), trigger.rule};
}

RuleSet::Ranks RuleSet::All(const RuleInput& input) const {
  Ranks all;
  if (input.kind == RuleInput::kEvent) {
    for (const std::string& id : {EventId(input.event, input.event_key), AnyKeyId(input.event)}) {
      if (const auto found = events_.find(id); found != events_.end()) {
        all.insert(all.end(), found->second.begin(), found->second.end());
      }
    }
  } else if (const std::string_view text = TextToMatch(input.text); !text.empty()) {
    KeywordIndex::Scratch scratch;
    all = keywords_.All(text, scratch);
    const Ranks regexes = regexes_.All(RegexText(base::Utf8Prefix(text, kRegexTextBytes)));
    all.insert(all.end(), regexes.begin(), regexes.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<RuleExplanation> RuleSet::Explain(const RuleInput& input) const {
  std::vector<RuleExplanation> explanations;
  std::unordered_set<uint32_t> told;
  const Ranks all = All(input);
  for (const Rank rank : all) {
    const Trigger& trigger = triggers_[rank];
    if (!told.insert(trigger.rule).second) continue;
    const Rule& rule = rules_[trigger.rule];
    const bool wins = explanations.empty();
    std::string matched = Matched(trigger);
    std::string why = "命中 " + matched + "，" + (wins ? "由它回复" : WhyNot(trigger, triggers_[all.front()]));
    explanations.push_back({rule.name, rule.Source(), std::move(matched), rule.priority, wins, std::move(why)});
  }
  return explanations;
}

std::string RuleSet::Matched(const Trigger& trigger) const {
  const Rule& rule = rules_[trigger.rule];
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

std::string RuleSet::WhyNot(const Trigger& loser, const Trigger& winner) const {
  const Rule &lost = rules_[loser.rule], &won = rules_[winner.rule];
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
