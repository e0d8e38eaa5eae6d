// SPDX-License-Identifier: MIT
// What matching keyword rules costs, whole and in its parts, beside other ways to look for words and expressions, on
// one seeded set of rules and messages. The engines take turns in every round, each round is timed in thread CPU time,
// and the median counts, because other work shares the machine. The references see raw bytes but for ICU's folding, and
// they order nothing: they find less. "build ms": from rules whose texts are read to a set that is ready to match, with
// the compiling of expressions; reading YAML is told apart.
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/utf8.h"
#include "engines.h"
#include "rules/regex_text.h"
#include "rules/rule_file.h"
#include "rules/rule_set.h"
#include "search_references.h"

namespace yingda::rules {
namespace {

using bench::Allocations;
using bench::Bench;
using bench::BytesOf;
using bench::CpuSeconds;
using bench::Messages;

/// Chinese-looking text: 3,500 characters drawn by Zipf's law, as frequent ones are in real text.
class Writer {
 public:
  explicit Writer(uint64_t seed) : random_(seed) {
    std::vector<double> weights;
    for (size_t rank = 0; rank < 3500; ++rank) weights.push_back(1.0 / (static_cast<double>(rank) + 18));
    draw_ = std::discrete_distribution<size_t>(weights.begin(), weights.end());
  }

  size_t Below(size_t limit) { return random_() % limit; }

  std::string Word(size_t from, size_t to) {
    std::string word;
    for (size_t left = from + Below(to - from + 1); left > 0; --left) AppendLetter(word);
    return word;
  }

  /// As people write them: a word with a number, a question, two words with something between, an order number.
  std::string Regex() {
    switch (Below(5)) {
      case 0:
        return Word(2, 4) + "号?\\s*(\\d{4,20})";
      case 1:
        return "^" + Word(2, 3) + "[吗么呢？?]*$";
      case 2:
        return Word(2, 3) + ".{0,10}" + Word(2, 3);
      case 3:
        return "(" + Word(2, 3) + "|" + Word(2, 3) + ")的?" + Word(2, 2);
      default:
        return "^" + Word(2, 4) + "[:：]?\\s*(.+)$";
    }
  }

  /// 20 to 1,840 bytes, log-uniform: mean about 400. One in twenty holds a word of `words`.
  std::string Message(const std::vector<std::string>& words) {
    static constexpr const char* kMarks[] = {"，", "。", "！", "、", " ", "\n", "http", "WeChat ", "2024", "😀"};
    const double power = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto bytes = static_cast<size_t>(20 * std::pow(92.0, power));
    std::string text;
    while (text.size() < bytes) {
      AppendLetter(text);
      if (Below(9) == 0) text += kMarks[Below(std::size(kMarks))];
    }
    if (Below(20) == 0) text += words[Below(words.size())];
    return text;
  }

 private:
  // Spread over the common block, the same for words and messages.
  void AppendLetter(std::string& text) {
    base::AppendUtf8(text, 0x4E00 + static_cast<char32_t>(draw_(random_) * 4801 % 20'900));
  }

  std::mt19937_64 random_;
  std::discrete_distribution<size_t> draw_;
};

struct Words {
  std::vector<std::string> exact, contains, regex;
};

struct Sizes {
  size_t exact, contains, regex;
};

Rule RuleFor(const std::string& keyword, MatchKind kind) {
  Rule rule;
  rule.name = keyword;
  rule.file = "bench.yml";
  rule.match = kind;
  rule.keywords.push_back({keyword, 1, 1, nullptr});
  rule.replies.emplace_back(wechat::TextReply{"好的"});
  return rule;
}

struct Built {
  std::shared_ptr<const RuleSet> set;
  double expressions_ms = 0;  // to compile them, which the reader of rule files does
  double set_ms = 0;          // from rules to a set that is ready to match
};

Built Build(const Words& words, Sizes sizes) {
  std::vector<Rule> rules;
  for (size_t i = 0; i < sizes.exact; ++i) rules.push_back(RuleFor(words.exact[i], MatchKind::kExact));
  for (size_t i = 0; i < sizes.contains; ++i) rules.push_back(RuleFor(words.contains[i], MatchKind::kContains));
  for (size_t i = 0; i < sizes.regex; ++i) rules.push_back(RuleFor(words.regex[i], MatchKind::kRegex));
  Built built;
  const double start = CpuSeconds();
  for (Rule& rule : rules) {
    Keyword& keyword = rule.keywords.front();
    if (rule.match == MatchKind::kRegex) keyword.regex = std::make_shared<Expression>(keyword.text);
  }
  const double compiled = CpuSeconds();
  std::vector<std::string> warnings;
  built.set = std::make_shared<const RuleSet>(std::move(rules), warnings);
  built.expressions_ms = (compiled - start) * 1e3;
  built.set_ms = (CpuSeconds() - compiled) * 1e3;
  return built;
}

void AddSet(Bench& bench, const std::string& name, const Built& built, const Messages& messages) {
  auto scratch = std::make_shared<RuleSet::Scratch>();
  bench.Add({name, &messages,
             [set = built.set, scratch](const std::string& text) {
               RuleInput input;
               input.text = text;
               return static_cast<size_t>(set->Match(input, *scratch).has_value());
             },
             built.expressions_ms + built.set_ms});
}

void AddHash(Bench& bench, const std::string& name, const std::vector<std::string>& words, const Messages& messages) {
  auto set = std::make_shared<std::unordered_set<std::string>>(words.begin(), words.end());
  bench.Add({name, &messages, [set](const std::string& text) { return set->count(text); }});
}

void AddRegexLoop(Bench& bench, const std::string& name, const std::vector<std::string>& expressions,
                  const Messages& messages) {
  auto regexes = std::make_shared<std::vector<std::unique_ptr<re2::RE2>>>();
  for (const std::string& text : expressions) regexes->push_back(std::make_unique<re2::RE2>(text, RegexOptions()));
  bench.Add({name, &messages, [regexes](const std::string& text) {
               size_t hits = 0;
               for (const auto& regex : *regexes) hits += re2::RE2::PartialMatch(text, *regex) ? 1 : 0;
               return hits;
             }});
}

/// What several of the engines take one after another.
void AddTogether(Bench& bench, const std::string& name, const std::vector<std::string>& parts,
                 const Messages& messages) {
  std::vector<std::function<size_t(const std::string&)>> runs;
  double build_ms = 0;
  for (const std::string& part : parts) {
    const bench::Engine* engine = bench.Named(part);
    if (engine == nullptr) return;
    runs.push_back(engine->run);
    build_ms += engine->build_ms;
  }
  bench.Add({name, &messages,
             [runs](const std::string& text) {
               size_t hits = 0;
               for (const auto& run : runs) hits += run(text);
               return hits;
             },
             build_ms});
}

/// Messages that no rule takes: those must not touch the heap.
size_t AllocationsWithoutMatch(const RuleSet& set, const Messages& messages) {
  RuleSet::Scratch scratch;
  Messages unmatched;
  const auto matches = [&](const std::string& text) {
    RuleInput input;
    input.text = text;
    return set.Match(input, scratch).has_value();
  };
  for (const std::string& message : messages) {
    if (!matches(message)) unmatched.push_back(message);
  }
  const size_t before = Allocations();
  for (const std::string& message : unmatched) matches(message);
  const size_t used = Allocations() - before;
  std::printf("%zu messages without a match: %zu allocations\n", unmatched.size(), used);
  return used;
}

/// How long a rule file takes from text to rules, ready to match.
void PrintReading(const Words& words, size_t count) {
  std::string yaml;
  for (size_t i = 0; i < count; ++i) yaml += "- keywords: [" + words.contains[i] + "]\n  reply: 好的\n";
  base::YamlProblems problems("bench.yml"), warnings("bench.yml");
  const double start = CpuSeconds();
  std::vector<Rule> rules = ParseRules(yaml, problems, warnings);
  const double read = CpuSeconds();
  std::vector<std::string> hidden;
  const RuleSet set(std::move(rules), hidden);
  std::printf("a file of %zu two-line rules (%.1f MB): read in %.0f ms, made ready in %.0f ms\n", set.size(),
              static_cast<double>(yaml.size()) / 1e6, (read - start) * 1e3, (CpuSeconds() - read) * 1e3);
}

int Main() {
  Writer writer(20240601);
  Words words;
  while (words.exact.size() < 100'000) words.exact.push_back(writer.Word(2, 10));
  while (words.contains.size() < 100'000) words.contains.push_back(writer.Word(3, 10));
  while (words.regex.size() < 1'000) words.regex.push_back(writer.Regex());
  Messages messages, few;
  while (messages.size() < 2'000) messages.push_back(writer.Message(words.contains));
  while (few.size() < 100) few.push_back(writer.Message(words.contains));
  // Expressions of which no match contains a word: nothing tells beforehand that they cannot match.
  Words wordless;
  for (size_t i = 0; i < 1'000; ++i) wordless.regex.push_back("^\\d{" + std::to_string(i % 50 + 1) + ",}[a-z]$");
  // Texts that hold the words of most expressions.
  std::string full;
  for (const std::string& text : words.regex) {
    const Expression expression(text);
    for (const std::string& word : expression.Words()) full += word;
  }
  Messages crowded;
  for (size_t at = 0; at + 2'048 < full.size(); at += 1'024) {
    crowded.emplace_back(
        base::Utf8Prefix(std::string_view(full).substr(full.find_first_of("\xE4\xE5\xE6", at)), 2'040));
  }

  Bench bench;
  const Sizes whole{100'000, 100'000, 1'000};
  const Built built = Build(words, whole);
  const char* const kWhole = "100k exact + 100k contains + 1k regex";
  AddSet(bench, kWhole, built, messages);
  AddSet(bench, "10k exact + 10k contains + 1k regex", Build(words, {10'000, 10'000, 1'000}), messages);
  AddSet(bench, "1k exact + 1k contains + 100 regex", Build(words, {1'000, 1'000, 100}), messages);
  AddSet(bench, "100k exact", Build(words, {100'000, 0, 0}), messages);
  AddSet(bench, "100k contains", Build(words, {0, 100'000, 0}), messages);
  AddSet(bench, "1k contains", Build(words, {0, 1'000, 0}), messages);
  AddSet(bench, "1k regex", Build(words, {0, 0, 1'000}), messages);
  AddSet(bench, "1k regex without words", Build(wordless, {0, 0, 1'000}), messages);
  AddSet(bench, "1k regex, 2 KB full of their words", Build(words, {0, 0, 1'000}), crowded);
  AddHash(bench, "hash 100k, raw", words.exact, messages);
  AddFindLoop(bench, "find loop 1k, raw", words.contains, 1'000, few);
  AddRegexLoop(bench, "RE2 loop 1k", words.regex, few);
  AddRe2SetOfExpressions(bench, "RE2::Set 1k", words.regex, messages);
  AddRe2SetOfExpressions(bench, "RE2::Set 1k without words", wordless.regex, messages);
  AddRe2SetOfExpressions(bench, "RE2::Set 1k, 2 KB full of their words", words.regex, crowded);
  AddVectorscanOfExpressions(bench, "vectorscan 1k regex", words.regex, messages);
  AddVectorscan(bench, "vectorscan 100k, raw", words.contains, 100'000, messages);
  AddIcuVectorscan(bench, "ICU NFKC casefold + vectorscan 100k", words.contains, 100'000, messages);
  AddTogether(bench, "hash + vectorscan + RE2::Set", {"hash 100k, raw", "vectorscan 100k, raw", "RE2::Set 1k"},
              messages);
  AddTogether(bench, "hash + ICU + vectorscan + RE2::Set",
              {"hash 100k, raw", "ICU NFKC casefold + vectorscan 100k", "RE2::Set 1k"}, messages);
  std::printf("%zu messages of %zu bytes on average\n", messages.size(), BytesOf(messages) / messages.size());
  bench.Run(15);
  std::printf("\n");
  bench.Ratio(kWhole, "hash + vectorscan + RE2::Set");
  bench.Ratio(kWhole, "hash + ICU + vectorscan + RE2::Set");
  bench.Ratio("100k contains", "vectorscan 100k, raw");
  bench.Ratio("100k contains", "ICU NFKC casefold + vectorscan 100k");
  bench.Ratio("1k contains", "find loop 1k, raw");
  bench.Ratio("1k regex", "RE2::Set 1k");
  bench.Ratio("1k regex", "vectorscan 1k regex");
  bench.Ratio("1k regex", "RE2 loop 1k");
  bench.Ratio("1k regex without words", "RE2::Set 1k without words");
  bench.Ratio("1k regex, 2 KB full of their words", "RE2::Set 1k, 2 KB full of their words");
  std::printf("\n");
  std::vector<double> expressions_ms = {built.expressions_ms}, set_ms = {built.set_ms};
  while (set_ms.size() < 5) {
    const Built again = Build(words, whole);
    expressions_ms.push_back(again.expressions_ms);
    set_ms.push_back(again.set_ms);
  }
  std::sort(expressions_ms.begin(), expressions_ms.end());
  std::sort(set_ms.begin(), set_ms.end());
  std::printf("%s, medians of 5: expressions compiled in %.0f ms, set of all made in %.0f ms\n", kWhole,
              expressions_ms[2], set_ms[2]);
  PrintReading(words, 100'000);
  Bench::Goal("whole set", bench.Named(kWhole)->Median(), 6.0, "us");
  Bench::Goal("whole set, built with expressions", expressions_ms[2] + set_ms[2], 400, "ms");
  Bench::Goal("allocations", static_cast<double>(AllocationsWithoutMatch(*built.set, messages)), 0, "");
  return 0;
}

}  // namespace
}  // namespace yingda::rules

int main() { return yingda::rules::Main(); }
