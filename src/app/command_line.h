// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace yingda::app {

/// Exit codes, as sysexits.h has them where it has one.
enum ExitCode {
  kExitOk = 0,
  kExitFailed = 1,        // it ran, and the outcome is bad: a check found mistakes, an answer did not come
  kExitUsage = 64,        // the command line is wrong
  kExitUnavailable = 69,  // an address is in use, a server cannot be reached
  kExitConfig = 78,       // the configuration is wrong
};

struct ServeArguments {
  std::string config_file;
};
int RunServe(const ServeArguments& arguments);

struct CheckArguments {
  std::string config_file;
  bool online = false;  // ask WeChat, too
};
int RunCheck(const CheckArguments& arguments);

struct ExplainArguments {
  std::string config_file;
  std::string account;
  std::string text;
  std::string event, key;  // instead of a text: subscribe, scan, click, …, and the menu's key or the QR code's scene
  std::string at;          // a time in China, "2026-11-21 23:00"; empty: now
  bool json = false;
};
int RunExplain(const ExplainArguments& arguments);

struct ChatArguments {
  std::string config_file;
  std::string account;
  std::string url;  // empty: http://<server.listen><account path>
  std::string follower;
  bool verify = false;
  bool trace = false;
  bool json = false;                  // pushes as JSON, as mini-programs may send them
  std::vector<std::string> messages;  // none: interactive
};
int RunChat(const ChatArguments& arguments);

struct DemoModelArguments {
  std::string listen = "127.0.0.1:9191";
};
int RunDemoModel(const DemoModelArguments& arguments);

/// What several commands begin with: the configuration, or a message on standard error.
base::Result<config::Config> LoadConfigFile(const std::string& file);
/// The account of that name; the only or first one when the name is empty. Null with a message on standard error.
const config::AccountConfig* FindAccount(const config::Config& config, const std::string& name);

/// One descriptor per waiting push and one per model call: the soft limit of most systems is far too low.
void RaiseDescriptorLimit();

}  // namespace yingda::app
