// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `turns`. Each function is one step of a transaction that the caller holds.

base::Result<void> AppendTurn(SqliteConnection& connection, std::string_view account, std::string_view open_id,
                              const Turn& turn);
/// The newest `limit` turns at or after `since_ms`, in the order in which they were appended.
base::Result<std::vector<Turn>> SelectTurns(SqliteConnection& connection, std::string_view account,
                                            std::string_view open_id, int64_t since_ms, int limit);
base::Result<void> DeleteTurnsOf(SqliteConnection& connection, std::string_view account, std::string_view open_id);
/// Each follower who has turns, at most `limit`.
base::Result<std::vector<FollowerName>> SelectFollowersWithTurns(SqliteConnection& connection, size_t limit);

/// Deletes up to `limit` turns older than `before_ms`, and says how many those were.
base::Result<int> SweepTurns(SqliteConnection& connection, int64_t before_ms, int limit);

}  // namespace yingda::store
