// SPDX-License-Identifier: MIT
#include "store/statistics_table.h"

namespace yingda::store {

base::Result<void> AddDayCounts(SqliteConnection& connection, const std::vector<DayCount>& counts) {
  for (const DayCount& added : counts) {
    auto done = Query(connection,
                      "INSERT INTO statistics (account, day, kind, name, count) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
                      "(account, day, kind, name) DO UPDATE SET count = count + excluded.count",
                      added.account, added.day, added.kind, added.name, added.count)
                    .Run();
    if (!done) return done;
  }
  return {};
}

base::Result<std::vector<DayCount>> SelectDayCounts(SqliteConnection& connection, int64_t since_day, size_t limit) {
  size_t rows = 0;
  int64_t first_day = since_day;
  Query days(connection, "SELECT day, count(*) FROM statistics WHERE day >= ? GROUP BY day ORDER BY day DESC",
             since_day);
  for (bool latest = true;; latest = false) {
    YINGDA_TRY(const bool found, days.Next());
    if (!found) break;
    rows += static_cast<size_t>(days.Integer(1));
    if (!latest && rows > limit) break;
    first_day = days.Integer(0);
  }
  std::vector<DayCount> all;
  Query query(connection,
              "SELECT account, day, kind, name, count FROM statistics WHERE day >= ? ORDER BY day DESC, count DESC",
              first_day);
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) return all;
    all.push_back({query.Text(0), query.Integer(1), query.Text(2), query.Text(3), query.Integer(4)});
  }
}

base::Result<int> SweepDayCounts(SqliteConnection& connection, int64_t before_day, int limit) {
  auto deleted = Query(connection,
                       "DELETE FROM statistics WHERE (account, day, kind, name) IN (SELECT account, day, kind, name "
                       "FROM statistics WHERE day < ? ORDER BY day LIMIT ?)",
                       before_day, limit)
                     .Run();
  if (!deleted) return deleted.error();
  return static_cast<int>(connection.Changes());
}

}  // namespace yingda::store
