// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace yingda::app {

/// Writes a file whole or not at all, for a server may be watching its folder: under a hidden name beside it first.
/// Errors, in Chinese: kInvalidArgument if it is there already and `replace` is false, kUnavailable if it cannot be
/// written; the folder is as it was then.
base::Result<void> WriteWholeFile(const std::filesystem::path& path, std::string_view content, bool replace);

}  // namespace yingda::app
