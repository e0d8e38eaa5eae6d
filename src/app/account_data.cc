// SPDX-License-Identifier: MIT
#include "app/account_data.h"

#include <utility>

namespace yingda::app {

bot::AccountSettings SettingsOf(const config::AccountConfig& account) {
  return {account.system_prompt, account.texts, account.max_question_bytes, account.quotas, account.sees};
}

base::Result<AccountData> LoadAccountData(const config::AccountConfig& account) {
  AccountData data;
  std::string wrong;
  const auto note = [&](const base::Error& error) {
    if (!wrong.empty()) wrong += '\n';
    wrong += error.message;
  };

  rules::LoadReport rules_report;
  auto rules = rules::RuleSet::Load(account.rules, rules_report);
  if (rules) {
    data.files.rules = *std::move(rules);
  } else {
    note(rules.error());
  }
  filter::LoadReport words_report;
  auto words = filter::WordFilter::Load(account.filters, account.word_filter, words_report);
  if (words) {
    data.files.words = *std::move(words);
  } else {
    note(words.error());
  }
  if (!wrong.empty()) return base::Error{base::ErrorCode::kInvalidArgument, std::move(wrong)};

  data.rule_count = rules_report.rules;
  data.word_count = words_report.words;
  data.warnings = std::move(rules_report.warnings);
  data.warnings.insert(data.warnings.end(), words_report.warnings.begin(), words_report.warnings.end());
  return data;
}

}  // namespace yingda::app
