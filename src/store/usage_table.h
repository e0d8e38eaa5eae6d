// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `usage`. Each function is one step of a transaction that the caller holds.

/// Adds the messages and tokens to those of the follower, and to those of the account as a whole. Fewer messages than
/// none (a count given back) change only what is there, and never below 0.
base::Result<void> AddUsage(SqliteConnection& connection, const Usage& added);

/// Of one day: accounts before followers, those with the most messages first; at most `limit`.
base::Result<std::vector<Usage>> SelectUsage(SqliteConnection& connection, int64_t day, size_t limit);

/// The follower's; what the account used as a whole stays.
base::Result<void> DeleteUsageOf(SqliteConnection& connection, std::string_view account, std::string_view open_id);

/// Deletes up to `limit` rows of days before `before_day`, and says how many those were.
base::Result<int> SweepUsage(SqliteConnection& connection, int64_t before_day, int limit);

}  // namespace yingda::store
