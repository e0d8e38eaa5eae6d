// SPDX-License-Identifier: MIT
#include <cstdio>

#include "app/account_data.h"
#include "app/command_line.h"
#include "base/utf8.h"
#include "server/explanation.h"

namespace yingda::app {
namespace {

/// Stands in for the account's model: explaining must not cost a call.
class NoCallModel final : public model::ChatModel {
 public:
  std::unique_ptr<model::ChatCall> Ask(const model::ChatRequest&, model::ChatEvents) override { return nullptr; }
};

/// Stands in for WeChat's API: nobody is written to.
class NoMessages final : public platform::FollowerMessages {
 public:
  void Send(std::string, wechat::Reply, bool, Done) override {}
  void Typing(std::string) override {}
};

}  // namespace

int RunExplain(const ExplainArguments& arguments) {
  if (arguments.text.empty() && arguments.event.empty()) {
    std::fprintf(stderr, "yingda explain: name a text, or an event with --event\n");
    return kExitUsage;
  }
  base::WallTime now = base::SystemClock().WallNow();
  if (!arguments.at.empty()) {
    const auto minute = rules::ParseMinute(arguments.at, false);
    if (!minute) {
      std::fprintf(stderr, "--at: not understood: write a date and a time in China, e.g. \"2026-11-21 23:00\"\n");
      return kExitUsage;
    }
    now = rules::TimeOfMinute(*minute);
  }
  const auto config = LoadConfigFile(arguments.config_file);
  if (!config) return kExitConfig;
  const config::AccountConfig* const from = FindAccount(*config, arguments.account);
  if (from == nullptr) return kExitUsage;
  base::Result<AccountData> data = LoadAccountData(*from);
  if (!data) {
    std::fprintf(stderr, "%s\n", data.error().message.c_str());
    return kExitFailed;
  }
  NoCallModel model;
  bot::Account account;
  account.name = from->name;
  account.settings.Set(std::make_shared<const bot::AccountSettings>(SettingsOf(*from)));
  account.files.Set(std::make_shared<const bot::AccountFiles>(data->files));
  if (!from->upstreams.empty()) account.model = &model;
  NoMessages messages;
  if (!from->app_secret.empty() || !from->api_key.empty()) account.messages = &messages;
  using Kind = config::AccountConfig::Kind;
  // Who has to find out is explained as who can: what goes out as a message is shown as such.
  account.ability = from->kind == Kind::kAuto ? bot::Ability::kPush : FirstAbility(from->kind);
  const wechat::Incoming message = arguments.event.empty() ? server::TextMessage(base::ToValidUtf8(arguments.text))
                                                           : server::EventMessage(base::ToValidUtf8(arguments.event),
                                                                                  base::ToValidUtf8(arguments.key));
  const server::Explanation explanation = server::Explain(account, message, now);
  std::fputs(arguments.json ? explanation.json.c_str() : explanation.text.c_str(), stdout);
  return kExitOk;
}

}  // namespace yingda::app
