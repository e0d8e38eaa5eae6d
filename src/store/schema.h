// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "store/sqlite_connection.h"

namespace yingda::store {

/// The steps that lead from an empty file to today's tables: step i turns version i into i + 1. Only ever appended to.
std::span<const char* const> SchemaSteps();

/// Brings the file to version `steps.size()`, all in one transaction: after a failure it is as it was.
/// Errors: kInvalidArgument when the file belongs to another program or to a newer yingda.
base::Result<void> Migrate(SqliteConnection& connection, std::span<const char* const> steps);

}  // namespace yingda::store
