// SPDX-License-Identifier: MIT
#include "store/page_table.h"

namespace yingda::store {

base::Result<void> UpsertPage(SqliteConnection& connection, const AnswerPage& page) {
  return Query(connection,
               "INSERT INTO pages (id, account, open_id, asked_ms, expires_ms, finished, question, markdown) VALUES "
               "(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET account = excluded.account, open_id = "
               "excluded.open_id, asked_ms = excluded.asked_ms, expires_ms = excluded.expires_ms, finished = "
               "excluded.finished, question = excluded.question, markdown = excluded.markdown",
               page.id, page.account, page.open_id, page.asked_ms, page.expires_ms, page.finished, page.question,
               page.markdown)
      .Run();
}

base::Result<std::optional<AnswerPage>> SelectPage(SqliteConnection& connection, std::string_view id, int64_t now_ms) {
  Query query(connection,
              "SELECT account, open_id, question, markdown, finished, asked_ms, expires_ms FROM pages WHERE id = ? AND "
              "expires_ms > ?",
              id, now_ms);
  YINGDA_TRY(const bool found, query.Next());
  if (!found) return std::optional<AnswerPage>();
  AnswerPage page;
  page.id = id;
  page.account = query.Text(0);
  page.open_id = query.Text(1);
  page.question = query.Text(2);
  page.markdown = query.Text(3);
  page.finished = query.Integer(4) != 0;
  page.asked_ms = query.Integer(5);
  page.expires_ms = query.Integer(6);
  return std::optional<AnswerPage>(std::move(page));
}

base::Result<void> DeletePagesOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection, "DELETE FROM pages WHERE account = ? AND open_id = ?", account, open_id).Run();
}

base::Result<int> SweepPages(SqliteConnection& connection, int64_t now_ms, int limit) {
  auto deleted = Query(connection,
                       "DELETE FROM pages WHERE row IN (SELECT row FROM pages WHERE expires_ms <= ? ORDER BY "
                       "expires_ms LIMIT ?)",
                       now_ms, limit)
                     .Run();
  if (!deleted) return deleted.error();
  return static_cast<int>(connection.Changes());
}

}  // namespace yingda::store
