// SPDX-License-Identifier: MIT
#include "rules/rule_set.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>

#include "base/utf8.h"
#include "rules/regex_text.h"
#include "rules/rule_file.h"

namespace yingda::rules {
namespace {

constexpr size_t kMaxMessageBytes = 64 << 10;
constexpr size_t kMaxKeywords = filter::PatternIndex::kMaxPatterns;

}  // namespace

std::string_view RuleSet::TextToMatch(std::string_view text) {
  return base::Utf8Prefix(base::TrimBlanks(text), kMaxMessageBytes);
}

// No event name holds a line end.
std::string RuleSet::EventId(std::string_view event, std::string_view key) {
  return std::string(event) + '\n' + std::string(key);
}

base::Result<std::shared_ptr<const RuleSet>> RuleSet::Load(const std::vector<std::string>& folders, LoadReport& report,
                                                           const RuleSet* before) {
  const KnownRules known = before == nullptr ? KnownRules() : KnownRules(before->written_, before->rules_);
  std::vector<Rule> rules;
  std::vector<WrittenFile> written;
  if (before != nullptr) rules.reserve(before->size());
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
      RulesOfFile read = ReadRuleFile(file, known, problems, warnings);
      if (!problems.empty()) add_error(problems.Text());
      for (std::string& line : warnings.Lines()) report.warnings.push_back(std::move(line));
      for (WrittenRule& rule : read.written.rules) {
        if (rule.rule != WrittenRule::kNone) rule.rule += static_cast<uint32_t>(rules.size());
      }
      written.push_back(std::move(read.written));
      for (Rule& rule : read.rules) {
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
  return std::shared_ptr<const RuleSet>(
      std::make_shared<RuleSet>(std::move(rules), report.warnings, std::move(written)));
}

const std::u32string* RuleSet::ExcludedBy(const Conditions& conditions, const filter::FoldedText& folded) const {
  const std::u32string_view text(folded.Codes(), folded.size());
  for (const std::u32string& word : conditions.exclude) {
    if (text.find(word) != std::u32string_view::npos) return &word;
  }
  return nullptr;
}

/// What keeps a rule that matches from answering. Nothing: it answers, and begins to cool down.
RuleSet::Obstacle RuleSet::ObstacleOf(uint32_t rule, const RuleInput& input, const filter::FoldedText& folded) const {
  if (conditions_of_rule_[rule] == kUnconditional) return Obstacle::kNone;
  const Conditions& conditions = conditions_[conditions_of_rule_[rule]];
  if (!conditions.exclude.empty() && ExcludedBy(conditions, folded) != nullptr) return Obstacle::kExcluded;
  if (!rules_[rule].schedule.Holds(input.now)) return Obstacle::kWrongTime;
  const base::Duration cooldown = rules_[rule].cooldown;
  if (cooldown > base::Duration::zero() && input.cooldowns != nullptr &&
      !input.cooldowns->Take(conditions.identity, input.account, input.open_id, input.choice, input.now, cooldown)) {
    return Obstacle::kCoolingDown;
  }
  return Obstacle::kNone;
}

/// `text` is folded in the scratch.
Rank RuleSet::BestText(std::string_view text, Scratch& scratch) const {
  const Rank keyword = keywords_.Best(scratch.keywords);
  if (regexes_.First() >= keyword || !regexes_.MayMatch(scratch.keywords.folded, scratch.regexes)) return keyword;
  RegexText(base::Utf8Prefix(text, kRegexTextBytes), scratch.plain);
  return std::min(keyword, regexes_.Best(scratch.plain, keyword, scratch.regexes));
}

Rank RuleSet::BestEvent(const RuleInput& input) const {
  Rank best = kNoRank;
  for (const Ranks* ranks : EventRanks(input)) {
    if (ranks != nullptr) best = std::min(best, ranks->front());
  }
  return best;
}

/// Of rules with this key, and of those for any key; null where there are none.
std::array<const RuleSet::Ranks*, 2> RuleSet::EventRanks(const RuleInput& input) const {
  const auto find = [this](const std::string& id) {
    const auto found = events_.find(id);
    return found == events_.end() ? nullptr : &found->second;
  };
  return {find(EventId(input.event, input.event_key)), find(std::string(input.event))};
}

/// Every rank that matches, into scratch.ranks, in no order. The text is folded in the scratch.
void RuleSet::All(const RuleInput& input, Scratch& scratch) const {
  Ranks& all = scratch.ranks;
  all.clear();
  if (input.kind == RuleInput::kEvent) {
    for (const Ranks* ranks : EventRanks(input)) {
      if (ranks != nullptr) all.insert(all.end(), ranks->begin(), ranks->end());
    }
  } else if (const std::string_view text = TextToMatch(input.text); !text.empty()) {
    keywords_.All(scratch.keywords, all);
    if (!regexes_.MayMatch(scratch.keywords.folded, scratch.regexes)) return;
    RegexText(base::Utf8Prefix(text, kRegexTextBytes), scratch.plain);
    const Ranks regexes = regexes_.All(scratch.plain, scratch.regexes);
    all.insert(all.end(), regexes.begin(), regexes.end());
  }
}

Rank RuleSet::FirstThatCounts(const RuleInput& input, Scratch& scratch) const {
  All(input, scratch);
  scratch.refused.clear();
  Ranks& heap = scratch.ranks;  // mostly one of the first counts, so they are not all sorted
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const Rank rank = heap.back();
    heap.pop_back();
    // A rule with many keywords is asked once, not once for each of them.
    const uint32_t rule = triggers_[rank].rule;
    if (scratch.refused.contains(rule)) continue;
    if (ObstacleOf(rule, input, scratch.keywords.folded) == Obstacle::kNone) return rank;
    scratch.refused.insert(rule);
  }
  return kNoRank;
}

std::optional<RuleMatch> RuleSet::Match(const RuleInput& input, Scratch& scratch) const {
  const std::string_view text = TextToMatch(input.text);
  if (input.kind == RuleInput::kText) {
    if (text.empty()) return std::nullopt;
    scratch.keywords.folded.Fold(text, filter::FoldMode::kLiteral);
  }
  Rank rank = input.kind == RuleInput::kEvent ? BestEvent(input) : BestText(text, scratch);
  if (rank == kNoRank) return std::nullopt;
  if (ObstacleOf(triggers_[rank].rule, input, scratch.keywords.folded) != Obstacle::kNone) {
    rank = FirstThatCounts(input, scratch);
    if (rank == kNoRank) return std::nullopt;
  }
  return Answer(rank, input, scratch);
}

std::optional<RuleMatch> RuleSet::MatchDefault(const RuleInput& input, Scratch& scratch) const {
  if (defaults_.empty() || input.kind != RuleInput::kText) return std::nullopt;
  const std::string_view text = TextToMatch(input.text);
  if (text.empty()) return std::nullopt;
  if (default_excludes_) scratch.keywords.folded.Fold(text, filter::FoldMode::kLiteral);
  for (const Rank rank : defaults_) {
    if (ObstacleOf(triggers_[rank].rule, input, scratch.keywords.folded) == Obstacle::kNone) {
      return Answer(rank, input, scratch);
    }
  }
  return std::nullopt;
}

RuleMatch RuleSet::Answer(Rank rank, const RuleInput& input, Scratch& scratch) const {
  const Trigger& trigger = triggers_[rank];
  const Rule& rule = rules_[trigger.rule];
  const ReplyTemplate& chosen = rule.replies[rule.Chosen(input.choice)];
  // What the expression no longer matches once words are masked fills nothing.
  const std::string_view text = chosen.ForModel() ? input.for_model.value_or(input.text) : input.text;
  scratch.groups.clear();
  if (rule.match == MatchKind::kRegex) {
    std::string& plain = scratch.plain;  // the groups are views of it
    RegexText(base::Utf8Prefix(TextToMatch(text), kRegexTextBytes), plain);
    const re2::RE2& regex = rule.keywords[trigger.keyword].regex->Engine();
    std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
    if (regex.Match(plain, 0, plain.size(), re2::RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) {
      for (const re2::StringPiece& group : groups) scratch.groups.emplace_back(group.data(), group.size());
    }
  }
  const TemplateValues values{scratch.groups, input.open_id, input.now};
  RuleMatch match;
  match.rule = rule.name;
  match.source = rule.Source();
  match.index = trigger.rule;
  if (chosen.ForModel()) {
    match.instruction = std::get<wechat::TextReply>(chosen.Fill(values)).content;
    return match;
  }
  match.reply = chosen.Fill(values);
  if (rule.mode == ReplyMode::kAll) {
    for (size_t i = 1; i < rule.replies.size(); ++i) match.more.push_back(rule.replies[i].Fill(values));
  }
  return match;
}

const Rule* RuleSet::FirstForModel() const {
  for (const Rule& rule : rules_) {
    const auto for_model = [](const ReplyTemplate& reply) { return reply.ForModel(); };
    if (std::any_of(rule.replies.begin(), rule.replies.end(), for_model)) return &rule;
  }
  return nullptr;
}

const Rule* RuleSet::FirstSendingAll() const {
  for (const Rule& rule : rules_) {
    if (rule.mode == ReplyMode::kAll && rule.replies.size() > 1) return &rule;
  }
  return nullptr;
}

}  // namespace yingda::rules
