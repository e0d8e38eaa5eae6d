// SPDX-License-Identifier: MIT
#include "rules/rule_set.h"

#include <algorithm>
#include <functional>

#include "base/utf8.h"
#include "rules/regex_text.h"
#include "rules/rule_file.h"

namespace yingda::rules {
namespace {

constexpr size_t kMaxMessageBytes = 64 << 10;
constexpr size_t kMaxHiddenWarnings = 100;
constexpr size_t kMaxKeywords = filter::PatternIndex::kMaxPatterns;

uint32_t Length(const Rule& rule, uint32_t keyword) {
  const auto length = [](const Keyword& k) {
    return static_cast<uint32_t>(filter::FoldedCodes(k.text, filter::FoldMode::kLiteral).size());
  };
  if (rule.match == MatchKind::kRegex || rule.match == MatchKind::kDefault) return 0;
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

std::string_view TextToMatch(std::string_view text) {
  return base::Utf8Prefix(base::TrimBlanks(text), kMaxMessageBytes);
}

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
  for (Rank rank = 0; rank < triggers_.size(); ++rank) {
    if (rules_[triggers_[rank].rule].match == MatchKind::kDefault) defaults_.push_back(rank);
  }
  ReadConditions();
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
    const bool one = rule.match == MatchKind::kAllOf || rule.match == MatchKind::kDefault;
    const auto count = static_cast<uint32_t>(one ? 1 : rule.keywords.size());
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
    if (rule.match == MatchKind::kEvent || rule.match == MatchKind::kRegex || rule.match == MatchKind::kDefault) {
      continue;
    }
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
    } else if (rule.match == MatchKind::kDefault) {
      what = rule.name;
    } else {
      const Keyword& keyword = rule.keywords[trigger.keyword];
      place = rule.file + ":" + std::to_string(keyword.line) + ":" + std::to_string(keyword.column);
      what = keyword.text;
      id = WhatMatches(rule.match, keyword);
    }
    id = std::string(ToString(rule.match)) + '\n' + id;
    const auto first = seen.find(id);
    // One that does not always count leaves something to those behind it.
    if (first == seen.end() && !rule.Conditional()) seen.emplace(id, rank);
    if (first == seen.end() || triggers_[first->second].rule == trigger.rule) continue;
    if (++hidden > kMaxHiddenWarnings) continue;
    warnings.push_back(place + ": “" + what + "”已经写在 " + rules_[triggers_[first->second].rule].Source() +
                       "，这里的永远轮不到：请删掉其中一个，或用 priority 调整先后");
  }
  if (hidden > kMaxHiddenWarnings) {
    warnings.push_back("还有 " + std::to_string(hidden - kMaxHiddenWarnings) + " 个重复的关键词没有列出");
  }
}

void RuleSet::ReadConditions() {
  conditions_of_rule_.assign(rules_.size(), kUnconditional);
  std::unordered_map<std::string, uint32_t> namesakes;
  for (uint32_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    if (!rule.Conditional()) continue;
    conditions_of_rule_[i] = static_cast<uint32_t>(conditions_.size());
    Conditions& conditions = conditions_.emplace_back();
    // Not by line: whoever edits above a rule does not mean to end what cools down.
    const std::string name = rule.file + '\n' + rule.name;
    conditions.identity = std::hash<std::string>()(name + '\n' + std::to_string(namesakes[name]++));
    for (const Keyword& word : rule.exclude) {
      std::u32string codes = filter::FoldedCodes(word.text, filter::FoldMode::kLiteral);
      if (codes.size() > 1 && codes.front() == U' ') codes.erase(0, 1);
      if (codes.size() > 1 && codes.back() == U' ') codes.pop_back();
      conditions.exclude.push_back(std::move(codes));
    }
    if (rule.match == MatchKind::kDefault && !rule.exclude.empty()) default_excludes_ = true;
  }
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

/// Every rank that matches, into scratch.ranks, in no order.
void RuleSet::All(const RuleInput& input, Scratch& scratch) const {
  Ranks& all = scratch.ranks;
  all.clear();
  if (input.kind == RuleInput::kEvent) {
    for (const std::string& id : {EventId(input.event, input.event_key), AnyKeyId(input.event)}) {
      if (const auto found = events_.find(id); found != events_.end()) {
        all.insert(all.end(), found->second.begin(), found->second.end());
      }
    }
  } else if (const std::string_view text = TextToMatch(input.text); !text.empty()) {
    keywords_.All(text, scratch.keywords, all);
    const Ranks regexes = regexes_.All(RegexText(base::Utf8Prefix(text, kRegexTextBytes)));
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
  if (input.kind == RuleInput::kText && text.empty()) return std::nullopt;
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
  std::string plain;  // the groups are views of it
  if (rule.match == MatchKind::kRegex) {
    plain = RegexText(base::Utf8Prefix(TextToMatch(text), kRegexTextBytes));
    const re2::RE2& regex = *rule.keywords[trigger.keyword].regex;
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
