// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

struct DeliveryMark {
  std::string key;
  Delivery delivery = Delivery::kNone;
};

/// A write that is promised before its transaction: a question taken, what its work leaves behind, or how far its reply
/// has come.
using Intent = std::variant<JobRecord, JobResult, DeliveryMark>;

/// The intent as bytes that DecodeIntent reads again; for one machine only.
std::string EncodeIntent(const Intent& intent);
/// kCorrupt for bytes that no EncodeIntent made.
base::Result<Intent> DecodeIntent(std::string_view bytes);

/// Carries it out, as one step of a transaction that the caller holds: what Store::AcceptJob, Store::FinishJob
/// and Store::SetDelivery say.
base::Result<void> WriteIntent(SqliteConnection& connection, const Intent& intent);

/// Whether a failed write may succeed later: when it is the disk or another program that is in its way, and when the
/// file is damaged, which an operator mends by a backup.
bool MayWorkLater(const base::Error& error);

}  // namespace yingda::store
