// SPDX-License-Identifier: MIT
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "app/command_line.h"

namespace yingda::app {

base::Result<config::Config> LoadConfigFile(const std::string& file) {
  auto config = config::Load(file, config::ProcessEnvironment());
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().message.c_str());
    return config.error();
  }
  for (const std::string& warning : config->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  return config;
}

const config::AccountConfig* FindAccount(const config::Config& config, const std::string& name) {
  if (config.accounts.empty()) {
    std::fprintf(stderr, "%s: accounts: is empty; add one\n", config.file.c_str());
    return nullptr;
  }
  if (name.empty()) return &config.accounts.front();
  for (const config::AccountConfig& account : config.accounts) {
    if (account.name == name) return &account;
  }
  std::string names;
  for (const config::AccountConfig& account : config.accounts) names += (names.empty() ? "" : ", ") + account.name;
  std::fprintf(stderr, "no account is named \"%s\"; %s has: %s\n", name.c_str(), config.file.c_str(), names.c_str());
  return nullptr;
}

void RaiseDescriptorLimit() {
  struct rlimit limit {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65536);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace yingda::app
