// SPDX-License-Identifier: MIT
#include "config/config.h"

#include <unistd.h>

#include <filesystem>

#include "base/yaml_map.h"
#include "config/account_section.h"
#include "config/clients_section.h"
#include "config/interpolation.h"
#include "config/reload_section.h"
#include "config/routing_section.h"
#include "config/sections.h"

namespace yingda::config {
namespace {

/// What the environment changes is not in the file that the problems point into.
std::string NoteOnOverrides(const std::vector<std::string>& variables) {
  std::string note;
  for (const std::string& variable : variables) note += (note.empty() ? "" : ", ") + variable;
  return note.empty() ? note : "\nnote: the environment overrides the file: " + note;
}

base::Result<Config> Read(std::optional<base::YamlNode> root, const Environment& environment,
                          base::YamlProblems& problems) {
  const auto refusal = [&](const std::vector<std::string>& overrides) {
    return base::Error{base::ErrorCode::kInvalidArgument, problems.Text() + NoteOnOverrides(overrides)};
  };
  if (!root) return refusal({});
  const std::vector<std::string> overrides = ApplyOverrides(*root, environment, problems);
  Interpolate(*root, environment, problems);

  Config config;
  config.file = problems.file();
  config.environment = environment;
  config.written = WrittenKeys(*root);
  const std::filesystem::path folder = std::filesystem::path(config.file).parent_path();
  const SectionContext context{folder.string(), problems, config.warnings};
  {
    base::YamlMap map(&*root, problems);  // reports unknown keys when it leaves
    ReadServer(map, config);
    ReadStore(map, context, config);
    ReadLog(map, context, config);
    ReadAnswers(map, config);
    ReadUpstreams(map, context, config);
    ReadRouting(map, config);
    ReadAccounts(map, context, config);
    ReadClients(map, context, config);
    ReadReload(map, config);
  }
  if (!problems.empty()) return refusal(overrides);
  return config;
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
  return Read(base::ReadYamlFile(file, problems), environment, problems);
}

base::Result<Config> LoadText(const std::string& file, std::string_view text, const Environment& environment) {
  base::YamlProblems problems(file);
  return Read(base::ParseYaml(text, problems), environment, problems);
}

}  // namespace yingda::config
