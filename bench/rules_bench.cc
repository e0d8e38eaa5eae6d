// SPDX-License-Identifier: MIT
// What matching keyword rules costs, whole and in its parts, beside loops over the rules, on one seeded set of rules
// and messages. The engines take turns in every round, each round is timed in thread CPU time, and the median counts,
// because other work shares the machine. The loops see raw bytes: they fold nothing and order nothing.
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "rules/regex_text.h"
#include "rules/rule_file.h"
#include "rules/rule_set.h"

namespace yingda::rules {
namespace {

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

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

Rule RuleFor(std::string keyword, MatchKind kind) {
  Rule rule;
  rule.name = keyword;
  rule.file = "bench.yml";
  rule.match = kind;
  Keyword word{std::move(keyword), 1, 1, nullptr};
  if (kind == MatchKind::kRegex) word.regex = std::make_shared<re2::RE2>(RegexText(word.text), RegexOptions());
  rule.keywords.push_back(std::move(word));
  rule.replies.emplace_back(wechat::TextReply{"好的"});
  return rule;
}

struct Words {
  std::vector<std::string> exact, contains, regex;
};

struct Sizes {
  size_t exact, contains, regex;
};

struct Engine {
  std::string name;
  const std::vector<std::string>* messages;
  std::function<size_t(const std::string&)> run;
  double build_ms = 0;
  std::vector<double> seconds = {};
  size_t hits = 0;
  double Median() {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2] / static_cast<double>(messages->size()) * 1e6;
  }
};

class Bench {
 public:
  explicit Bench(const Words& words) : words_(words) {}

  void AddSet(const std::string& name, Sizes sizes, const std::vector<std::string>& messages) {
    std::vector<Rule> rules;
    const double start = CpuSeconds();
    for (size_t i = 0; i < sizes.exact; ++i) rules.push_back(RuleFor(words_.exact[i], MatchKind::kExact));
    for (size_t i = 0; i < sizes.contains; ++i) rules.push_back(RuleFor(words_.contains[i], MatchKind::kContains));
    for (size_t i = 0; i < sizes.regex; ++i) rules.push_back(RuleFor(words_.regex[i], MatchKind::kRegex));
    std::vector<std::string> warnings;
    auto set = std::make_shared<const RuleSet>(std::move(rules), warnings);
    const double build_ms = (CpuSeconds() - start) * 1e3;
    auto scratch = std::make_shared<RuleSet::Scratch>();
    engines_.push_back({name, &messages,
                        [set, scratch](const std::string& text) {
                          RuleInput input;
                          input.text = text;
                          return static_cast<size_t>(set->Match(input, *scratch).has_value());
                        },
                        build_ms});
  }

  void AddFindLoop(const std::string& name, size_t count, const std::vector<std::string>& messages) {
    engines_.push_back({name, &messages, [this, count](const std::string& text) {
                          for (size_t i = 0; i < count; ++i) {
                            if (text.find(words_.contains[i]) != std::string::npos) return size_t{1};
                          }
                          return size_t{0};
                        }});
  }

  void AddRegexLoop(const std::string& name, size_t count, const std::vector<std::string>& messages) {
    auto regexes = std::make_shared<std::vector<std::unique_ptr<re2::RE2>>>();
    for (size_t i = 0; i < count; ++i) {
      regexes->push_back(std::make_unique<re2::RE2>(RegexText(words_.regex[i]), RegexOptions()));
    }
    engines_.push_back({name, &messages, [regexes](const std::string& text) {
                          for (const auto& regex : *regexes) {
                            if (re2::RE2::PartialMatch(text, *regex)) return size_t{1};
                          }
                          return size_t{0};
                        }});
  }

  void Run(size_t rounds) {
    for (size_t round = 0; round < rounds; ++round) {
      for (Engine& engine : engines_) {
        // The caches are warm with this engine's data, not with the one's before it.
        for (const std::string& message : *engine.messages) engine.run(message);
        const double start = CpuSeconds();
        engine.hits = 0;
        for (const std::string& message : *engine.messages) engine.hits += engine.run(message);
        engine.seconds.push_back(CpuSeconds() - start);
      }
    }
    std::printf("%-46s %9s %9s %9s\n", "engine", "us/msg", "build ms", "matched");
    for (Engine& engine : engines_) {
      std::printf("%-46s %9.3f %9.1f %5zu/%zu\n", engine.name.c_str(), engine.Median(), engine.build_ms, engine.hits,
                  engine.messages->size());
    }
  }

  void Ratio(const std::string& ours, const std::string& reference) {
    Engine* const a = Named(ours);
    Engine* const b = Named(reference);
    if (a == nullptr || b == nullptr) return;
    std::printf("%s takes 1/%.1f of the time of %s\n", ours.c_str(), b->Median() / a->Median(), reference.c_str());
  }

 private:
  Engine* Named(const std::string& name) {
    for (Engine& engine : engines_) {
      if (engine.name == name) return &engine;
    }
    return nullptr;
  }

  const Words& words_;
  std::vector<Engine> engines_;
};

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
  std::vector<std::string> messages, few;
  while (messages.size() < 2'000) messages.push_back(writer.Message(words.contains));
  while (few.size() < 100) few.push_back(writer.Message(words.contains));
  size_t bytes = 0;
  for (const std::string& message : messages) bytes += message.size();

  Bench bench(words);
  bench.AddSet("100k exact + 100k contains + 1k regex", {100'000, 100'000, 1'000}, messages);
  bench.AddSet("10k exact + 10k contains + 1k regex", {10'000, 10'000, 1'000}, messages);
  bench.AddSet("1k exact + 1k contains + 100 regex", {1'000, 1'000, 100}, messages);
  bench.AddSet("100k exact alone", {100'000, 0, 0}, messages);
  bench.AddSet("100k contains alone", {0, 100'000, 0}, messages);
  bench.AddSet("1k contains alone", {0, 1'000, 0}, messages);
  bench.AddSet("1k regex alone", {0, 0, 1'000}, messages);
  bench.AddFindLoop("1k contains, a loop of find, raw", 1'000, few);
  bench.AddRegexLoop("1k regex, a loop of RE2", 1'000, few);
  std::printf("%zu messages of %zu bytes on average\n", messages.size(), bytes / messages.size());
  bench.Run(15);
  bench.Ratio("1k contains alone", "1k contains, a loop of find, raw");
  bench.Ratio("1k regex alone", "1k regex, a loop of RE2");
  PrintReading(words, 100'000);
  return 0;
}

}  // namespace
}  // namespace yingda::rules

int main() { return yingda::rules::Main(); }
