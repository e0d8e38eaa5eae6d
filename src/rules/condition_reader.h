// SPDX-License-Identifier: MIT
#pragma once

#include "base/yaml_map.h"
#include "rules/rule.h"

namespace yingda::rules {

/// Reads exclude, hours, days, from, until and cooldown of a rule whose match is known. Mistakes go to the problems of
/// `map`. Limits: 1,000 words in exclude, of 64 characters each; cooldown 1s…30d.
void ReadConditions(base::YamlMap& map, Rule& rule);

}  // namespace yingda::rules
