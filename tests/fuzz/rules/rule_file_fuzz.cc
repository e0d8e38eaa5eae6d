// SPDX-License-Identifier: MIT
// A rule file as anyone may save it, then a message against what was read: neither may crash, hang or say yes to
// nothing; and what is read with the rules of an earlier version (all before a 0x1F, or a part of it) must be what is
// read without. The YAML reader is fuzzed along with it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "rules/rule_file.h"
#include "rules/rule_set.h"

namespace yr = yingda::rules;
namespace yb = yingda::base;

namespace {

struct Reading {
  Reading(std::string_view text, const yr::KnownRules& known)
      : file(yr::ReadRules(std::string(text), known, problems, warnings)) {}
  yb::YamlProblems problems{"f.yml", yb::YamlLanguage::kChinese}, warnings{"f.yml", yb::YamlLanguage::kChinese};
  yr::RulesOfFile file;
};

bool Same(const yr::Rule& a, const yr::Rule& b) {
  const auto place = [](const auto& x) { return std::pair(x.line, x.column); };
  const auto word = [&](const yr::Keyword& x, const yr::Keyword& y) {
    return place(x) == place(y) && x.text == y.text && !x.regex == !y.regex;
  };
  const auto reply = [&](const yr::ReplyTemplate& x, const yr::ReplyTemplate& y) {
    return place(x) == place(y) && x.pattern() == y.pattern() && x.ForModel() == y.ForModel();
  };
  return place(a) == place(b) && a.name == b.name && a.priority == b.priority && a.match == b.match &&
         a.event == b.event && a.event_keys == b.event_keys && a.mode == b.mode && a.until_line == b.until_line &&
         a.until_column == b.until_column && a.file == b.file && a.schedule.days == b.schedule.days &&
         a.schedule.until == b.schedule.until && a.schedule.from == b.schedule.from && a.cooldown == b.cooldown &&
         std::equal(a.keywords.begin(), a.keywords.end(), b.keywords.begin(), b.keywords.end(), word) &&
         std::equal(a.exclude.begin(), a.exclude.end(), b.exclude.begin(), b.exclude.end(), word) &&
         std::equal(a.replies.begin(), a.replies.end(), b.replies.begin(), b.replies.end(), reply);
}

/// Only a set without a mistake is ever known.
void CompareWithKnown(std::string_view before, std::string_view text) {
  const Reading earlier(before, {});
  if (!earlier.problems.empty()) return;
  const std::vector<yr::WrittenFile> written = {earlier.file.written};
  const Reading with(text, yr::KnownRules(written, earlier.file.rules)), without(text, {});
  if (with.problems.Text() != without.problems.Text() || with.warnings.Text() != without.warnings.Text()) std::abort();
  const auto& one = with.file.rules;
  const auto& other = without.file.rules;
  if (!std::equal(one.begin(), one.end(), other.begin(), other.end(), Same)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Beyond this a run tests the patience of the fuzzer only.
  if (size > (size_t{64} << 10)) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const size_t bar = text.find('\x1F'); bar != text.npos) {
    CompareWithKnown(text.substr(0, bar), text.substr(bar + 1));
    text.remove_prefix(bar + 1);
  } else {
    const size_t line = text.find('\n', size / 2);
    CompareWithKnown(text, text.substr(0, line));
    CompareWithKnown(text.substr(0, line), text);
  }
  yb::YamlProblems problems("f.yml", yb::YamlLanguage::kChinese), warnings("f.yml", yb::YamlLanguage::kChinese);
  std::vector<yr::Rule> rules = yr::ParseRules(text, problems, warnings);
  if (!yb::IsValidUtf8(problems.Text()) || !yb::IsValidUtf8(warnings.Text())) std::abort();
  if (!problems.empty()) return 0;

  std::vector<std::string> hidden;
  const yr::RuleSet set(std::move(rules), hidden);
  yr::RuleSet::Scratch scratch;
  yr::RuleInput input;
  input.text = text.substr(0, 4096);
  input.choice = size;
  const auto match = set.Match(input, scratch);
  const auto explanations = set.Explain(input);
  if (match.has_value() == explanations.empty()) std::abort();
  if (match && match->source != explanations.front().source) std::abort();
  input.text = {};
  if (set.Match(input, scratch)) std::abort();
  return 0;
}
