// SPDX-License-Identifier: MIT
// The engine against a loop over all rules that does what the documentation says, word by word.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "base/utf8.h"
#include "rules/regex_text.h"
#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

std::u32string Trimmed(std::u32string codes) {
  while (!codes.empty() && codes.front() == U' ') codes.erase(0, 1);
  while (!codes.empty() && codes.back() == U' ') codes.pop_back();
  return codes;
}

std::u32string Codes(std::string_view text) { return Trimmed(filter::FoldedCodes(text, filter::FoldMode::kLiteral)); }

/// A message as the oracle looks at it.
struct Seen {
  explicit Seen(std::string_view text)
      : codes(Codes(text)), key(filter::FoldedKey(text)), plain(RegexText(base::TrimBlanks(text))) {
    for (size_t at = 0; at < key.size();) {
      const base::CodePoint c = base::DecodeUtf8(key, at);
      key_codes += c.value;
      at += c.length;
    }
  }
  std::u32string codes, key_codes;
  std::string key, plain;
};

/// A keyword as the oracle looks at it.
struct Wanted {
  explicit Wanted(const Keyword& keyword)
      : codes(Codes(keyword.text)), key(filter::FoldedKey(keyword.text)), regex(keyword.regex) {}
  std::u32string codes;
  std::string key;
  std::shared_ptr<const Expression> regex;
};

/// All words of a rule.
struct WantedWords {
  explicit WantedWords(const Rule& rule)
      : keywords(rule.keywords.begin(), rule.keywords.end()), exclude(rule.exclude.begin(), rule.exclude.end()) {}
  std::vector<Wanted> keywords, exclude;
};

std::vector<WantedWords> WantedOf(const std::vector<Rule>& rules) {
  return std::vector<WantedWords>(rules.begin(), rules.end());
}

/// Whether the rule is open in a minute of the day, by walking through its hours minute by minute.
bool IsOpen(const Rule& rule, int minute) {
  if (rule.schedule.hours.empty()) return true;
  for (const Schedule::Hours& hours : rule.schedule.hours) {
    for (int at = hours.from % 1440; at != hours.to % 1440; at = (at + 1) % 1440) {
      if (at == minute) return true;
    }
  }
  return false;
}

bool Matches(MatchKind kind, const Wanted& keyword, const Seen& text) {
  const std::u32string& codes = keyword.codes;
  if (kind == MatchKind::kExact) return keyword.key == text.key;
  if (kind == MatchKind::kPrefix) return text.codes.starts_with(codes);
  if (kind == MatchKind::kSuffix) return text.codes.ends_with(codes) || text.key_codes.ends_with(codes);
  if (kind == MatchKind::kRegex) return keyword.regex->Matches(text.plain);
  return text.codes.find(codes) != std::u32string::npos;
}

int KindOrder(MatchKind kind) {
  switch (kind) {
    case MatchKind::kExact:
      return 0;
    case MatchKind::kPrefix:
    case MatchKind::kSuffix:
      return 1;
    case MatchKind::kAllOf:
      return 2;
    case MatchKind::kContains:
      return 3;
    default:
      return 4;
  }
}

/// The winner's index, or -1.
int Winner(const std::vector<Rule>& rules, const std::vector<WantedWords>& wanted, std::string_view message,
           int minute) {
  const Seen text(message);
  if (base::TrimBlanks(message).empty()) return -1;
  int winner = -1;
  std::tuple<int, int, int> best;
  for (size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const auto occurs = [&text](const Wanted& word) { return Matches(MatchKind::kContains, word, text); };
    if (std::any_of(wanted[i].exclude.begin(), wanted[i].exclude.end(), occurs) || !IsOpen(rule, minute)) continue;
    int longest = -1, sum = 0;
    size_t matching = 0;
    for (const Wanted& keyword : wanted[i].keywords) {
      const int length = rule.match == MatchKind::kRegex ? 0 : static_cast<int>(keyword.codes.size());
      sum += length;
      if (!Matches(rule.match, keyword, text)) continue;
      ++matching;
      longest = std::max(longest, length);
    }
    if (rule.match == MatchKind::kAllOf) longest = matching == rule.keywords.size() ? sum : -1;
    if (longest < 0) continue;
    const std::tuple order(-rule.priority, KindOrder(rule.match), -longest);
    if (winner < 0 || order < best) winner = static_cast<int>(i), best = order;
  }
  return winner;
}

class RandomRules {
 public:
  explicit RandomRules(unsigned seed) : random_(seed) {}

  int Number(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  std::string Letters(int from, int to) {
    // Few different letters, so that keywords meet; several spellings of each, so that folding matters.
    static const std::vector<std::string> kLetters = {"a",  "A",  "ａ", "b",  "Ｂ", "1",  "１", "国", "國", "订",
                                                      "訂", "单", "單", "？", "。", "！", " ",  "　", "+",  "x\u200Bb"};
    std::string text;
    for (int i = Number(from, to); i > 0; --i) text += kLetters[static_cast<size_t>(Number(0, 19))];
    return text;
  }

  /// Of every fourth rule.
  std::string Conditions() {
    std::string yaml;
    if (Number(0, 7) == 0) {
      std::string word;
      while (base::TrimBlanks(word).empty()) word = Letters(1, 2);
      yaml += "\n  exclude: [\"" + word + "\"]";
    }
    if (Number(0, 7) == 0) {
      const int from = Number(0, 23);
      yaml += "\n  hours: " + std::to_string(from) + ":30-" + std::to_string((from + Number(1, 22)) % 24) + ":15";
    }
    return yaml;
  }

  std::string Yaml() {
    static const char* const kKinds[] = {"exact", "prefix", "suffix", "all_of", "contains", "regex"};
    static const char* const kRegexes[] = {"a+b", "^订", "单$", "[0-9]{2}", "(国|b)a", "\\\\s", "x.?b", "^a.*1$"};
    std::string yaml;
    for (int rule = Number(1, 25); rule > 0; --rule) {
      const std::string kind = kKinds[Number(0, 5)];
      yaml += "- keywords: [";
      for (int k = Number(1, 3); k > 0; --k) {
        std::string keyword;
        while (base::TrimBlanks(keyword).empty()) keyword = Letters(1, kind == "exact" ? 5 : 3);
        yaml += '"' + (kind == "regex" ? kRegexes[Number(0, 7)] : keyword) + "\", ";
      }
      yaml += "]\n  match: " + kind + Conditions() +
              "\n  priority: " + std::to_string(Number(0, 9) == 0 ? Number(-1, 1) : 0) + "\n  reply: \"" +
              std::to_string(replies_++) + "\"\n";
    }
    return yaml;
  }

 private:
  std::mt19937 random_;
  int replies_ = 0;
};

TEST(RuleOracleTest, TheEngineAgreesWithALoopOverAllRules) {
#ifdef YINGDA_SANITIZED
  constexpr int kSets = 1000;
#else
  constexpr int kSets = 2000;
#endif
  constexpr int kTextsPerSet = 60;
  int matched = 0;
  RuleSet::Scratch scratch;
  for (int seed = 0; seed < kSets; ++seed) {
    RandomRules random(static_cast<unsigned>(seed));
    const std::string yaml = random.Yaml();
    const std::vector<Rule> rules = RulesFrom(yaml);
    std::vector<std::string> warnings;
    const RuleSet set(rules, warnings);
    const auto wanted = WantedOf(rules);
    for (int i = 0; i < kTextsPerSet; ++i) {
      const std::string text = random.Letters(0, 8);
      const int minute = random.Number(0, 1439);
      RuleInput input = TextInput(text);
      input.now = TimeOfMinute(int64_t{20'000} * 1440 + minute);
      const int want = Winner(rules, wanted, text, minute);
      const auto match = set.Match(input, scratch);
      ASSERT_EQ(match.has_value(), want >= 0) << "text: " << text << "\nrules:\n" << yaml;
      if (want < 0) continue;
      ++matched;
      const Rule& winner = rules[static_cast<size_t>(want)];
      ASSERT_EQ(match->source, winner.Source()) << "text: " << text << "\nrules:\n" << yaml;
      if (i % 8 != 0) continue;  // slow, as it looks for every rule that matches
      const auto explanations = set.Explain(input);
      ASSERT_FALSE(explanations.empty());
      ASSERT_EQ(explanations.front().source, winner.Source()) << text;
    }
  }
  EXPECT_GT(matched, kSets * kTextsPerSet / 4) << "too few cases say anything";
}

}  // namespace
}  // namespace yingda::rules
