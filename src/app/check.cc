// SPDX-License-Identifier: MIT
#include <cstdio>

#include "app/account_data.h"
#include "app/check_online.h"
#include "app/command_line.h"

namespace yingda::app {

int RunCheck(const CheckArguments& arguments) {
  const auto config = LoadConfigFile(arguments.config_file);
  if (!config) return kExitConfig;
  int exit_code = kExitOk;
  for (const config::AccountConfig& account : config->accounts) {
    const base::Result<AccountData> data = LoadAccountData(account);
    if (!data) {
      std::fprintf(stderr, "%s\n", data.error().message.c_str());
      exit_code = kExitFailed;
      continue;
    }
    for (const std::string& warning : data->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
    std::printf("account %s: %zu rules, %zu words, served at %s\n", account.name.c_str(), data->rule_count,
                data->word_count, account.path.c_str());
  }
  if (arguments.online && !CheckOnline(*config)) exit_code = kExitFailed;
  if (exit_code == kExitOk) std::printf("%s: all good\n", config->file.c_str());
  return exit_code;
}

}  // namespace yingda::app
