// SPDX-License-Identifier: MIT
// A rule file as anyone may save it, then a message against what was read: neither may crash, hang or say yes to
// nothing. The YAML reader is fuzzed along with it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "rules/rule_file.h"
#include "rules/rule_set.h"

namespace yr = yingda::rules;
namespace yb = yingda::base;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Beyond this a run tests the patience of the fuzzer only.
  if (size > (size_t{64} << 10)) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
