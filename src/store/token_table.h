// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `tokens`. Each function is one step of a transaction that the caller holds.

base::Result<void> UpsertToken(SqliteConnection& connection, const TokenRecord& token);
base::Result<std::optional<TokenRecord>> SelectToken(SqliteConnection& connection, std::string_view account,
                                                     std::string_view app_id, std::string_view endpoint);

}  // namespace yingda::store
