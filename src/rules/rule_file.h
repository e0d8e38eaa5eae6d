// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/yaml.h"
#include "rules/rule.h"

namespace yingda::rules {

/// Reads the text of one rule file: a YAML list of rules, each of them
///   keywords: [词, …]  match: contains | exact | prefix | suffix | all_of | regex      or
///   event: subscribe | scan | click | …  key: 菜单的 key 或二维码参数     or
///   default: true
/// with reply: or replies: and, if wanted, name, priority, mode (first | random | all), enabled, exclude, hours, days,
/// from, until and cooldown (rule_keys.h lists all). Rules that are switched off are checked, then left out. All
/// mistakes go to `problems`, in Chinese: their readers are not programmers. Limits: 16 MiB, keywords of at most 64
/// characters, expressions of at most 1,000 bytes.
std::vector<Rule> ParseRules(std::string_view text, base::YamlProblems& problems, base::YamlProblems& warnings);

/// The same for a file; `path` also names it in messages and in Rule::source.
std::vector<Rule> ReadRuleFile(const std::string& path, base::YamlProblems& problems, base::YamlProblems& warnings);

/// The rule files of a folder (*.yml, *.yaml, but no hidden ones), sorted by name.
base::Result<std::vector<std::string>> ListRuleFiles(const std::string& folder);

}  // namespace yingda::rules
