// SPDX-License-Identifier: MIT
#include "store/inbox_table.h"

namespace yingda::store {

base::Result<void> InsertInboxItem(SqliteConnection& connection, const InboxItem& item) {
  auto inserted =
      Query(connection,
            "INSERT INTO inbox (account, open_id, asked_ms, part, origin, expires_ms, claimed_by, abandoned, question, "
            "text, page_id, cut, by_model) VALUES (?, ?, ?, ?, 0, ?, '', 0, ?, ?, ?, 0, ?)",
            item.account, item.open_id, item.asked_ms, item.part, item.expires_ms, item.question, item.text,
            item.page_id, item.made_by_model)
          .Run();
  if (!inserted) return inserted;
  return Query(connection, "UPDATE inbox SET origin = id WHERE id = ?", connection.LastInsertId()).Run();
}

base::Result<std::vector<InboxItem>> SelectUnread(SqliteConnection& connection, std::string_view account,
                                                  std::string_view open_id, int64_t now_ms, int limit) {
  std::vector<InboxItem> items;
  Query query(
      connection,
      "SELECT id, question, text, asked_ms, part + cut, expires_ms, page_id, by_model FROM inbox WHERE account = ? "
      "AND open_id = ? AND claimed_by = '' AND expires_ms > ? ORDER BY asked_ms, part, origin, cut, id LIMIT ?",
      account, open_id, now_ms, limit);
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) return items;
    InboxItem& item = items.emplace_back();
    item.id = query.Integer(0);
    item.account = account;
    item.open_id = open_id;
    item.question = query.Text(1);
    item.text = query.Text(2);
    item.asked_ms = query.Integer(3);
    item.part = query.Integer(4);
    item.expires_ms = query.Integer(5);
    item.page_id = query.Text(6);
    item.made_by_model = query.Integer(7) != 0;
  }
}

base::Result<std::vector<FollowerName>> SelectUnreadFollowers(SqliteConnection& connection, int64_t now_ms, int limit) {
  std::vector<FollowerName> followers;
  Query query(connection,
              "SELECT account, open_id FROM inbox WHERE (claimed_by = '' OR abandoned = 1) AND expires_ms > ? GROUP BY "
              "account, open_id ORDER BY min(asked_ms), account, open_id LIMIT ?",
              now_ms, limit);
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) return followers;
    followers.push_back({query.Text(0), query.Text(1)});
  }
}

base::Result<void> ClaimInboxPages(SqliteConnection& connection, const std::vector<PageClaim>& claims,
                                   std::string_view key) {
  if (key.empty()) return base::Error{base::ErrorCode::kInvalidArgument, "store: a page is claimed by a message key"};
  for (const auto& claim : claims) {
    auto claimed =
        Query(connection, "UPDATE inbox SET text = ?, claimed_by = ?, abandoned = 0 WHERE id = ? AND claimed_by = ''",
              claim.page, key, claim.id)
            .Run();
    if (!claimed) return claimed;
    if (connection.Changes() == 0) {
      return base::Error{base::ErrorCode::kNotFound, "store: the inbox item is gone or claimed already"};
    }
  }
  // Once all are claimed, so that no claim can mean the rest of another. Items of one origin stand together in the
  // order of their cuts. One that came back and is cut anew has what was cut from it before behind it, which moves on
  // to let the new rest in between.
  for (const auto& claim : claims) {
    if (claim.rest.empty()) continue;
    auto moved = Query(connection,
                       "UPDATE inbox SET cut = inbox.cut + 1 FROM (SELECT account, open_id, origin, cut FROM inbox "
                       "WHERE id = ?) AS page WHERE inbox.account = page.account AND inbox.open_id = page.open_id AND "
                       "inbox.origin = page.origin AND inbox.cut > page.cut",
                       claim.id)
                     .Run();
    if (!moved) return moved;
    auto left = Query(connection,
                      "INSERT INTO inbox (account, open_id, asked_ms, part, origin, expires_ms, claimed_by, abandoned, "
                      "question, text, page_id, cut, by_model) SELECT account, open_id, asked_ms, part, origin, "
                      "expires_ms, '', 0, question, ?, page_id, cut + 1, by_model FROM inbox WHERE id = ?",
                      claim.rest, claim.id)
                    .Run();
    if (!left) return left;
  }
  return {};
}

base::Result<void> DeleteClaimedBy(SqliteConnection& connection, std::string_view key) {
  return Query(connection, "DELETE FROM inbox WHERE claimed_by = ? AND claimed_by <> ''", key).Run();
}

base::Result<void> FreeClaimedBy(SqliteConnection& connection, std::string_view key) {
  return Query(connection, "UPDATE inbox SET claimed_by = '', abandoned = 0 WHERE claimed_by = ? AND claimed_by <> ''",
               key)
      .Run();
}

base::Result<void> AbandonClaimedBy(SqliteConnection& connection, std::string_view key) {
  return Query(connection, "UPDATE inbox SET abandoned = 1 WHERE claimed_by = ? AND claimed_by <> ''", key).Run();
}

base::Result<void> FreeAbandonedOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection,
               "UPDATE inbox SET claimed_by = '', abandoned = 0 WHERE account = ? AND open_id = ? AND abandoned = 1",
               account, open_id)
      .Run();
}

base::Result<std::optional<FollowerName>> DeleteUnreadOfPage(SqliteConnection& connection, std::string_view page_id) {
  Query query(connection,
              "DELETE FROM inbox WHERE page_id = ? AND page_id <> '' AND (claimed_by = '' OR abandoned = 1) RETURNING "
              "account, open_id",
              page_id);
  std::optional<FollowerName> whose;
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) return whose;
    if (!whose) whose = FollowerName{query.Text(0), query.Text(1)};  // a page has one follower
  }
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
