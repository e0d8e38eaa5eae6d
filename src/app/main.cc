// SPDX-License-Identifier: MIT
#include <CLI/CLI.hpp>

#include "app/command_line.h"
#include "app/rules_command.h"
#include "app/simulate_command.h"
#include "app/stats_command.h"
#include "app/status_command.h"
#include "app/words_command.h"

using namespace yingda::app;

int main(int argc, char** argv) {
  CLI::App cli("Yingda (应答): answers the followers of WeChat official accounts (公众号)", "yingda");
  cli.require_subcommand(1);
  cli.set_version_flag("--version", std::string("yingda ") + YINGDA_VERSION);
  std::string config = "config.yml";
  std::string account;
  const auto add_config = [&](CLI::App* command) {
    command->add_option("-c,--config", config, "Configuration file")->capture_default_str();
  };
  const auto add_account = [&](CLI::App* command) {
    command->add_option("-a,--account", account, "Account by its name; the first one when not given");
  };

  CLI::App* serve = cli.add_subcommand(
      "serve", "Serve in the foreground until SIGTERM or SIGINT; takes up edited files, on SIGHUP at once");
  add_config(serve);
  CLI::App* check = cli.add_subcommand("check", "Check configuration, rule files and word lists, and say what to mend");
  add_config(check);
  CheckArguments check_arguments;
  check->add_flag("--online", check_arguments.online,
                  "Also ask WeChat: secrets and IP whitelist, customer-service messages, callback address");

  ExplainArguments explain_arguments;
  CLI::App* explain =
      cli.add_subcommand("explain",
                         "Say which rule or word would act, from which file and line, and why. On a text: "
                         "explain \"几点开门\"; on an event: explain --event click --key CONTACT");
  add_config(explain);
  add_account(explain);
  explain->add_flag("--json", explain_arguments.json, "Print JSON");
  explain->add_option("--at", explain_arguments.at, "As if it were then, e.g. \"2026-11-21 23:00\" (China time)");
  CLI::Option* const event =
      explain->add_option("--event", explain_arguments.event,
                          "An event instead of a text: subscribe (关注), scan (扫码), click (点菜单), …");
  explain->add_option("--key", explain_arguments.key, "Of the event: the menu's key, or the scene of the QR code")
      ->needs(event);
  explain->add_option("text", explain_arguments.text, "What a follower would send")->excludes(event);

  ChatArguments chat_arguments;
  CLI::App* chat = cli.add_subcommand(
      "chat", "Be a follower: signed (and encrypted) pushes with WeChat's three tries, to a running server");
  add_config(chat);
  add_account(chat);
  chat->add_option("--url", chat_arguments.url, "Callback address; from the configuration when not given");
  chat->add_option("--follower", chat_arguments.follower, "OpenID of the follower; a new one when not given");
  chat->add_flag("--verify", chat_arguments.verify,
                 "Verify the server configuration first, as the WeChat console does");
  chat->add_flag("--trace", chat_arguments.trace, "Show every try, also those that got no reply");
  chat->add_flag("--json", chat_arguments.json, "Push JSON instead of XML");
  chat->add_option("message", chat_arguments.messages, "Messages to send, one after the other; interactive when none");

  DemoModelArguments demo_arguments;
  CLI::App* demo =
      cli.add_subcommand("demo-model", "A stand-in for a model server, for trying things out without a key");
  demo->add_option("--listen", demo_arguments.listen, "Address")->capture_default_str();
  RulesCommand rules(cli);
  SimulateCommand simulate(cli);
  StatsCommand stats(cli);
  StatusCommand status(cli);
  WordsCommand words(cli);

  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (rules.Chosen()) return rules.Run();
  if (simulate.Chosen()) return simulate.Run();
  if (stats.Chosen()) return stats.Run();
  if (status.Chosen()) return status.Run();
  if (words.Chosen()) return words.Run();
  if (*serve) return RunServe({config});
  check_arguments.config_file = explain_arguments.config_file = chat_arguments.config_file = config;
  explain_arguments.account = chat_arguments.account = account;
  if (*check) return RunCheck(check_arguments);
  if (*explain) return RunExplain(explain_arguments);
  if (*chat) return RunChat(chat_arguments);
  return RunDemoModel(demo_arguments);
}
