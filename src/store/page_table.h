// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `pages` (answer pages, 网页). Each function is one step of a transaction that the caller holds.

base::Result<void> UpsertPage(SqliteConnection& connection, const AnswerPage& page);
base::Result<std::optional<AnswerPage>> SelectPage(SqliteConnection& connection, std::string_view id, int64_t now_ms);
base::Result<void> DeletePagesOf(SqliteConnection& connection, std::string_view account, std::string_view open_id);

/// Deletes up to `limit` pages that have expired at `now_ms`, and says how many those were.
base::Result<int> SweepPages(SqliteConnection& connection, int64_t now_ms, int limit);

}  // namespace yingda::store
