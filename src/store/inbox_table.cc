// SPDX-License-Identifier: MIT
#include "store/inbox_table.h"

#include <vector>

namespace yingda::store {

base::Result<void> InsertInboxItem(SqliteConnection& connection, const InboxItem& item) {
  auto inserted =
      Query(connection,
            "INSERT INTO inbox (account, open_id, asked_ms, part, origin, expires_ms, claimed_by, abandoned, question, "
            "text) VALUES (?, ?, ?, ?, 0, ?, '', 0, ?, ?)",
            item.account, item.open_id, item.asked_ms, item.part, item.expires_ms, item.question, item.text)
          .Run();
  if (!inserted) return inserted;
  return Query(connection, "UPDATE inbox SET origin = id WHERE id = ?", connection.LastInsertId()).Run();
}

base::Result<std::optional<InboxItem>> SelectOldestUnread(SqliteConnection& connection, std::string_view account,
                                                          std::string_view open_id, int64_t now_ms) {
  Query query(connection,
              "SELECT id, question, text, asked_ms, part, expires_ms FROM inbox WHERE account = ? AND open_id = ? AND "
              "claimed_by = '' AND expires_ms > ? ORDER BY asked_ms, part, origin, id LIMIT 1",
              account, open_id, now_ms);
  YINGDA_TRY(const bool found, query.Next());
  if (!found) return std::optional<InboxItem>();
  InboxItem item;
  item.id = query.Integer(0);
  item.account = account;
  item.open_id = open_id;
  item.question = query.Text(1);
  item.text = query.Text(2);
  item.asked_ms = query.Integer(3);
  item.part = query.Integer(4);
  item.expires_ms = query.Integer(5);
  return std::optional<InboxItem>(std::move(item));
}

base::Result<void> ClaimInboxPage(SqliteConnection& connection, int64_t id, std::string_view key, std::string_view page,
                                  std::string_view rest) {
  if (key.empty()) return base::Error{base::ErrorCode::kInvalidArgument, "store: a page is claimed by a message key"};
  auto claimed =
      Query(connection, "UPDATE inbox SET text = ?, claimed_by = ?, abandoned = 0 WHERE id = ? AND claimed_by = ''",
            page, key, id)
          .Run();
  if (!claimed) return claimed;
  if (connection.Changes() == 0) {
    return base::Error{base::ErrorCode::kNotFound, "store: the inbox item is gone or claimed already"};
  }
  if (rest.empty()) return {};
  // Items of one origin stand together in the order of their ids, so the rest comes right behind its page.
  return Query(connection,
               "INSERT INTO inbox (account, open_id, asked_ms, part, origin, expires_ms, claimed_by, abandoned, "
               "question, text) SELECT account, open_id, asked_ms, part, origin, expires_ms, '', 0, question, ? "
               "FROM inbox WHERE id = ?",
               rest, id)
      .Run();
}

base::Result<void> DeleteClaimedBy(SqliteConnection& connection, std::string_view key) {
  return Query(connection, "DELETE FROM inbox WHERE claimed_by = ? AND claimed_by <> ''", key).Run();
}

base::Result<void> FreeClaimedBy(SqliteConnection& connection, std::string_view key) {
  return Query(connection, "UPDATE inbox SET claimed_by = '', abandoned = 0 WHERE claimed_by = ? AND claimed_by <> ''",
               key)
      .Run();
}

base::Result<void> FreeAbandonedOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection,
               "UPDATE inbox SET claimed_by = '', abandoned = 0 WHERE account = ? AND open_id = ? AND abandoned = 1",
               account, open_id)
      .Run();
}

base::Result<void> DeleteInboxOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection, "DELETE FROM inbox WHERE account = ? AND open_id = ?", account, open_id).Run();
}

base::Result<void> MarkClaimsAbandoned(SqliteConnection& connection) {
  return Query(connection, "UPDATE inbox SET abandoned = 1 WHERE claimed_by <> '' AND abandoned = 0").Run();
}

base::Result<InboxSweep> SweepInbox(SqliteConnection& connection, int64_t now_ms, int limit) {
  std::vector<int64_t> going;
  InboxSweep sweep;
  Query query(connection, "SELECT id, claimed_by = '' FROM inbox WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?",
              now_ms, limit);
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) break;
    going.push_back(query.Integer(0));
    if (query.Integer(1) != 0) ++sweep.unread;
  }
  for (const int64_t id : going) {
    auto deleted = Query(connection, "DELETE FROM inbox WHERE id = ?", id).Run();
    if (!deleted) return deleted.error();
  }
  sweep.deleted = static_cast<int>(going.size());
  return sweep;
}

}  // namespace yingda::store
