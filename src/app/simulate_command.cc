// SPDX-License-Identifier: MIT
#include "app/simulate_command.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/command_line.h"
#include "app/simulate_summary.h"
#include "bot/texts.h"
#include "simulator/soak.h"

namespace yingda::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPublicUrl = "http://pages.example";
constexpr const char* kToken = "simulationToken";
constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";
constexpr const char* kAesKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

base::Error Unavailable(std::string message) { return {base::ErrorCode::kUnavailable, std::move(message)}; }

/// The folder of one run; deleted with it unless somebody may want to look into it.
class RunFolder {
 public:
  static base::Result<std::unique_ptr<RunFolder>> Make(const std::string& wanted) {
    if (!wanted.empty()) {
      std::error_code error;
      fs::create_directories(wanted, error);
      if (error) return Unavailable(wanted + ": " + error.message());
      if (!fs::is_empty(wanted, error) || error) {
        return Unavailable(wanted + ": holds something already, perhaps an older run's store; name another folder");
      }
      return std::unique_ptr<RunFolder>(new RunFolder(wanted, true));
    }
    std::string pattern = (fs::temp_directory_path() / "yingda-simulate-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) return Unavailable(pattern + ": cannot be made; set TMPDIR");
    return std::unique_ptr<RunFolder>(new RunFolder(pattern, false));
  }
  ~RunFolder() {
    std::error_code ignored;
    if (!keep_) fs::remove_all(path_, ignored);
  }
  void Keep() { keep_ = true; }
  const std::string& path() const { return path_; }

  base::Result<void> Write(const std::string& name, const std::string& text) const {
    const fs::path file = fs::path(path_) / name;
    std::error_code ignored;
    fs::create_directories(file.parent_path(), ignored);
    if (std::ofstream(file, std::ios::binary) << text) return {};
    return Unavailable(file.string() + ": cannot be written");
  }

 private:
  RunFolder(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}
  const std::string path_;
  bool keep_;
};

std::vector<simulator::Soak::Account> Accounts() {
  simulator::Soak::Account passive;
  passive.path = "/wx/passive";
  passive.account = {kToken, "wx0123456789abcdef", "", wechat::CallbackMode::kPlain, false};
  passive.app_secret = kSecret;
  simulator::Soak::Account pushing;
  pushing.path = "/wx/pushing";
  pushing.account = {kToken, "wxfedcba9876543210", kAesKey, wechat::CallbackMode::kSafe, false};
  pushing.app_secret = kSecret;
  pushing.verified = true;
  return {passive, pushing};
}

std::string AccountSection(const simulator::Soak::Account& account, const char* name, const char* kind,
                           const std::string& api_url) {
  const bool safe = account.account.mode == wechat::CallbackMode::kSafe;
  return std::string("  - name: ") + name + "\n    token: " + account.account.token +
         "\n    app_id: " + account.account.app_id + "\n    app_secret: \"" + account.app_secret +
         "\"\n    api_base: " + api_url + "\n    kind: " + kind + "\n    mode: " + (safe ? "safe" : "plain") +
         (safe ? "\n    encoding_aes_key: " + account.account.encoding_aes_key : "") +
         "\n    system_prompt: 模拟。\n    upstreams: [main]\n";
}

/// As a real one, but for limits that only a simulated model of ten minutes needs.
std::string ConfigText(const std::vector<simulator::Soak::Account>& accounts, const simulator::Soak& soak) {
  return "server: { listen: \"127.0.0.1:0\", operations_listen: \"127.0.0.1:0\", drain: 0s }\n"
         "store: { sqlite: yingda.db }\n"
         "log: { level: warning, file: server.log }\n"
         "public_url: " +
         std::string(kPublicUrl) +
         "\n"
         "answers: { deadline: 1h, max_in_flight: 20000 }\n"
         "accounts:\n" +
         AccountSection(accounts[0], "passive", "passive", soak.ApiUrl()) +
         AccountSection(accounts[1], "pushing", "push", soak.ApiUrl()) +
         "upstreams:\n"
         "  - { name: main, base_url: \"" +
         soak.ModelUrl() +
         "\", model: simulated, api_key: none, max_calls: 20000,"
         " first_token_timeout: 1h, idle_timeout: 1h, total_timeout: 1h }\n";
}

base::Result<void> WriteFiles(const RunFolder& folder, const std::vector<simulator::Soak::Account>& accounts,
                              const simulator::Soak& soak) {
  if (auto done = folder.Write("config.yml", ConfigText(accounts, soak)); !done) return done;
  if (auto done = folder.Write("reply_rules/rules.yml", "- keywords: [ping]\n  match: exact\n  reply: pong\n"); !done)
    return done;
  if (auto done = folder.Write("filters/allow/words.txt", "# none\n"); !done) return done;
  return folder.Write("filters/deny/words.txt", "# none\n");
}

}  // namespace

struct SimulateCommand::Arguments {
  CLI::App* command = nullptr;
  CLI::App* server_command = nullptr;
  SimulatedServerArguments server;
  size_t followers = 1'000;
  double minutes = 10;
  int kills = 3;
  double lost_replies = 5;
  uint64_t seed = 1;
  bool json = false;
  std::string folder;
};

SimulateCommand::SimulateCommand(CLI::App& cli) : arguments_(std::make_unique<Arguments>()) {
  Arguments& arguments = *arguments_;
  arguments.command = cli.add_subcommand(
      "simulate", "Load and fault run of the real server under simulated time: slow model, lost replies, kills");
  CLI::App& command = *arguments.command;
  command.add_option("--followers", arguments.followers, "How many")
      ->capture_default_str()
      ->check(CLI::Range(1, 20000));
  command.add_option("--minutes", arguments.minutes, "Simulated minutes in which they ask; answers may take longer")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1440.0));
  command.add_option("--kills", arguments.kills, "How often the server is killed")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command.add_option("--lost-replies", arguments.lost_replies, "Percent of tries whose reply is lost")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 90.0));
  command.add_option("--seed", arguments.seed, "Another one, another run")->capture_default_str();
  command.add_flag("--json", arguments.json, "Print JSON");
  command.add_option("--keep", arguments.folder, "Folder for configuration, store and log of the server, kept");

  arguments.server_command = cli.add_subcommand("simulated-server", "")->group("");
  CLI::App& server = *arguments.server_command;
  server.add_option("--config", arguments.server.config_file)->required();
  server.add_option("--port", arguments.server.port)->required();
  server.add_option("--clock-fd", arguments.server.clock_fd)->required();
  server.add_option("--talk-fd", arguments.server.talk_fd)->required();
}

SimulateCommand::~SimulateCommand() = default;

bool SimulateCommand::Chosen() const { return *arguments_->command || *arguments_->server_command; }

int SimulateCommand::Run() {
  const Arguments& arguments = *arguments_;
  if (*arguments.server_command) return RunSimulatedServer(arguments.server);
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  const auto fail = [](const base::Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    return kExitUnavailable;
  };

  simulator::Soak::Options options;
  options.followers = arguments.followers;
  options.duration = std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(arguments.minutes * 60));
  options.kills = arguments.kills;
  options.plan.seed = arguments.seed;
  options.plan.reply_loss = arguments.lost_replies / 100;
  options.accounts = Accounts();
  const bot::Texts texts;
  options.texts.nothing_more = texts.nothing_more;
  options.texts.again = "重发";
  options.texts.page_address = std::string(kPublicUrl) + "/a/";
  options.texts.refusals = {texts.busy, texts.queue_full};
  ProgressLine line;
  options.progress = [&](const simulator::Soak::Progress& progress) { line.Show(progress); };

  auto folder = RunFolder::Make(arguments.folder);
  if (!folder) return fail(folder.error());
  auto clock = simulator::VirtualClock::Create();
  if (!clock) return fail(clock.error());
  simulator::Soak soak(options, **clock);
  if (const auto started = soak.Start(); !started) return fail(started.error());
  if (const auto written = WriteFiles(**folder, options.accounts, soak); !written) return fail(written.error());
  simulator::ServerProcess server(**clock, {"simulated-server", "--config", (*folder)->path() + "/config.yml"});
  const auto report = soak.Run(server);
  line.End();
  if (!report || !report->Good()) {
    (*folder)->Keep();
    if (report) static_cast<void>((*folder)->Write("stories.txt", report->stories));
    std::fprintf(stderr, "to look into: %s (configuration, store and log of the server, and stories.txt)\n",
                 (*folder)->path().c_str());
  }
  if (!report) return fail(report.error());
  const std::string summary = arguments.json ? SummaryJson(options, *report) : SummaryText(options, *report);
  std::fputs(summary.c_str(), stdout);
  return report->Good() ? kExitOk : kExitFailed;
}

}  // namespace yingda::app
