// SPDX-License-Identifier: MIT
#include "store/usage_table.h"

namespace yingda::store {
namespace {

base::Result<void> AddRow(SqliteConnection& connection, std::string_view open_id, const Usage& added) {
  // What is given back may have been forgotten meanwhile, with its follower or its day.
  if (added.messages < 0) {
    return Query(
               connection,
               "UPDATE usage SET messages = max(0, messages + ?), tokens = tokens + ? WHERE account = ? AND open_id = "
               "? AND day = ?",
               added.messages, added.tokens, added.account, open_id, added.day)
        .Run();
  }
  return Query(connection,
               "INSERT INTO usage (account, open_id, day, messages, tokens) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
               "(account, open_id, day) DO UPDATE SET messages = messages + excluded.messages, tokens = tokens + "
               "excluded.tokens",
               added.account, open_id, added.day, added.messages, added.tokens)
      .Run();
}

}  // namespace

base::Result<void> AddUsage(SqliteConnection& connection, const Usage& added) {
  auto done = AddRow(connection, "", added);
  if (done && !added.open_id.empty()) done = AddRow(connection, added.open_id, added);
  return done;
}

base::Result<std::vector<Usage>> SelectUsage(SqliteConnection& connection, int64_t day, size_t limit) {
  std::vector<Usage> all;
  Query query(connection,
              "SELECT account, open_id, messages, tokens FROM usage WHERE day = ? ORDER BY open_id <> '', messages "
              "DESC, account, open_id LIMIT ?",
              day, static_cast<int64_t>(limit));
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) return all;
    all.push_back({query.Text(0), query.Text(1), day, query.Integer(2), query.Integer(3)});
  }
}

base::Result<void> DeleteUsageOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection, "DELETE FROM usage WHERE account = ? AND open_id = ? AND open_id <> ''", account, open_id)
      .Run();
}

base::Result<int> SweepUsage(SqliteConnection& connection, int64_t before_day, int limit) {
  auto deleted = Query(connection,
                       "DELETE FROM usage WHERE (account, open_id, day) IN (SELECT account, open_id, day FROM usage "
                       "WHERE day < ? ORDER BY day LIMIT ?)",
                       before_day, limit)
                     .Run();
  if (!deleted) return deleted.error();
  return static_cast<int>(connection.Changes());
}

}  // namespace yingda::store
