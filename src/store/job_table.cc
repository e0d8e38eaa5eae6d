// SPDX-License-Identifier: MIT
#include "store/job_table.h"

#include <algorithm>

// In the order in which ReadJobs takes them.
#define YINGDA_JOB_COLUMNS                                                                              \
  "key, account, open_id, to_user, kind, question, first_seen_ms, tries, finished, reply, reply_text, " \
  "delivery, json, page_id, picture_url, instruction"

namespace yingda::store {
namespace {

base::Result<std::vector<JobRecord>> ReadJobs(Query& query) {
  std::vector<JobRecord> jobs;
  for (;;) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) return jobs;
    JobRecord& job = jobs.emplace_back();
    job.key = query.Text(0);
    job.account = query.Text(1);
    job.open_id = query.Text(2);
    job.to_user = query.Text(3);
    job.kind = query.Text(4);
    job.question = query.Text(5);
    job.first_seen_ms = query.Integer(6);
    job.tries = static_cast<int>(query.Integer(7));
    job.finished = query.Integer(8) != 0;
    job.reply = query.Text(9);
    job.reply_text = query.Text(10);
    job.delivery = static_cast<Delivery>(query.Integer(11));
    job.json = query.Integer(12) != 0;
    job.page_id = query.Text(13);
    job.picture_url = query.Text(14);
    job.instruction = query.Text(15);
  }
}

}  // namespace

base::Result<bool> InsertJob(SqliteConnection& connection, const JobRecord& job) {
  auto inserted =
      Query(connection,
            "INSERT INTO jobs (account, key, open_id, to_user, kind, first_seen_ms, tries, finished, delivery, "
            "question, reply, reply_text, json, page_id, picture_url, instruction) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            job.account, job.key, job.open_id, job.to_user, job.kind, job.first_seen_ms, job.tries, job.finished,
            static_cast<int>(job.delivery), job.question, job.reply, job.reply_text, job.json, job.page_id,
            job.picture_url, job.instruction)
          .Run();
  if (!inserted) return inserted.error();
  return connection.Changes() > 0;
}

base::Result<void> RaiseTries(SqliteConnection& connection, std::string_view key, int tries) {
  return Query(connection, "UPDATE jobs SET tries = ?1 WHERE key = ?2 AND tries < ?1", tries, key).Run();
}

base::Result<void> SetJobReply(SqliteConnection& connection, const JobResult& result) {
  return Query(connection,
               "UPDATE jobs SET reply = ?1, reply_text = ?2, finished = ?3, delivery = ?4, page_id = CASE ?5 WHEN '' "
               "THEN page_id ELSE ?5 END WHERE key = ?6",
               result.reply, result.reply_text, result.finished, static_cast<int>(result.delivery), result.page_id,
               result.key)
      .Run();
}

base::Result<void> SetJobDelivery(SqliteConnection& connection, std::string_view key, Delivery delivery) {
  return Query(connection, "UPDATE jobs SET delivery = ? WHERE key = ?", static_cast<int>(delivery), key).Run();
}

base::Result<void> DeleteJobsOf(SqliteConnection& connection, std::string_view account, std::string_view open_id) {
  return Query(connection, "DELETE FROM jobs WHERE account = ? AND open_id = ?", account, open_id).Run();
}

base::Result<std::vector<JobRecord>> SelectJobs(SqliteConnection& connection, int64_t since_ms, size_t limit) {
  // Sorting ids only keeps the long texts out of the sorter.
  Query query(connection,
              "SELECT " YINGDA_JOB_COLUMNS
              " FROM jobs WHERE id IN (SELECT id FROM jobs WHERE first_seen_ms >= ?1 OR finished = 0 OR delivery <> ?2 "
              "ORDER BY finished, delivery = ?2, first_seen_ms DESC, id DESC LIMIT ?3) ORDER BY first_seen_ms, id",
              since_ms, static_cast<int>(Delivery::kDelivered), static_cast<int64_t>(limit));
  return ReadJobs(query);
}

base::Result<std::vector<JobRecord>> SelectJobsOf(SqliteConnection& connection, std::string_view account,
                                                  std::string_view open_id, int64_t since_ms, int limit) {
  Query query(
      connection,
      "SELECT " YINGDA_JOB_COLUMNS
      " FROM jobs WHERE account = ? AND open_id = ? AND first_seen_ms >= ? ORDER BY first_seen_ms DESC, id DESC "
      "LIMIT ?",
      account, open_id, since_ms, limit);
  return ReadJobs(query);
}

base::Result<bool> SweepJobs(SqliteConnection& connection, JobSweep& sweep, int limit) {
  // Walking by place, instead of deleting the first that match, passes over each undelivered job once only.
  Query query(connection,
              "SELECT id, first_seen_ms, finished AND delivery = ? FROM jobs WHERE (first_seen_ms, id) > (?, ?) AND "
              "first_seen_ms < ? ORDER BY first_seen_ms, id LIMIT ?",
              static_cast<int>(Delivery::kDelivered), sweep.at_ms, sweep.at_id,
              std::max(sweep.done_before_ms, sweep.all_before_ms), limit);
  std::vector<int64_t> going;
  int seen = 0;
  for (; seen < limit; ++seen) {
    YINGDA_TRY(const bool found, query.Next());
    if (!found) break;
    sweep.at_id = query.Integer(0);
    sweep.at_ms = query.Integer(1);
    const bool done = query.Integer(2) != 0;
    if (sweep.at_ms < sweep.all_before_ms || (done && sweep.at_ms < sweep.done_before_ms)) going.push_back(sweep.at_id);
  }
  for (const int64_t id : going) {
    auto deleted = Query(connection, "DELETE FROM jobs WHERE id = ?", id).Run();
    if (!deleted) return deleted.error();
  }
  return seen == limit;
}

}  // namespace yingda::store
