// SPDX-License-Identifier: MIT
#include "rules/shadow_lint.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "rules/keyword_index.h"
#include "rules/regex_index.h"
#include "rules/regex_text.h"

namespace yingda::rules {
namespace {

/// One way to match a rule, as RuleSet has them; its place in the vector is its rank.
struct Trigger {
  const Rule* rule;
  uint32_t keyword;  // of the rule; of kAllOf 0, for all of them
  uint32_t length;   // folded characters
};

std::u32string Codes(std::string_view text) { return filter::FoldedCodes(text, filter::FoldMode::kLiteral); }

std::vector<Trigger> TriggersOf(const std::vector<Rule>& rules) {
  std::vector<Trigger> triggers;
  for (const Rule& rule : rules) {
    if (rule.keywords.empty()) continue;
    if (rule.match == MatchKind::kAllOf) {
      size_t length = 0;
      for (const Keyword& keyword : rule.keywords) length += Codes(keyword.text).size();
      triggers.push_back({&rule, 0, static_cast<uint32_t>(length)});
      continue;
    }
    for (uint32_t k = 0; k < rule.keywords.size(); ++k) {
      const size_t length = rule.match == MatchKind::kRegex ? 0 : Codes(rule.keywords[k].text).size();
      triggers.push_back({&rule, k, static_cast<uint32_t>(length)});
    }
  }
  std::stable_sort(triggers.begin(), triggers.end(), [](const Trigger& a, const Trigger& b) {
    if (a.rule->priority != b.rule->priority) return a.rule->priority > b.rule->priority;
    if (Exactness(a.rule->match) != Exactness(b.rule->match)) {
      return Exactness(a.rule->match) < Exactness(b.rule->match);
    }
    return a.length > b.length;
  });
  return triggers;
}

const Keyword& KeywordOf(const Trigger& trigger) { return trigger.rule->keywords[trigger.keyword]; }

std::string Shown(const Trigger& trigger) {
  if (trigger.rule->match != MatchKind::kAllOf) return "“" + KeywordOf(trigger).text + "”";
  std::string words;
  for (const Keyword& keyword : trigger.rule->keywords) words += (words.empty() ? "“" : "、“") + keyword.text + "”";
  return words;
}

/// An expression that says nothing about the message: what all of these have in common is that they are messages.
bool MatchesEverything(const Expression& regex) {
  for (const char* text : {"好", "你们几点开门", "a", "Hello there", "7", "？", "[微笑]", "😀"}) {
    if (!regex.Matches(text)) return false;
  }
  return true;
}

/// Stands between keywords where a text is put together from them; in no keyword, as it is for private use.
constexpr std::string_view kNoKeyword = "\xEE\x80\x80";

class PrecedenceLint {
 public:
  PrecedenceLint(const std::vector<Rule>& rules, LintReport& report)
      : triggers_(TriggersOf(rules)),
        everything_(EverythingOf(triggers_)),
        keywords_(Entries()),
        regexes_(RegexEntries()),
        report_(report) {}

  void Run() {
    for (Rank rank = 0; rank < triggers_.size(); ++rank) {
      const Trigger& trigger = triggers_[rank];
      if (trigger.rule->match == MatchKind::kRegex) {
        LintRegex(rank);
      } else {
        LintKeyword(rank);
      }
    }
  }

  void LintCommands(const std::vector<std::string>& commands) {
    std::vector<KeywordIndex::Entry> all;
    for (Rank rank = 0; rank < triggers_.size(); ++rank) AddEntry(rank, all);
    const KeywordIndex index(all);
    for (const std::string& command : commands) {
      std::vector<Rank> ranks;
      scratch_.folded.Fold(command, filter::FoldMode::kLiteral);
      index.All(scratch_, ranks);
      for (Rank rank = 0; rank < triggers_.size(); ++rank) {
        if (triggers_[rank].rule->match != MatchKind::kRegex || everything_[rank]) continue;
        if (KeywordOf(triggers_[rank]).regex->Matches(command)) ranks.push_back(rank);
      }
      std::sort(ranks.begin(), ranks.end());
      ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
      for (const Rank rank : ranks) {
        const Trigger& trigger = triggers_[rank];
        report_.Add(LintKind::kCommand, *trigger.rule, KeywordOf(trigger),
                    Shown(trigger) + "会抢走指令“" + command + "”：粉丝发“" + command +
                        "”时，得到的是这条规则的回复，指令不再起作用。请把关键词写得更具体");
      }
    }
  }

 private:
  using Triggers = std::vector<Trigger>;

  static std::vector<bool> EverythingOf(const Triggers& triggers) {
    std::vector<bool> everything(triggers.size());
    for (size_t rank = 0; rank < triggers.size(); ++rank) {
      const Trigger& trigger = triggers[rank];
      everything[rank] = trigger.rule->match == MatchKind::kRegex && MatchesEverything(*KeywordOf(trigger).regex);
    }
    return everything;
  }

  void AddEntry(Rank rank, std::vector<KeywordIndex::Entry>& entries) const {
    const Rule& rule = *triggers_[rank].rule;
    if (rule.match == MatchKind::kRegex) return;
    KeywordIndex::Entry entry{rank, rule.match, {}};
    if (rule.match == MatchKind::kAllOf) {
      for (const Keyword& keyword : rule.keywords) entry.keywords.push_back(keyword.text);
    } else {
      entry.keywords.push_back(KeywordOf(triggers_[rank]).text);
    }
    entries.push_back(std::move(entry));
  }

  /// What may hide others: always in force, and more than one message. (An exact keyword hides only its like.)
  std::vector<KeywordIndex::Entry> Entries() const {
    std::vector<KeywordIndex::Entry> entries;
    for (Rank rank = 0; rank < triggers_.size(); ++rank) {
      const Rule& rule = *triggers_[rank].rule;
      if (!rule.Conditional() && rule.match != MatchKind::kExact) AddEntry(rank, entries);
    }
    return entries;
  }

  std::vector<RegexIndex::Entry> RegexEntries() const {
    std::vector<RegexIndex::Entry> entries;
    for (Rank rank = 0; rank < triggers_.size(); ++rank) {
      const Trigger& trigger = triggers_[rank];
      if (trigger.rule->match != MatchKind::kRegex || trigger.rule->Conditional() || everything_[rank]) continue;
      entries.push_back({rank, KeywordOf(trigger).regex});
    }
    return entries;
  }

  /// The first trigger of these kinds that matches `text`, or kNoRank.
  Rank First(std::string_view text, std::initializer_list<MatchKind> kinds) {
    ranks_.clear();
    scratch_.folded.Fold(text, filter::FoldMode::kLiteral);
    keywords_.All(scratch_, ranks_);
    Rank first = kNoRank;
    for (const Rank rank : ranks_) {
      if (std::find(kinds.begin(), kinds.end(), triggers_[rank].rule->match) != kinds.end()) {
        first = std::min(first, rank);
      }
    }
    return first;
  }

  /// The first trigger that matches whatever this keyword matches.
  Rank FirstFor(const Trigger& trigger) {
    using enum MatchKind;
    const std::string& text = KeywordOf(trigger).text;
    switch (trigger.rule->match) {
      case kExact:
        // Without the sentence marks, which a message need not have.
        return First(filter::FoldedKey(text), {kContains, kAllOf, kPrefix, kSuffix});
      case kPrefix:
        return First(text, {kContains, kAllOf, kPrefix});
      case kSuffix:
        return First(text, {kContains, kAllOf, kSuffix});
      case kAllOf:
        return First(Joined(*trigger.rule, kNoKeyword), {kContains, kAllOf});
      default:
        return First(text, {kContains, kAllOf});
    }
  }

  static std::string Joined(const Rule& rule, std::string_view between) {
    std::string joined;
    for (const Keyword& keyword : rule.keywords) joined += (joined.empty() ? "" : std::string(between)) + keyword.text;
    return joined;
  }

  void LintKeyword(Rank rank) {
    const Trigger& trigger = triggers_[rank];
    const Rank first = FirstFor(trigger);
    if (first < rank && !Repeats(first, rank)) return ReportHidden(rank, first, false);
    if (regexes_.First() < rank) {
      if (const Rank regex = FirstRegexFor(trigger, rank); regex < rank) ReportHidden(rank, regex, true);
    }
  }

  /// The same keyword of the same kind twice: every load tells that.
  bool Repeats(Rank first, Rank rank) const {
    const Trigger &a = triggers_[first], &b = triggers_[rank];
    return a.rule->match == b.rule->match && a.rule->match != MatchKind::kAllOf &&
           Codes(KeywordOf(a).text) == Codes(KeywordOf(b).text);
  }

  /// Messages with the keyword, as different as they may be; an expression that matches all of them most likely matches
  /// every one.
  static std::vector<std::string> Samples(const Trigger& trigger) {
    const Rule& rule = *trigger.rule;
    const std::string& text = KeywordOf(trigger).text;
    switch (rule.match) {
      case MatchKind::kExact:
        return {text, text + "。"};
      case MatchKind::kPrefix:
        return {text, text + "某 x8"};
      case MatchKind::kSuffix:
        return {text, "x8 某" + text};
      case MatchKind::kAllOf:
        return {Joined(rule, "某"), "x8 某" + Joined(rule, " x8 ") + "某", "某" + Reversed(rule) + "x8"};
      default:
        return {text, "x8 某" + text + "某 8x", "某" + text + "x8"};
    }
  }

  static std::string Reversed(const Rule& rule) {
    std::string joined;
    for (const Keyword& keyword : rule.keywords) joined.insert(0, keyword.text + "某");
    return joined;
  }

  Rank FirstRegexFor(const Trigger& trigger, Rank below) {
    std::optional<std::vector<Rank>> common;
    for (const std::string& sample : Samples(trigger)) {
      std::vector<Rank> ranks = regexes_.All(RegexText(sample));
      std::erase_if(ranks, [&](Rank rank) { return rank >= below; });
      if (common) {
        std::vector<Rank> both;
        std::set_intersection(common->begin(), common->end(), ranks.begin(), ranks.end(), std::back_inserter(both));
        ranks = std::move(both);
      }
      if (ranks.empty()) return kNoRank;
      common = std::move(ranks);
    }
    return common->front();
  }

  void LintRegex(Rank rank) {
    const Trigger& trigger = triggers_[rank];
    const Keyword& keyword = KeywordOf(trigger);
    if (everything_[rank]) {
      // The reader warns of those that match the empty text.
      if (keyword.regex->Matches("")) return;
      report_.Add(LintKind::kExpression, *trigger.rule, keyword,
                  "几乎什么消息都会命中这个正则表达式：排在它后面的规则轮不到，也不会再问大模型。请写得更具体");
      return;
    }
    if (const Rank first = FirstForRegex(*keyword.regex, rank); first < rank) ReportHidden(rank, first, false);
  }

  /// When an expression cannot match without a word that contains a keyword which goes before it, then every match
  /// contains such a keyword.
  Rank FirstForRegex(const Expression& regex, Rank below) {
    const std::vector<std::string>& words = regex.Words();
    Rank first = kNoRank;
    std::vector<int> without;
    for (size_t word = 0; word < words.size(); ++word) {
      const Rank rank = First(words[word], {MatchKind::kContains});
      if (rank < below) {
        first = std::min(first, rank);
      } else {
        without.push_back(static_cast<int>(word));
      }
    }
    return first == kNoRank || regex.MayMatch(without) ? kNoRank : first;
  }

  void ReportHidden(Rank rank, Rank by, bool likely) {
    const Trigger &hidden = triggers_[rank], &first = triggers_[by];
    const Rule &late = *hidden.rule, &early = *first.rule;
    std::string text = Shown(hidden) + (likely ? "几乎总是轮不到：" : "永远轮不到：") + "命中它的消息，也命中 " +
                       early.Source() + " 的 " + std::string(ToString(early.match)) + Shown(first) +
                       "，由那一条先回复，因为";
    if (early.priority != late.priority) {
      text += "它的 priority 是 " + std::to_string(early.priority) + "，这里是 " + std::to_string(late.priority) +
              "。请把这里的 priority 调高，或删掉其中一个";
    } else {
      text += "优先级相同时 " + std::string(ToString(early.match)) + " 排在 " + std::string(ToString(late.match)) +
              " 前面。请给这条规则写上更高的 priority，或删掉其中一个";
    }
    report_.Add(LintKind::kHidden, late, KeywordOf(hidden), std::move(text));
  }

  const Triggers triggers_;
  const std::vector<bool> everything_;  // by rank: an expression that matches all messages
  const KeywordIndex keywords_;
  const RegexIndex regexes_;
  LintReport& report_;
  KeywordIndex::Scratch scratch_;
  std::vector<Rank> ranks_;
};

void LintEvents(const std::vector<Rule>& rules, LintReport& report) {
  std::unordered_map<std::string, const Rule*> for_any_key;  // the one that goes first
  for (const Rule& rule : rules) {
    if (rule.match != MatchKind::kEvent || !rule.event_keys.empty() || rule.Conditional()) continue;
    const Rule*& first = for_any_key[rule.event];
    if (first == nullptr || rule.priority > first->priority) first = &rule;
  }
  for (const Rule& rule : rules) {
    if (rule.match != MatchKind::kEvent || rule.event_keys.empty()) continue;
    for (const std::string& key : rule.event_keys) {
      if (key.starts_with("qrscene_")) {
        report.Add(LintKind::kEvent, rule, "key 里不要写 qrscene_：请只写二维码的参数“" + key.substr(8) + "”");
      }
    }
    const auto found = for_any_key.find(rule.event);
    if (found == for_any_key.end() || found->second->priority <= rule.priority) continue;
    report.Add(LintKind::kEvent, rule,
               "这条规则永远轮不到：" + found->second->Source() + " 不管 key 是什么都回复 " + rule.event +
                   " 事件，而且 priority 更高。请把这里的 priority 调高，或删掉其中一条");
  }
}

/// Whatever holds the keyword holds the excluded word, too.
void LintExclude(const Rule& rule, LintReport& report) {
  if (rule.exclude.empty() || rule.match == MatchKind::kRegex) return;
  for (const Keyword& keyword : rule.keywords) {
    const std::u32string codes = Codes(keyword.text);
    const auto found = std::find_if(rule.exclude.begin(), rule.exclude.end(), [&](const Keyword& word) {
      return codes.find(Codes(word.text)) != std::u32string::npos;
    });
    if (found == rule.exclude.end()) continue;
    report.Add(LintKind::kHidden, rule, *found,
               "关键词“" + keyword.text + "”里就有 exclude 的“" + found->text +
                   "”，所以有这个关键词的消息都不算：请把 exclude 的词写长一些，或删掉其中一个");
  }
}

}  // namespace

void LintPrecedence(const std::vector<Rule>& rules, const std::vector<std::string>& commands, LintReport& report) {
  PrecedenceLint lint(rules, report);
  lint.Run();
  lint.LintCommands(commands);
  LintEvents(rules, report);
  for (const Rule& rule : rules) LintExclude(rule, report);
}

}  // namespace yingda::rules
