// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/yaml_map.h"
#include "config/config.h"

namespace yingda::config {

/// reload:
void ReadReload(base::YamlMap& root, Config& config);

/// Every value below `root` by its place, such as "accounts.main.texts.busy" (items of lists go by their `name`, else
/// by number), with a hash of it: enough to see what has changed, and no second copy of a secret.
std::map<std::string, size_t> WrittenKeys(const base::YamlNode& root);

/// What can be replaced while the server runs, of `from` into `into`, which is the same account.
void TakeReloadable(const AccountConfig& from, AccountConfig& into);

/// What differs between the file as the server started with it and as it is now, and takes effect only after a
/// restart; sorted. A whole account or section that came or went is named once.
std::vector<std::string> NeedsRestart(const Config& started, const Config& now);

}  // namespace yingda::config
