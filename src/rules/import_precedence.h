// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "rules/rule.h"

namespace yingda::rules {

/// What makes a rule that is new among others get its way.
struct Precedence {
  int priority = 0;
  std::string over;  // the rule that would answer instead, e.g. "default.yml 的“欢迎”"; empty: none would
};

/// For each of `imported`, the lowest priority with which its keywords and events are answered as they are without
/// `beside`. Of messages it looks at those that are just a keyword, of other rules at those that always count. Pure.
/// Cost: a few times that of a set of all rules.
std::vector<Precedence> PrecedenceBeside(const std::vector<Rule>& imported, const std::vector<Rule>& beside);

}  // namespace yingda::rules
