// SPDX-License-Identifier: MIT
#include "app/status_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "app/command_line.h"
#include "app/operations_client.h"
#include "app/status_report.h"

namespace yingda::app {

struct StatusCommand::Arguments {
  CLI::App* command = nullptr;
  std::string config_file = "config.yml";
  std::string url;
  bool json = false;
};

StatusCommand::StatusCommand(CLI::App& cli) : arguments_(std::make_unique<Arguments>()) {
  CLI::App* const command = cli.add_subcommand(
      "status", "Ask the running server: what is in force since when, what was refused and why, what needs a restart");
  command->add_option("-c,--config", arguments_->config_file, "Configuration file")->capture_default_str();
  command->add_option("--url", arguments_->url, "Of its operations listener; from the configuration when not given");
  command->add_flag("--json", arguments_->json, "Print JSON");
  arguments_->command = command;
}

StatusCommand::~StatusCommand() = default;

bool StatusCommand::Chosen() const { return arguments_->command->parsed(); }

int StatusCommand::Run() {
  const std::string url = arguments_->url.empty() ? OperationsUrl(arguments_->config_file) : arguments_->url;
  const auto answer = AskServer(url, "/status");
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return kExitUnavailable;
  }
  const StatusPage page = answer->status == 200 ? ReadStatus(answer->body) : StatusPage();
  if (page.text.empty()) {
    std::fprintf(stderr, "%s 上运行的不是应答（Yingda），或者版本太旧\n", url.c_str());
    return kExitUnavailable;
  }
  std::fputs(arguments_->json ? answer->body.c_str() : page.text.c_str(), stdout);
  return page.failed ? kExitFailed : kExitOk;
}

}  // namespace yingda::app
