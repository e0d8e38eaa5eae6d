// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "base/yaml.h"
#include "rules/rule.h"

namespace yingda::rules {

/// Reads one item of a rule file's list (rule_file.h says what it may hold). Nothing if it is wrong or switched off.
std::optional<Rule> ReadRule(const base::YamlNode& node, base::YamlProblems& problems, base::YamlProblems& warnings);

}  // namespace yingda::rules
