// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <tuple>

#include "app/account_data.h"
#include "app/check_online.h"
#include "app/command_line.h"
#include "bot/commands.h"
#include "rules/lint.h"

namespace yingda::app {
namespace {

/// The file and place of a line "file:line:column: text"; of any other line nothing, which goes last.
std::tuple<bool, std::string_view, int, int> PlaceOf(std::string_view line) {
  for (size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    int at = 0, column = 0;
    const char* const end = line.data() + line.size();
    const auto [after, error] = std::from_chars(line.data() + colon + 1, end, at);
    if (error != std::errc() || after == end || *after != ':') continue;
    std::from_chars(after + 1, end, column);
    return {false, line.substr(0, colon), at, column};
  }
  return {true, "", 0, 0};
}

std::vector<std::string> Sorted(std::vector<std::string> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const std::string& a, const std::string& b) { return PlaceOf(a) < PlaceOf(b); });
  return lines;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

std::string Count(size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

bool CheckAccount(const config::AccountConfig& account) {
  base::Result<AccountData> data = LoadAccountData(account);
  if (!data) {
    const std::vector<std::string> errors = Sorted(LinesOf(data.error().message));
    for (const std::string& error : errors) std::fprintf(stderr, "%s\n", error.c_str());
    std::fprintf(stderr, "account %s: %s\n", account.name.c_str(), Count(errors.size(), "error").c_str());
    return false;
  }
  rules::LintOptions options;
  options.words = data->files.words.get();
  options.commands = bot::CommandsToKeepFree();
  options.now = base::SystemClock().WallNow();
  std::vector<std::string> warnings = std::move(data->warnings);
  for (std::string& line : rules::Lint(data->files.rules->rules(), options)) warnings.push_back(std::move(line));
  warnings = Sorted(std::move(warnings));
  for (const std::string& warning : warnings) {
    std::fprintf(stderr, "warning: %s\n", warning.c_str());
  }
  std::printf("account %s: %zu rules, %zu words, %s, served at %s\n", account.name.c_str(), data->rule_count,
              data->word_count, Count(warnings.size(), "warning").c_str(), account.path.c_str());
  return true;
}

}  // namespace

int RunCheck(const CheckArguments& arguments) {
  const auto config = LoadConfigFile(arguments.config_file);
  if (!config) return kExitConfig;
  int exit_code = kExitOk;
  for (const config::AccountConfig& account : config->accounts) {
    if (!CheckAccount(account)) exit_code = kExitFailed;
  }
  if (arguments.online && !CheckOnline(*config)) exit_code = kExitFailed;
  if (exit_code == kExitOk) std::printf("%s: all good\n", config->file.c_str());
  return exit_code;
}

}  // namespace yingda::app
