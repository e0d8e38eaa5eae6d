// SPDX-License-Identifier: MIT
#include "store/token_table.h"

namespace yingda::store {

base::Result<void> UpsertToken(SqliteConnection& connection, const TokenRecord& token) {
  return Query(connection,
               "INSERT INTO tokens (account, app_id, endpoint, value, generation, fetched_ms, expires_ms) VALUES "
               "(?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, app_id, endpoint) DO UPDATE SET value = excluded.value, "
               "generation = excluded.generation, fetched_ms = excluded.fetched_ms, expires_ms = excluded.expires_ms",
               token.account, token.app_id, token.endpoint, token.value, token.generation, token.fetched_ms,
               token.expires_ms)
      .Run();
}

base::Result<std::optional<TokenRecord>> SelectToken(SqliteConnection& connection, std::string_view account,
                                                     std::string_view app_id, std::string_view endpoint) {
  Query query(connection,
              "SELECT value, generation, fetched_ms, expires_ms FROM tokens WHERE account = ? AND app_id = ? AND "
              "endpoint = ?",
              account, app_id, endpoint);
  YINGDA_TRY(const bool found, query.Next());
  if (!found) return std::optional<TokenRecord>();
  TokenRecord token;
  token.account = account;
  token.app_id = app_id;
  token.endpoint = endpoint;
  token.value = query.Text(0);
  token.generation = query.Integer(1);
  token.fetched_ms = query.Integer(2);
  token.expires_ms = query.Integer(3);
  return std::optional<TokenRecord>(std::move(token));
}

}  // namespace yingda::store
