// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/result.h"

namespace yingda::store {

/// Makes the folders that are missing on the way to `path` with mode 0700 and the file itself, if missing, with 0600:
/// it holds what followers wrote. SQLite gives its side files the mode of the file. What exists keeps its mode.
base::Result<void> PrepareStoreFile(const std::string& path);

}  // namespace yingda::store
