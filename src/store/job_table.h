// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace yingda::store {

/// The table `jobs`. Each function is one step of a transaction that the caller holds.

/// A key that is there already is left as it is: false.
base::Result<bool> InsertJob(SqliteConnection& connection, const JobRecord& job);
/// The number of tries only grows.
base::Result<void> RaiseTries(SqliteConnection& connection, std::string_view key, int tries);
base::Result<void> SetJobReply(SqliteConnection& connection, const JobResult& result);
base::Result<void> SetJobDelivery(SqliteConnection& connection, std::string_view key, Delivery delivery);
base::Result<void> DeleteJobsOf(SqliteConnection& connection, std::string_view account, std::string_view open_id);

/// Jobs first seen at or after `since_ms` and all that are unfinished or undelivered, oldest first. With more than
/// `limit`, the unfinished ones come before the undelivered ones, and those before the rest, the newest of each.
base::Result<std::vector<JobRecord>> SelectJobs(SqliteConnection& connection, int64_t since_ms, size_t limit);

/// One follower's, the newest first.
base::Result<std::vector<JobRecord>> SelectJobsOf(SqliteConnection& connection, std::string_view account,
                                                  std::string_view open_id, int64_t since_ms, int limit);

/// Where a sweep through the jobs, oldest first, has got to.
struct JobSweep {
  int64_t done_before_ms = 0;  // finished and delivered jobs first seen before this go
  int64_t all_before_ms = 0;   // any job first seen before this goes
  int64_t at_ms = INT64_MIN;
  int64_t at_id = 0;
};
/// Looks at the next `limit` jobs and deletes those that may go; false when none is left to look at. The place moves on
/// only in `sweep`, so a step whose transaction fails must be given the old one again.
base::Result<bool> SweepJobs(SqliteConnection& connection, JobSweep& sweep, int limit);

}  // namespace yingda::store
