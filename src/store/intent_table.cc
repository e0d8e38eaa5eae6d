// SPDX-License-Identifier: MIT
#include "store/intent_table.h"

namespace yingda::store {

base::Result<IntentProgress> SelectIntentProgress(SqliteConnection& connection) {
  Query query(connection, "SELECT store_id, applied FROM intents");
  YINGDA_TRY(const bool found, query.Next());
  if (!found) {
    return base::Error{base::ErrorCode::kCorrupt,
                       "store " + connection.path() + ": its table `intents` is empty; put a backup there"};
  }
  return IntentProgress{query.Integer(0), query.Integer(1)};
}

base::Result<void> SetIntentsApplied(SqliteConnection& connection, int64_t applied) {
  return Query(connection, "UPDATE intents SET applied = ?", applied).Run();
}

}  // namespace yingda::store
