// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"

namespace yingda::app {

/// Asks the running server of this configuration, on its operations listener, and waits at most ten seconds. The result
/// is the body of a 200. Errors: kUnavailable (no server answers there), kUpstream (it refuses; with what it said).
base::Result<std::string> AskServer(const config::Config& config, const std::string& path_and_query);

}  // namespace yingda::app
