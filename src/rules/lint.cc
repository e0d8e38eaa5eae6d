// SPDX-License-Identifier: MIT
#include "rules/lint.h"

#include <utility>

#include "rules/lint_report.h"
#include "rules/reply_lint.h"
#include "rules/shadow_lint.h"

namespace yingda::rules {
namespace {

void LintEnd(const Rule& rule, base::WallTime now, LintReport& report) {
  if (rule.until_line == 0 || now == base::WallTime() || TimeOfMinute(rule.schedule.until) > now) return;
  const std::string last = ChinaDate(TimeOfMinute(rule.schedule.until - 1));
  report.Add(LintKind::kOver, rule, Keyword{"", rule.until_line, rule.until_column, nullptr},
             "这条规则只用到 " + last + "，已经过期，不会再回复：还要用请改日期，不用了请删掉");
}

}  // namespace

std::vector<std::string> Lint(const std::vector<Rule>& rules, const LintOptions& options) {
  LintReport report(options.max_of_a_kind);
  LintPrecedence(rules, options.commands, report);
  filter::Scratch scratch;
  for (const Rule& rule : rules) {
    LintReplies(rule, report);
    LintEnd(rule, options.now, report);
    if (options.words != nullptr) LintWords(rule, *options.words, scratch, report);
  }
  return std::move(report).Lines();
}

}  // namespace yingda::rules
