// SPDX-License-Identifier: MIT
#include "store/conversation_table.h"

#include <algorithm>

namespace yingda::store {

base::Result<void> AppendTurn(SqliteConnection& connection, std::string_view account, std::string_view open_id,
                              const Turn& turn) {
  return Query(connection,
               "INSERT INTO turns (account, open_id, place, at_ms, role, content, picture_url) VALUES (?1, ?2, 1 + "
               "coalesce((SELECT max(place) FROM turns WHERE account = ?1 AND open_id = ?2), 0), ?3, ?4, ?5, ?6)",
               account, open_id, turn.at_ms, turn.role, turn.content, turn.picture_url)
      .Run();
}

base::Result<std::vector<Turn>> SelectTurns(SqliteConnection& connection, std::string_view account,
                                            std::string_view open_id, int64_t since_ms, int limit) {
  std::vector<Turn> turns;
  Query query(connection,
              "SELECT role, content, at_ms, picture_url FROM turns WHERE account = ? AND open_id = ? AND at_ms >= ? "
              "ORDER BY place DESC LIMIT ?",
              account, open_id, since_ms, limit);
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) break;
    turns.push_back({query.Text(0), query.Text(1), query.Integer(2), query.Text(3)});
  }
  std::reverse(turns.begin(), turns.end());
  return turns;
}

base::Result<void> DeleteTurnsOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection, "DELETE FROM turns WHERE account = ? AND open_id = ?", account, open_id).Run();
}

base::Result<std::vector<FollowerName>> SelectFollowersWithTurns(SqliteConnection& connection, size_t limit) {
  std::vector<FollowerName> followers;
  // From each follower to the next one's first turn, instead of over all turns.
  FollowerName last;
  while (followers.size() < limit) {
    Query query(
        connection,
        "SELECT account, open_id FROM turns WHERE (account, open_id) > (?, ?) ORDER BY account, open_id LIMIT 1",
        last.account, last.open_id);
    YINGDA_TRY(const bool found, query.Next());
    if (!found) break;
    last = {query.Text(0), query.Text(1)};
    followers.push_back(last);
  }
  return followers;
}

base::Result<int> SweepTurns(SqliteConnection& connection, int64_t before_ms, int limit) {
  auto deleted = Query(connection,
                       "DELETE FROM turns WHERE (account, open_id, place) IN (SELECT account, open_id, place FROM "
                       "turns WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
                       before_ms, limit)
                     .Run();
  if (!deleted) return deleted.error();
  return static_cast<int>(connection.Changes());
}

}  // namespace yingda::store
