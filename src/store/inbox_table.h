// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `inbox` (收件箱). Each function is one step of a transaction that the caller holds.

base::Result<void> InsertInboxItem(SqliteConnection& connection, const InboxItem& item);
base::Result<std::vector<InboxItem>> SelectUnread(SqliteConnection& connection, std::string_view account,
                                                  std::string_view open_id, int64_t now_ms, int limit);
base::Result<std::vector<FollowerName>> SelectUnreadFollowers(SqliteConnection& connection, int64_t now_ms, int limit);
base::Result<void> ClaimInboxPage(SqliteConnection& connection, const PageClaim& claim, std::string_view key);
base::Result<void> DeleteClaimedBy(SqliteConnection& connection, std::string_view key);
base::Result<void> FreeClaimedBy(SqliteConnection& connection, std::string_view key);
base::Result<void> AbandonClaimedBy(SqliteConnection& connection, std::string_view key);
base::Result<void> FreeAbandonedOf(SqliteConnection& connection, std::string_view account, std::string_view open_id);
/// The follower whose items went, when any did.
base::Result<std::optional<FollowerName>> DeleteUnreadOfPage(SqliteConnection& connection, std::string_view page_id);
base::Result<void> DeleteInboxOf(SqliteConnection& connection, std::string_view account, std::string_view open_id);

/// At the opening of the file: whoever holds a claim now has ended.
base::Result<void> MarkClaimsAbandoned(SqliteConnection& connection);

struct InboxSweep {
  int deleted = 0;
  int unread = 0;  // of these, the ones that nobody had claimed
};
/// Deletes up to `limit` items that have expired at `now_ms`.
base::Result<InboxSweep> SweepInbox(SqliteConnection& connection, int64_t now_ms, int limit);

}  // namespace yingda::store
