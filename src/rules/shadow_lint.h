// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "rules/lint_report.h"
#include "rules/rule.h"

namespace yingda::rules {

/// Finds keywords and event keys whose turn never comes, because whatever they match also matches something that goes
/// before them; and keywords that take one of `commands` away. See Lint for what counts.
/// Cost: one look-up per keyword in an index of all others.
void LintPrecedence(const std::vector<Rule>& rules, const std::vector<std::string>& commands, LintReport& report);

}  // namespace yingda::rules
