// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "filter/word_filter.h"
#include "rules/rule_set.h"

namespace yingda::app {

/// The files that admins edit, for one account: keyword rules and word lists, loaded and checked.
struct AccountData {
  std::shared_ptr<const rules::RuleSet> rules;
  std::shared_ptr<const filter::WordFilter> words;
  size_t rule_count = 0;
  size_t word_count = 0;
  std::vector<std::string> warnings;  // "file:line:column: what, and what to write instead"
};

/// Errors: everything that is wrong in the rule files or the word lists, a line each.
base::Result<AccountData> LoadAccountData(const config::AccountConfig& account);

}  // namespace yingda::app
