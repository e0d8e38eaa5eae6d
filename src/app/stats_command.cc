// SPDX-License-Identifier: MIT
#include "app/stats_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "app/command_line.h"
#include "app/operations_client.h"
#include "app/statistics_text.h"
#include "platform/http_calls.h"

namespace yingda::app {

struct StatsCommand::Arguments {
  CLI::App* command = nullptr;
  std::string config_file = "config.yml";
  std::string account;
  int days = 7;
  bool json = false;
};

StatsCommand::StatsCommand(CLI::App& cli) : arguments_(std::make_unique<Arguments>()) {
  Arguments& arguments = *arguments_;
  arguments.command = cli.add_subcommand(
      "stats", "What a running server counted: where messages went, rules and word lists by use, common questions");
  CLI::App& command = *arguments.command;
  command.add_option("-c,--config", arguments.config_file, "Configuration file")->capture_default_str();
  command.add_option("-a,--account", arguments.account, "Account by its name; the first one when not given");
  command.add_option("--days", arguments.days, "Days; 1 is today")->capture_default_str()->check(CLI::Range(1, 30));
  command.add_flag("--json", arguments.json, "Print JSON");
}

StatsCommand::~StatsCommand() = default;

bool StatsCommand::Chosen() const { return arguments_->command->parsed(); }

int StatsCommand::Run() {
  const auto config = LoadConfigFile(arguments_->config_file);
  if (!config) return kExitConfig;
  const config::AccountConfig* const account = FindAccount(*config, arguments_->account);
  if (account == nullptr) return kExitUsage;
  const auto answer = AskServer(
      *config, "/stats?account=" + platform::QueryEscaped(account->name) + "&days=" + std::to_string(arguments_->days));
  auto text = answer && !arguments_->json ? StatisticsText(*answer) : answer;
  if (!text) {
    std::fprintf(stderr, "%s\n", text.error().message.c_str());
    return text.error().code == base::ErrorCode::kUnavailable ? kExitUnavailable : kExitFailed;
  }
  std::fputs(text->c_str(), stdout);
  return kExitOk;
}

}  // namespace yingda::app
