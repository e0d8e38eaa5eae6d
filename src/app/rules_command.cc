// SPDX-License-Identifier: MIT
#include "app/rules_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "app/command_line.h"
#include "app/fetch_autoreply.h"
#include "app/whole_file.h"
#include "net/curl_http_client.h"
#include "rules/autoreply_import.h"
#include "rules/rule_file.h"
#include "rules/rule_set.h"

namespace yingda::app {

struct RulesCommand::Arguments {
  CLI::App* import = nullptr;
  std::string config_file = "config.yml";
  std::string account;
  std::string file;
  std::string output;  // empty: imported.yml in the account's first folder of rules
  bool online = false;
  bool force = false;
};

namespace {

namespace fs = std::filesystem;

base::Result<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) {
    return base::Error{base::ErrorCode::kNotFound, path + ": 打不开这个文件：请检查路径和读取权限"};
  }
  return text;
}

base::Result<std::string> FetchOnline(const config::AccountConfig& account) {
  base::SystemClock clock;
  net::EventLoop loop(clock);
  net::CurlHttpClient client(net::CurlHttpClient::Options(), loop);
  return FetchAutoreply(account, client, loop);
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kExitFailed;
}

/// Whether the program itself can read what was written. It always can; if not, nobody shall find out from a server.
std::string TroubleReading(const rules::AutoreplyImport& imported) {
  base::YamlProblems problems("imported.yml", base::YamlLanguage::kChinese);
  base::YamlProblems warnings("imported.yml", base::YamlLanguage::kChinese);
  rules::ParseRules(imported.text, problems, warnings);
  return problems.Text();
}

/// The account's rules but for those of the file that is going to be written. None if they cannot be read.
std::vector<rules::Rule> RulesBeside(const config::AccountConfig& account, const fs::path& output) {
  rules::LoadReport report;
  const auto loaded = rules::RuleSet::Load(account.rules, report);
  std::vector<rules::Rule> beside;
  if (!loaded) return beside;
  std::error_code ignored;
  const fs::path written = fs::weakly_canonical(output, ignored);
  std::string file;
  bool same = false;
  for (const rules::Rule& rule : (*loaded)->rules()) {
    if (rule.file != file) {
      file = rule.file;
      same = fs::weakly_canonical(file, ignored) == written;
    }
    if (!same) beside.push_back(rule);
  }
  return beside;
}

/// What the account's rules say about the new file now that it is among them.
void WarnOfNeighbours(const config::AccountConfig& account, const fs::path& written) {
  bool among_them = false;
  for (const std::string& folder : account.rules) {
    std::error_code ignored;
    among_them =
        among_them || fs::equivalent(folder, written.parent_path().empty() ? "." : written.parent_path(), ignored);
  }
  if (!among_them) return;
  rules::LoadReport report;
  const auto loaded = rules::RuleSet::Load(account.rules, report);
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    return;
  }
  const std::string name = written.filename().string() + ":";
  for (const std::string& warning : report.warnings) {
    if (warning.find(name) != std::string::npos) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
}

}  // namespace

RulesCommand::RulesCommand(CLI::App& cli) : arguments_(std::make_unique<Arguments>()) {
  Arguments& a = *arguments_;
  CLI::App* rules = cli.add_subcommand("rules", "Keyword rules: bring them over from WeChat's console");
  rules->require_subcommand(1);
  a.import = rules->add_subcommand(
      "import", "Turn the automatic replies of WeChat's console (get_current_autoreply_info) into a rule file");
  a.import->add_option("-c,--config", a.config_file, "Configuration file")->capture_default_str();
  a.import->add_option("-a,--account", a.account, "Account by its name; the first one when not given");
  CLI::Option* file = a.import->add_option("file", a.file, "What the interface answered, as a JSON file");
  a.import->add_flag("--online", a.online, "Ask WeChat, with the account's app_id and app_secret")->excludes(file);
  a.import->add_option("-o,--output", a.output,
                       "Rule file to write; imported.yml among the account's rules when not given");
  a.import->add_flag("--force", a.force, "Write over a file that is there");
}

RulesCommand::~RulesCommand() = default;

bool RulesCommand::Chosen() const { return arguments_->import->parsed(); }

int RulesCommand::Run() {
  const Arguments& a = *arguments_;
  if (a.file.empty() && !a.online) {
    std::fprintf(stderr, "yingda rules import: name a file, or give --online\n");
    return kExitUsage;
  }
  std::optional<config::AccountConfig> account;
  // With both files named nothing else is needed.
  if (a.online || a.output.empty() || fs::exists(a.config_file)) {
    auto config = LoadConfigFile(a.config_file);
    if (!config) return kExitConfig;
    const config::AccountConfig* const found = FindAccount(*config, a.account);
    if (found == nullptr) return kExitUsage;
    account = *found;
  }
  const fs::path output = a.output.empty() ? fs::path(account->rules.front()) / "imported.yml" : fs::path(a.output);

  const base::Result<std::string> json = a.online ? FetchOnline(*account) : ReadFile(a.file);
  if (!json) return Fail(json.error().message);
  const base::Result<rules::AutoreplyImport> imported =
      rules::ImportAutoreply(*json, account ? RulesBeside(*account, output) : std::vector<rules::Rule>());
  if (!imported) return Fail((a.online ? "" : a.file + ": ") + imported.error().message);
  for (const std::string& note : imported->notes) std::printf("注意 %s\n", note.c_str());
  if (imported->text.empty()) {
    std::printf("微信后台没有可以导入的自动回复，没有写文件。\n");
    return kExitOk;
  }
  if (const std::string trouble = TroubleReading(*imported); !trouble.empty()) {
    return Fail("转换出来的规则读不回来，没有写文件，请把这几行发给开发者：\n" + trouble);
  }
  if (const auto written = WriteWholeFile(output, imported->text, a.force); !written)
    return Fail(written.error().message);
  std::printf("写好了 %s：%zu 条规则，%zu 处需要留意。\n", output.c_str(), imported->rules, imported->notes.size());
  if (account) WarnOfNeighbours(*account, output);
  return kExitOk;
}

}  // namespace yingda::app
