// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bot/account.h"
#include "config/config.h"

namespace yingda::app {

/// The files that admins edit, for one account: keyword rules and word lists, loaded and checked.
struct AccountData {
  bot::AccountFiles files;
  size_t rule_count = 0;
  size_t word_count = 0;
  std::vector<std::string> warnings;  // "file:line:column: what, and what to write instead"
};

/// The part of the account's configuration that can be replaced while it serves.
bot::AccountSettings SettingsOf(const config::AccountConfig& account);

/// What the account can do as far as its configuration says.
bot::Ability FirstAbility(config::AccountConfig::Kind kind);

/// What of an account's files need not be read again: `files` holds it, null for what is to be read.
struct KeptData {
  bot::AccountFiles files;
  size_t rule_count = 0;
  size_t word_count = 0;
};

/// Warnings are of what was read. Errors: everything that is wrong in the rule files or the word lists, a line each.
/// `before`: as RuleSet::Load takes it.
base::Result<AccountData> LoadAccountData(const config::AccountConfig& account, const KeptData& kept = {},
                                          const rules::RuleSet* before = nullptr);

}  // namespace yingda::app
