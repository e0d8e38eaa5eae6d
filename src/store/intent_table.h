// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "store/sqlite_connection.h"

namespace yingda::store {

/// The table `intents`, of one row: which store this is, and how far of its intent log is in its tables.
struct IntentProgress {
  int64_t store_id = 0;  // drawn when the table was made, so that no log of another store is taken for this one's
  int64_t applied = 0;   // the number of the last intent whose transaction was this one or an earlier one
};

base::Result<IntentProgress> SelectIntentProgress(SqliteConnection& connection);
/// One step of the transaction that carries the intents out.
base::Result<void> SetIntentsApplied(SqliteConnection& connection, int64_t applied);

}  // namespace yingda::store
