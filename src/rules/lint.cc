// SPDX-License-Identifier: MIT
#include "rules/lint.h"

#include <utility>

#include "rules/lint_report.h"
#include "rules/reply_lint.h"
#include "rules/shadow_lint.h"

namespace yingda::rules {

std::vector<std::string> Lint(const std::vector<Rule>& rules, const LintOptions& options) {
  LintReport report(options.max_of_a_kind);
  LintPrecedence(rules, options.commands, report);
  filter::Scratch scratch;
  for (const Rule& rule : rules) {
    LintReplies(rule, report);
    if (options.words != nullptr) LintWords(rule, *options.words, scratch, report);
  }
  return std::move(report).Lines();
}

}  // namespace yingda::rules
