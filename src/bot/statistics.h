// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "bot/day_counts.h"
#include "bot/pipeline.h"
#include "bot/question_sketch.h"
#include "filter/word_filter.h"
#include "rules/rule_set.h"
#include "store/store.h"

namespace yingda::bot {

struct RuleUse {
  std::string name, file;
  int line = 0;           // where it stands now; 0: it is gone
  uint64_t messages = 0;  // that it answered
};

/// How many messages a word list's words, or those with one tag, were found in.
struct WordUse {
  std::string name;     // of the file, or the tag
  bool inbound = true;  // in what followers wrote, else in the model's answers
  std::string level;    // what came of it: "block", "mask", "review"
  uint64_t messages = 0;
};

/// An account's numbers of some days, for its operator.
struct StatisticsReport {
  int64_t first_day = 0, last_day = 0;  // as base::ChinaDay counts; first_day no earlier than counting began
  std::vector<std::pair<std::string, uint64_t>> messages;  // by route, in the order of the way
  std::vector<RuleUse> rules;        // that answered; the most used first. Rules that are gone only if today
  std::vector<RuleUse> never;        // that did not, as far as is known; in the order of their files
  uint64_t by_gone_rules = 0;        // messages that rules answered before today which are gone, or have another name
  uint64_t by_unnamed_rules = 0;     // and those of rules that there was no room to name: some of `never` did answer
  std::vector<WordUse> files, tags;  // the most found first
  bool keeps_texts = false;
  base::WallTime questions_since;
  uint64_t questions = 0;                        // without a rule, that could be counted
  uint64_t repeated_questions = 0;               // of those, had been asked before
  std::vector<CommonQuestion> common_questions;  // since questions_since
};

/// What happened to the messages of one account, in numbers: by route, rule and word list, and which questions come up
/// again and again without a rule. Never about one follower. Counts go by a rule's file and name, so they go on when
/// lines move and files are loaded anew.
/// Thread-safety: all members. Cost: counting is an addition or two; a message with words in it, or for the model,
/// takes a short lock and allocates. Limits: `options`, and the loaded rules, each of which can be counted on any day.
/// Days are China's; what is counted belongs to the day on which
/// Collect began the period, so Collect should be called at midnight, too.
class Statistics {
 public:
  struct Options {
    DayCounts::Options counts;
    QuestionSketch::Options questions;
    size_t max_pending_names = 1000;                            // of words, between two calls of Collect
    base::Duration questions_for = std::chrono::hours(24 * 7);  // then the questions are counted anew; the last period
                                                                // of that length stays in the report beside the new one
  };

  using Ordinals = std::unordered_map<uint32_t, uint32_t>;  // of rules that share file and name with one before
  /// Where the messages of one set's rules are counted.
  struct RuleTable {
    std::shared_ptr<const rules::RuleSet> rules;
    std::shared_ptr<const Ordinals> ordinals;
    std::vector<uint32_t> hits;  // by the rule's index
    bool hit = false;
  };

  Statistics(Options options, base::Clock& clock);

  /// Takes a pass over all rules, and no lock: for the thread that loads them.
  static RuleTable TableOf(std::shared_ptr<const rules::RuleSet> rules);
  /// Before or after the account gets the set; messages that another set decided are counted all the same.
  void OnRulesLoaded(RuleTable table);

  /// A message that was decided for the first time.
  void Count(const Decision& decision, const wechat::Incoming& message);
  /// Words of the list in a text of the model.
  void CountWords(const filter::WordFilter& words, const filter::Verdict& verdict, filter::Direction direction);

  /// Moves what was counted into its day. At least once a minute, and when a day begins.
  void Collect();
  /// Numbers that are not in the store yet, at most `limit`; / which could not be written; / which it has from before.
  std::vector<store::DayCount> TakeUnwritten(const std::string& account, size_t limit);
  void PutBack(const std::vector<store::DayCount>& unwritten);
  void Recover(const std::vector<store::DayCount>& stored);

  /// `days`: 1 is today. Takes a pass over all rules; not on a thread that must not wait.
  StatisticsReport Report(int days);

 private:
  struct Questions {
    QuestionSketch now, before;
    base::WallTime began, before_began;
  };
  using Pending = std::map<DayCounts::Key, uint64_t>;

  static std::string RuleName(const rules::RuleSet& rules, const Ordinals* ordinals, uint32_t index);
  void CountRule(const std::shared_ptr<const rules::RuleSet>& rules, uint32_t index);
  void CountQuestion(const Decision& decision, const wechat::Incoming& message);
  RuleTable TakeHits();
  void AddHits(const RuleTable& table);
  void AddRules(const std::vector<DayCounts::Sum>& sums, StatisticsReport& report) const;
  void AddQuestions(StatisticsReport& report);
  void AddPending(const std::string& kind, const std::string& name);

  const Options options_;
  base::Clock& clock_;
  std::array<std::atomic<uint64_t>, 6> routes_{};
  base::Guarded<RuleTable> rules_;
  base::Guarded<Pending> pending_;
  base::Guarded<Questions> questions_;
  std::atomic<int64_t> day_;
  base::Guarded<DayCounts> counts_;
};

}  // namespace yingda::bot
