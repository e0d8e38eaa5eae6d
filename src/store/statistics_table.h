// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `statistics`. Each function is one step of a transaction that the caller holds.

base::Result<void> AddDayCounts(SqliteConnection& connection, const std::vector<DayCount>& counts);

/// Of `since_day` and later: the latest days first, those of a day with the highest counts first. Whole days, as many
/// as have at most `limit` rows together, but the latest one always.
base::Result<std::vector<DayCount>> SelectDayCounts(SqliteConnection& connection, int64_t since_day, size_t limit);

/// Deletes up to `limit` rows of days before `before_day`, and says how many those were.
base::Result<int> SweepDayCounts(SqliteConnection& connection, int64_t before_day, int limit);

}  // namespace yingda::store
