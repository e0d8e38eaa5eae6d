// SPDX-License-Identifier: MIT
#pragma once

#include "base/yaml_map.h"
#include "config/config.h"
#include "config/sections.h"

namespace yingda::config {

/// The keys of an account that concern WeChat's API: app_secret, api_base, api_key, token_endpoint.
void ReadPlatform(base::YamlMap& map, const SectionContext& context, AccountConfig& account);

/// clients: the operator's other programs, with their keys. After the accounts, which it names.
void ReadClients(base::YamlMap& root, const SectionContext& context, Config& config);

}  // namespace yingda::config
