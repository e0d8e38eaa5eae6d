// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "rules/rule.h"
#include "rules/written_rules.h"

namespace yingda::rules {

struct RulesOfFile {
  std::vector<Rule> rules;
  WrittenFile written;  // for the next time; places are those in `rules`
};

/// Reads the text of one rule file: a YAML list of rules, each of them
///   keywords: [词, …]  match: contains | exact | prefix | suffix | all_of | regex      or
///   event: subscribe | scan | click | …  key: 菜单的 key 或二维码参数     or
///   default: true
/// with reply: or replies: and, if wanted, name, priority, mode (first | random | all), enabled, exclude, hours, days,
/// from, until and cooldown (rule_keys.h lists all). Rules that are switched off are checked, then left out. All
/// mistakes go to `problems`, in Chinese: their readers are not programmers. What is known is not read again; the
/// outcome is the same. Limits: 16 MiB, keywords of at most 64 characters, expressions of at most 1,000 bytes.
/// Cost: about 10 µs for a rule of two lines; known ones take less than 2, with the building of their set.
RulesOfFile ReadRules(std::string text, const KnownRules& known, base::YamlProblems& problems,
                      base::YamlProblems& warnings);

/// The same, when nothing is known and nothing will be asked again.
std::vector<Rule> ParseRules(std::string_view text, base::YamlProblems& problems, base::YamlProblems& warnings);

/// The same for a file; `path` is only for reading: `problems` names the file, in Rule::file, too.
RulesOfFile ReadRuleFile(const std::string& path, const KnownRules& known, base::YamlProblems& problems,
                         base::YamlProblems& warnings);

/// The rule files of a folder (*.yml, *.yaml, but no hidden ones), sorted by name.
base::Result<std::vector<std::string>> ListRuleFiles(const std::string& folder);

}  // namespace yingda::rules
