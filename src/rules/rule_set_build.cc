// SPDX-License-Identifier: MIT
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "rules/rule_set.h"

namespace yingda::rules {
namespace {

constexpr size_t kMaxHiddenWarnings = 100;

/// Two numbers in one that sort like them: what goes first is smaller.
uint64_t OrderOf(int priority, MatchKind kind, uint32_t length) {
  constexpr uint32_t kMaxLength = (uint32_t{1} << 28) - 1;
  const uint32_t by_priority = ~(static_cast<uint32_t>(priority) ^ 0x80000000);
  const uint32_t by_length = kMaxLength - std::min(length, kMaxLength);
  return uint64_t{by_priority} << 32 | static_cast<uint32_t>(Exactness(kind)) << 28 | by_length;
}

}  // namespace

/// Reads each rule once and folds each keyword once: a hundred thousand rules are ready before anyone waits for them.
class RuleSet::Builder {
 public:
  explicit Builder(RuleSet& set) : set_(set) {}

  void Build(std::vector<std::string>& warnings) {
    set_.conditions_of_rule_.assign(set_.rules_.size(), kUnconditional);
    for (uint32_t i = 0; i < set_.rules_.size(); ++i) {
      AddTriggers(i);
      if (set_.rules_[i].Conditional()) ReadConditions(i);
    }
    PutInOrder();
    Index();
    WarnOfHidden(warnings);
  }

 private:
  struct Part {
    uint32_t first, length;  // in codes_
  };
  struct Found {
    Trigger trigger;
    MatchKind kind;
    uint32_t first_part, parts;  // in parts_: its keywords, folded; none of what has none or is an expression
  };
  struct Place {
    uint64_t order;
    uint32_t found;
  };

  void AddTriggers(uint32_t i) {
    const Rule& rule = set_.rules_[i];
    switch (rule.match) {
      case MatchKind::kEvent:
        if (rule.event_keys.empty()) AddTrigger({i, kNoKey, 0}, 0);
        for (uint32_t k = 0; k < rule.event_keys.size(); ++k) AddTrigger({i, k, 1}, 0);
        return;
      case MatchKind::kDefault:
        return AddTrigger({i, 0, 0}, 0);
      case MatchKind::kRegex:
        for (uint32_t k = 0; k < rule.keywords.size(); ++k) AddTrigger({i, k, 0}, 0);
        return;
      case MatchKind::kAllOf: {
        uint32_t length = 0;
        for (const Keyword& keyword : rule.keywords) length += Fold(keyword.text);
        return AddTrigger({i, 0, length}, rule.keywords.size());
      }
      default:
        for (uint32_t k = 0; k < rule.keywords.size(); ++k) AddTrigger({i, k, Fold(rule.keywords[k].text)}, 1);
    }
  }

  /// `parts`: how many of the parts added last are its own.
  void AddTrigger(Trigger trigger, size_t parts) {
    const Rule& rule = set_.rules_[trigger.rule];
    const auto count = static_cast<uint32_t>(parts);
    places_.push_back({OrderOf(rule.priority, rule.match, trigger.length), static_cast<uint32_t>(found_.size())});
    found_.push_back({trigger, rule.match, static_cast<uint32_t>(parts_.size()) - count, count});
  }

  uint32_t Fold(std::string_view text) {
    folded_.Fold(text, filter::FoldMode::kLiteral);
    parts_.push_back({static_cast<uint32_t>(codes_.size()), static_cast<uint32_t>(folded_.size())});
    codes_.append(folded_.Codes(), folded_.size());
    return static_cast<uint32_t>(folded_.size());
  }

  void ReadConditions(uint32_t i) {
    const Rule& rule = set_.rules_[i];
    set_.conditions_of_rule_[i] = static_cast<uint32_t>(set_.conditions_.size());
    Conditions& conditions = set_.conditions_.emplace_back();
    // Not by line: whoever edits above a rule does not mean to end what cools down.
    const std::string name = rule.file + '\n' + rule.name;
    conditions.identity = std::hash<std::string>()(name + '\n' + std::to_string(namesakes_[name]++));
    for (const Keyword& word : rule.exclude) {
      std::u32string codes = filter::FoldedCodes(word.text, filter::FoldMode::kLiteral);
      if (codes.size() > 1 && codes.front() == U' ') codes.erase(0, 1);
      if (codes.size() > 1 && codes.back() == U' ') codes.pop_back();
      conditions.exclude.push_back(std::move(codes));
    }
    if (rule.match == MatchKind::kDefault && !rule.exclude.empty()) set_.default_excludes_ = true;
  }

  void PutInOrder() {
    std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
      return a.order != b.order ? a.order < b.order : a.found < b.found;
    });
    set_.triggers_.reserve(places_.size());
    for (const Place& place : places_) set_.triggers_.push_back(found_[place.found].trigger);
  }

  void Index() {
    KeywordIndex::Builder keywords;
    std::vector<RegexIndex::Entry> expressions;
    std::vector<std::u32string_view> all;
    for (Rank rank = 0; rank < places_.size(); ++rank) {
      const Found& found = found_[places_[rank].found];
      const auto rule = [&]() -> const Rule& { return set_.rules_[found.trigger.rule]; };
      switch (found.kind) {
        case MatchKind::kEvent: {
          const bool any = found.trigger.keyword == kNoKey;
          set_.events_[any ? rule().event : EventId(rule().event, rule().event_keys[found.trigger.keyword])].push_back(
              rank);
          break;
        }
        case MatchKind::kDefault:
          set_.defaults_.push_back(rank);
          break;
        case MatchKind::kRegex:
          expressions.push_back({rank, rule().keywords[found.trigger.keyword].regex});
          break;
        case MatchKind::kAllOf:
          all.clear();
          for (uint32_t part = 0; part < found.parts; ++part) all.push_back(Codes(found.first_part + part));
          keywords.AddAllOf(rank, all);
          break;
        default:
          keywords.Add(rank, found.kind, Codes(found.first_part));
      }
    }
    set_.keywords_ = std::move(keywords).Build();
    set_.regexes_ = RegexIndex(std::move(expressions));
  }

  std::u32string_view Codes(uint32_t part) const {
    return std::u32string_view(codes_).substr(parts_[part].first, parts_[part].length);
  }

  /// Notes which of these, which match the same messages, never get their turn. Two all_of rules hide each other only
  /// with equal keywords in any order: rare enough to leave to `explain`.
  void NoteHidden(std::span<const Rank> same) {
    Rank first = kNoRank;
    for (const Rank rank : same) {
      const uint32_t rule = set_.triggers_[rank].rule;
      if (first != kNoRank) {
        if (set_.triggers_[first].rule != rule) hidden_.emplace_back(rank, first);
      } else if (set_.conditions_of_rule_[rule] == kUnconditional) {
        first = rank;  // one that does not always count leaves something to those behind it
      }
    }
  }

  void WarnOfHidden(std::vector<std::string>& warnings) {
    set_.keywords_.ForEachRepeated([this](std::span<const Rank> ranks) { NoteHidden(ranks); });
    for (const auto& event : set_.events_) NoteHidden(event.second);
    NoteHidden(set_.defaults_);
    std::unordered_map<std::string_view, Ranks> expressions;
    for (const Place& place : places_) {
      const Found& found = found_[place.found];
      if (found.kind != MatchKind::kRegex) continue;
      expressions[set_.rules_[found.trigger.rule].keywords[found.trigger.keyword].text].push_back(
          static_cast<Rank>(&place - places_.data()));
    }
    for (const auto& expression : expressions) NoteHidden(expression.second);

    std::sort(hidden_.begin(), hidden_.end());
    for (size_t i = 0; i < hidden_.size() && i < kMaxHiddenWarnings; ++i) {
      warnings.push_back(PlaceAndText(set_.triggers_[hidden_[i].first]) + "已经写在 " +
                         set_.rules_[set_.triggers_[hidden_[i].second].rule].Source() +
                         "，这里的永远轮不到：请删掉其中一个，或用 priority 调整先后");
    }
    if (hidden_.size() > kMaxHiddenWarnings) {
      warnings.push_back("还有 " + std::to_string(hidden_.size() - kMaxHiddenWarnings) + " 个重复的关键词没有列出");
    }
  }

  std::string PlaceAndText(const Trigger& trigger) const {
    const Rule& rule = set_.rules_[trigger.rule];
    const bool has_keyword = rule.match != MatchKind::kEvent && rule.match != MatchKind::kDefault;
    const Keyword* keyword = has_keyword ? &rule.keywords[trigger.keyword] : nullptr;
    const std::string& text = has_keyword ? keyword->text : rule.match == MatchKind::kEvent ? rule.event : rule.name;
    return rule.file + ":" + std::to_string(has_keyword ? keyword->line : rule.line) + ":" +
           std::to_string(has_keyword ? keyword->column : 1) + ": “" + text + "”";
  }

  RuleSet& set_;
  filter::FoldedText folded_;
  std::u32string codes_;
  std::vector<Part> parts_;
  std::vector<Found> found_;   // in the order of the rules
  std::vector<Place> places_;  // in the order of precedence: by rank
  std::unordered_map<std::string, uint32_t> namesakes_;
  std::vector<std::pair<Rank, Rank>> hidden_;  // and what hides it
};

RuleSet::RuleSet(std::vector<Rule> rules, std::vector<std::string>& warnings, std::vector<WrittenFile> written)
    : rules_(std::move(rules)), written_(std::move(written)) {
  Builder(*this).Build(warnings);
}

}  // namespace yingda::rules
