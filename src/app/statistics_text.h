// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace yingda::app {

/// What GET /stats answered, as tables in Chinese for a terminal. Errors, with a text for whoever
/// asked: kNotFound when the server has no such account, kUpstream for what is no such answer.
base::Result<std::string> StatisticsText(std::string_view json);

}  // namespace yingda::app
