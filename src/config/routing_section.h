// SPDX-License-Identifier: MIT
#pragma once

#include "config/sections.h"

namespace yingda::config {

/// `routing:`, how questions find their upstream; and the list of an account's upstreams.
void ReadRouting(base::YamlMap& root, Config& config);
std::vector<UpstreamChoice> ReadUpstreamChoices(base::YamlMap& account, const Config& config);

}  // namespace yingda::config
