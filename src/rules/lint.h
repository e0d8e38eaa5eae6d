// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "filter/word_filter.h"
#include "rules/rule.h"

namespace yingda::rules {

struct LintOptions {
  /// The account's word lists; nullptr: replies and keywords are not held against them.
  const filter::WordFilter* words = nullptr;
  /// Messages that the program itself answers when no rule does, such as 继续.
  std::vector<std::string> commands;
  base::WallTime now{};        // for rules whose time is over; the epoch: they are not looked for
  size_t max_of_a_kind = 100;  // then only counted
};

/// What is written without mistake and yet will hardly do what its author wants: keywords that another rule always
/// comes before, expressions that match everything, rules that take a command away or whose time is over, texts that
/// word lists stop, links and media that WeChat would not show. Lines "file:line:column: what, and what to write
/// instead", in Chinese, in the order of files and lines. Repeated keywords are not here: RuleSet tells them at every
/// load. `rules` in the order of their files, as RuleSet has them. Said with certainty is only what is certain: a rule
/// with a condition (hours, exclude, …) never hides another; where an expression hides a keyword, the text says "almost
/// always". Cost: about linear, 200,000 rules take a second.
std::vector<std::string> Lint(const std::vector<Rule>& rules, const LintOptions& options);

}  // namespace yingda::rules
