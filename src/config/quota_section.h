// SPDX-License-Identifier: MIT
#pragma once

#include "base/yaml_map.h"
#include "bot/quota.h"
#include "config/config.h"
#include "config/sections.h"

namespace yingda::config {

/// quotas: of one account, whose name is known already.
bot::QuotaLimits ReadQuotas(base::YamlMap& map, const SectionContext& context, const AccountConfig& account);

}  // namespace yingda::config
