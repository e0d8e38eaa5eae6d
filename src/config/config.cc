// SPDX-License-Identifier: MIT
#include "config/config.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/yaml_map.h"
#include "config/account_section.h"
#include "config/interpolation.h"
#include "config/sections.h"

namespace yingda::config {
namespace {

void CheckNames(const Config& config, base::YamlProblems& problems) {
  std::set<std::string> upstreams;
  for (const auto& upstream : config.upstreams) {
    if (!upstreams.insert(upstream.name).second) {
      problems.Add(1, 1, "two upstreams are named \"" + upstream.name + "\"; give each its own name", "模型服务重名");
    }
  }
  std::set<std::string> names;
  std::set<std::string> paths;
  for (const AccountConfig& account : config.accounts) {
    if (!names.insert(account.name).second) {
      problems.Add(1, 1, "two accounts are named \"" + account.name + "\"; give each its own name", "账号重名");
    }
    if (!paths.insert(account.path).second) {
      problems.Add(1, 1, "two accounts are served at \"" + account.path + "\"; give each its own path", "路径重复");
    }
    for (const std::string& upstream : account.upstreams) {
      if (!upstreams.contains(upstream)) {
        problems.Add(
            1, 1, "account \"" + account.name + "\" uses upstream \"" + upstream + "\", which is not under upstreams:",
            "没有这个模型服务");
      }
    }
    if (account.upstreams.size() > 1) {
      problems.Add(1, 1, "account \"" + account.name + "\" names several upstreams; this version uses one",
                   "只支持一个模型服务");
    }
  }
}

}  // namespace

Environment ProcessEnvironment() {
  Environment environment;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string_view text(*line);
    const size_t split = text.find('=');
    if (split != std::string_view::npos) environment.emplace(text.substr(0, split), text.substr(split + 1));
  }
  return environment;
}

base::Result<Config> Load(const std::string& file, const Environment& environment) {
  base::YamlProblems problems(file);
  std::optional<base::YamlNode> root = base::ReadYamlFile(file, problems);
  if (!root) return base::Error{base::ErrorCode::kInvalidArgument, problems.Text()};
  ApplyOverrides(*root, environment, problems);
  Interpolate(*root, environment, problems);

  Config config;
  config.file = file;
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  const SectionContext context{folder.string(), problems, config.warnings};
  {
    base::YamlMap map(&*root, problems);  // reports unknown keys when it leaves
    ReadServer(map, config);
    ReadStore(map, context, config);
    ReadLog(map, config);
    ReadAnswers(map, config);
    ReadUpstreams(map, context, config);
    ReadAccounts(map, context, config);
  }
  CheckNames(config, problems);
  if (!problems.empty()) return base::Error{base::ErrorCode::kInvalidArgument, problems.Text()};
  return config;
}

}  // namespace yingda::config
