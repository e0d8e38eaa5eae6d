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
  std::string url;
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
  command.add_option("--url", arguments.url, "Of its operations listener; from the configuration when not given");
  command.add_option("-a,--account", arguments.account, "Account by its name; the first one when not given");
  command.add_option("--days", arguments.days, "Days; 1 is today")->capture_default_str()->check(CLI::Range(1, 30));
  command.add_flag("--json", arguments.json, "Print JSON");
}

StatsCommand::~StatsCommand() = default;

bool StatsCommand::Chosen() const { return arguments_->command->parsed(); }

int StatsCommand::Run() {
  // The server knows its accounts; the file may have others by now.
  const std::string url = arguments_->url.empty() ? OperationsUrl(arguments_->config_file) : arguments_->url;
  std::string query = "/stats?days=" + std::to_string(arguments_->days);
  if (!arguments_->account.empty()) query += "&account=" + platform::QueryEscaped(arguments_->account);
  const auto answer = AskServer(url, query);
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return kExitUnavailable;
  }
  const auto text = StatisticsText(answer->body);
  if (!text) {
    std::fprintf(stderr, "%s：%s\n", url.c_str(), text.error().message.c_str());
    return text.error().code == base::ErrorCode::kNotFound ? kExitUsage : kExitFailed;
  }
  std::fputs(arguments_->json ? answer->body.c_str() : text->c_str(), stdout);
  return kExitOk;
}

}  // namespace yingda::app
