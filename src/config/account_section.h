// SPDX-License-Identifier: MIT
#pragma once

#include "base/yaml_map.h"
#include "config/config.h"
#include "config/sections.h"

namespace yingda::config {

/// accounts:, each with its texts:
void ReadAccounts(base::YamlMap& root, const SectionContext& context, Config& config);

}  // namespace yingda::config
