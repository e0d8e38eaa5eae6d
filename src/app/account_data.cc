// SPDX-License-Identifier: MIT
#include "app/account_data.h"

#include <string>
#include <utility>

namespace yingda::app {

namespace {

std::string RulePlace(const rules::Rule& rule) { return rule.Source() + ":" + std::to_string(rule.column) + ": "; }

/// What rules ask for that this account, as it is configured, has not.
void WarnOfAbilities(const config::AccountConfig& account, const rules::RuleSet& rules,
                     std::vector<std::string>& warnings) {
  if (const rules::Rule* const rule = rules.FirstForModel(); rule != nullptr && account.upstreams.empty()) {
    warnings.push_back(RulePlace(*rule) + "这条规则把消息交给模型，但账号 " + account.name +
                       " 没有配置 upstreams：粉丝会收到“暂时回答不了”，请配置模型或换成一条回复");
  }
  const bool has_api = !account.app_secret.empty() || !account.api_key.empty();
  const bool may_send = account.kind != config::AccountConfig::Kind::kPassive && has_api;
  if (const rules::Rule* const rule = rules.FirstSendingAll(); rule != nullptr && !may_send) {
    warnings.push_back(RulePlace(*rule) + "mode: all 的第二条起要用客服消息发，但账号 " + account.name +
                       " 发不了（kind: passive，或没有 app_secret）：只会发第一条，请改用 random 或合并成一条");
  }
}

}  // namespace

bot::AccountSettings SettingsOf(const config::AccountConfig& account) {
  return {account.system_prompt, account.texts, account.max_question_bytes, account.quotas, account.sees};
}

bot::Ability FirstAbility(config::AccountConfig::Kind kind) {
  switch (kind) {
    case config::AccountConfig::Kind::kPush:
      return bot::Ability::kPush;
    case config::AccountConfig::Kind::kMiniProgram:
      return bot::Ability::kPushOnly;
    case config::AccountConfig::Kind::kAuto:
    case config::AccountConfig::Kind::kPassive:
      break;
  }
  return bot::Ability::kPassive;
}

base::Result<AccountData> LoadAccountData(const config::AccountConfig& account, const KeptData& kept,
                                          const rules::RuleSet* before) {
  AccountData data{kept.files, kept.rule_count, kept.word_count, {}};
  std::string wrong;
  const auto note = [&](const base::Error& error) {
    if (!wrong.empty()) wrong += '\n';
    wrong += error.message;
  };

  if (!kept.files.rules) {
    rules::LoadReport report;
    auto rules = rules::RuleSet::Load(account.rules, report, before);
    if (rules) {
      data.files.rules = *std::move(rules);
      data.rule_count = report.rules;
      WarnOfAbilities(account, *data.files.rules, report.warnings);
      data.warnings = std::move(report.warnings);
    } else {
      note(rules.error());
    }
  }
  if (!kept.files.words) {
    filter::LoadReport report;
    auto words = filter::WordFilter::Load(account.filters, account.word_filter, report);
    if (words) {
      data.files.words = *std::move(words);
      data.word_count = report.words;
      data.warnings.insert(data.warnings.end(), report.warnings.begin(), report.warnings.end());
    } else {
      note(words.error());
    }
  }
  if (!wrong.empty()) return base::Error{base::ErrorCode::kInvalidArgument, std::move(wrong)};
  return data;
}

}  // namespace yingda::app
