// SPDX-License-Identifier: MIT
#pragma once

#include "base/yaml_map.h"
#include "filter/word_filter.h"

namespace yingda::config {

/// word_filter: of one account.
filter::Options ReadWordFilter(base::YamlMap& account);

}  // namespace yingda::config
