// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "base/yaml_map.h"
#include "config/config.h"

namespace yingda::config {

/// What the readers of sections share.
struct SectionContext {
  const std::string folder;  // of the configuration file; relative paths start there
  base::YamlProblems& problems;
  std::vector<std::string>& warnings;

  std::string Path(const std::string& path) const;
  /// `key` or the first line of the file named by `key`_file; both at once is a problem.
  std::string Secret(base::YamlMap& map, std::string_view key, std::string_view file_key) const;
};

/// Reports what a module finds wrong with its options, in words that begin with the option's name, at the one of `keys`
/// that they begin with and that is there; else at the first of them that is there.
void ReportAtKey(base::YamlMap& map, const base::Error& error, std::initializer_list<std::string_view> keys);

/// server: and public_url:
void ReadServer(base::YamlMap& root, Config& config);
void ReadStore(base::YamlMap& root, const SectionContext& context, Config& config);
void ReadLog(base::YamlMap& root, const SectionContext& context, Config& config);
/// window:, answers:
void ReadAnswers(base::YamlMap& root, Config& config);
/// routing:
void ReadUpstreams(base::YamlMap& root, const SectionContext& context, Config& config);

}  // namespace yingda::config
