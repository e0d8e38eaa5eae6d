// SPDX-License-Identifier: MIT
#include "rules/lint_report.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace yingda::rules {
namespace {

constexpr std::string_view kWhat[] = {
    "个轮不到的关键词",   "处和指令冲突的关键词", "个太宽的正则表达式", "条有问题的事件规则", "处敏感词",
    "个有问题的素材编号", "处太长的标题或简介",   "处有问题的链接",     "条过期的规则",
};

}  // namespace

void LintReport::Add(LintKind kind, const std::string& file, int line, int column, std::string text) {
  static_assert(std::size(kWhat) == kKinds);
  if (++counts_[static_cast<size_t>(kind)] > max_of_a_kind_) return;
  findings_.push_back({file, line, column, std::move(text)});
}

void LintReport::Add(LintKind kind, const Rule& rule, const Keyword& at, std::string text) {
  Add(kind, rule.file, at.line, at.column, std::move(text));
}

void LintReport::Add(LintKind kind, const Rule& rule, const ReplyTemplate& at, std::string text) {
  const bool known = at.line > 0;
  Add(kind, rule.file, known ? at.line : rule.line, known ? at.column : std::max(rule.column, 1), std::move(text));
}

void LintReport::Add(LintKind kind, const Rule& rule, std::string text) {
  Add(kind, rule.file, rule.line, std::max(rule.column, 1), std::move(text));
}

std::vector<std::string> LintReport::Lines() && {
  std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  std::vector<std::string> lines;
  for (const Finding& finding : findings_) {
    lines.push_back(finding.file + ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column) + ": " +
                    finding.text);
  }
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (counts_[kind] <= max_of_a_kind_) continue;
    lines.push_back("还有 " + std::to_string(counts_[kind] - max_of_a_kind_) + " " + std::string(kWhat[kind]) +
                    "没有列出");
  }
  return lines;
}

}  // namespace yingda::rules
