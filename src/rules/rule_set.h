// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "rules/cooldowns.h"
#include "rules/keyword_index.h"
#include "rules/regex_index.h"
#include "rules/rule.h"
#include "rules/written_rules.h"

namespace yingda::rules {

/// What a follower did, as far as rules look at it.
struct RuleInput {
  enum Kind { kText, kEvent } kind = kText;
  std::string_view text;       // a text message, or what was recognised in a voice message
  std::string_view event;      // in lower case
  std::string_view event_key;  // menu key, or scene of a QR code without "qrscene_"
  std::string_view open_id;
  /// Decides random replies, and tells repeats from tries: equal for all tries of one message, different between
  /// messages.
  uint64_t choice = 0;
  base::WallTime now{};  // for hours, days and dates
  std::string_view account;
  Cooldowns* cooldowns = nullptr;               // who got which reply lately; null: nobody
  std::optional<std::string_view> for_model{};  // `text` as the model may see it, for instructions; none: as it is
};

struct RuleMatch {
  wechat::Reply reply;
  std::vector<wechat::Reply> more;         // what follows it (mode: all), in order
  std::optional<std::string> instruction;  // the message goes to the model with this instead; `reply` is nothing
  std::string rule;                        // its name, or its first keyword
  std::string source;                      // "reply_rules/a.yml:12"
  uint32_t index = 0;                      // the rule's place in the set
};

/// One rule that matches, and why it does or does not get its way; texts in Chinese, for admins.
struct RuleExplanation {
  std::string rule, source;
  std::string matched;  // contains“营业时间”
  int priority = 0;
  bool wins = false;
  bool is_default = false;
  std::string why;  // complete: says what matched, too
};

struct LoadReport {
  size_t rules = 0, files = 0;
  std::vector<std::string> warnings;  // "file:line:column: what, and what to write instead"
};

/// All rules of an account, ready to match. The first of the matching rules answers, in this order: higher priority;
/// exact before prefix and suffix before all_of before contains before regex; the longer keyword (of all_of: all
/// together); the file's name; the place in the file. Between event rules: higher priority; one with `key:` before one
/// without; file and place. A rule that matches does not count, and the next one gets its chance, when a word of its
/// `exclude` occurs, outside of its hours, days or dates, and while it cools down for this follower. Default rules come
/// behind all others and behind the commands, whatever their priority; it orders them among each other.
/// Thread-safety: immutable; one Scratch per thread.
/// Cost: O(message) for up to a million keywords, and for expressions another pass, which is left out when a keyword
/// that goes before them matches, and the expressions whose words occur (RegexIndex); and one look at each matching
/// rule that goes before the winner but does not count. Limits: looks at the first 64 KiB of a message, with
/// expressions at 2 KiB.
class RuleSet {
 public:
  /// Working memory of a match: reuse it.
  struct Scratch {
    KeywordIndex::Scratch keywords;
    RegexIndex::Scratch regexes;
    std::string plain;  // the message as expressions see it
    std::vector<std::string_view> groups;
    std::vector<Rank> ranks;
    std::unordered_set<uint32_t> refused;  // rules
  };

  /// Reads every rule file of the folders. The error holds all mistakes of all files, one per line. `before`: a set
  /// whose rules need no reading where their text is the same, in any file; the outcome is the same without it.
  static base::Result<std::shared_ptr<const RuleSet>> Load(const std::vector<std::string>& folders, LoadReport& report,
                                                           const RuleSet* before = nullptr);

  /// From rules in the order of their files; `warnings` takes those about rules that can never win.
  RuleSet(std::vector<Rule> rules, std::vector<std::string>& warnings, std::vector<WrittenFile> written = {});

  /// All but the default rules. The rule that answers begins to cool down in `input.cooldowns`.
  std::optional<RuleMatch> Match(const RuleInput& input, Scratch& scratch) const;
  /// The default rules, for a message that nothing else took.
  std::optional<RuleMatch> MatchDefault(const RuleInput& input, Scratch& scratch) const;
  /// Every rule that matches, those that could win now first, and why. Nothing cools down by it.
  std::vector<RuleExplanation> Explain(const RuleInput& input) const;

  size_t size() const { return rules_.size(); }
  /// As they were read, in the order of files and lines.
  const std::vector<Rule>& rules() const { return rules_; }
  /// Of the rule at `index` < size().
  const std::string& NameOf(uint32_t index) const { return rules_[index].name; }
  std::string SourceOf(uint32_t index) const { return rules_[index].Source(); }
  /// The first rule that hands messages to the model, or that sends several replies; null: there is none.
  const Rule* FirstForModel() const;
  const Rule* FirstSendingAll() const;

 private:
  /// One way to match a rule: a keyword, all keywords of an all_of rule, or an event's key. Its index is its rank.
  struct Trigger {
    uint32_t rule;
    uint32_t keyword;  // of the rule; or event key, kNoKey for any
    uint32_t length;
  };
  static constexpr uint32_t kNoKey = 0xFFFFFFFF;
  /// What else a rule asks for than a match. Few rules have any of it.
  struct Conditions {
    uint64_t identity = 0;  // survives a reload that leaves the rule's file and name
    std::vector<std::u32string> exclude;
  };
  static constexpr uint32_t kUnconditional = 0xFFFFFFFF;
  enum class Obstacle : uint8_t { kNone, kExcluded, kWrongTime, kCoolingDown };
  using Ranks = std::vector<Rank>;

  class Builder;

  /// The part of a message that is looked at.
  static std::string_view TextToMatch(std::string_view text);
  /// Event and key as one text to look up; for any key it is the event alone.
  static std::string EventId(std::string_view event, std::string_view key);

  Rank BestText(std::string_view text, Scratch& scratch) const;
  Rank BestEvent(const RuleInput& input) const;
  std::array<const Ranks*, 2> EventRanks(const RuleInput& input) const;
  void All(const RuleInput& input, Scratch& scratch) const;
  Rank FirstThatCounts(const RuleInput& input, Scratch& scratch) const;
  Obstacle ObstacleOf(uint32_t rule, const RuleInput& input, const filter::FoldedText& folded) const;
  const std::u32string* ExcludedBy(const Conditions& conditions, const filter::FoldedText& folded) const;
  RuleMatch Answer(Rank rank, const RuleInput& input, Scratch& scratch) const;

  // Explaining (rule_set_explain.cc).
  std::string Matched(const Trigger& trigger) const;
  std::string WhyNot(const Trigger& loser, const Trigger& winner) const;
  std::string WhyItDoesNotCount(uint32_t rule, Obstacle obstacle, const filter::FoldedText& folded) const;

  std::vector<Rule> rules_;
  std::vector<WrittenFile> written_;  // as which they were read
  std::vector<Trigger> triggers_;
  KeywordIndex keywords_;
  RegexIndex regexes_;
  std::unordered_map<std::string, Ranks> events_;
  Ranks defaults_;                            // in order
  std::vector<uint32_t> conditions_of_rule_;  // index into conditions_
  std::vector<Conditions> conditions_;
  bool default_excludes_ = false;
};

}  // namespace yingda::rules
