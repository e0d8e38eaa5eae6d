// SPDX-License-Identifier: MIT
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace yingda::store {

inline const std::string kQuestion(200, 'q');
inline const std::string kReply(2000, 'r');

/// The same tables and statements, on one connection and thread, without a queue: what SQLite itself takes.
class Bare {
 public:
  explicit Bare(const std::string& path) {
    sqlite3_open(path.c_str(), &handle_);
    Run("PRAGMA journal_mode = WAL");
    Run("PRAGMA synchronous = NORMAL");
    Run("CREATE TABLE jobs (id INTEGER PRIMARY KEY, account TEXT, key TEXT UNIQUE, open_id TEXT, first_seen_ms INTEGER,"
        " finished INTEGER, question TEXT, reply TEXT)");
    Run("CREATE INDEX jobs_of_follower ON jobs (account, open_id)");
    Run("CREATE INDEX jobs_by_time ON jobs (first_seen_ms)");
    Run("CREATE TABLE turns (account TEXT, open_id TEXT, place INTEGER, at_ms INTEGER, role TEXT, content TEXT, "
        "PRIMARY KEY (account, open_id, place)) WITHOUT ROWID");
    Run("CREATE INDEX turns_by_time ON turns (at_ms)");
    accept_ = Prepare(
        "INSERT INTO jobs (account, key, open_id, first_seen_ms, finished, question, reply) "
        "VALUES ('main', ?1, ?2, ?3, 0, ?4, '')");
    finish_ = Prepare("UPDATE jobs SET finished = 1, reply = ?2 WHERE key = ?1");
    turn_ = Prepare(
        "INSERT INTO turns VALUES ('main', ?2, 1 + coalesce((SELECT max(place) FROM turns WHERE "
        "account = 'main' AND open_id = ?2), 0), ?3, 'user', ?4)");
    begin_ = Prepare("BEGIN IMMEDIATE");
    commit_ = Prepare("COMMIT");
  }
  ~Bare() {
    for (auto* each : {accept_, finish_, turn_, begin_, commit_}) sqlite3_finalize(each);
    sqlite3_close(handle_);
  }
  /// From now on a commit never waits for the log to be moved into the database.
  void LeaveLog() { Run("PRAGMA wal_autocheckpoint = 0"); }
  void Accept(const std::string& key, const std::string& open_id, int64_t now_ms,
              const std::string& question = kQuestion) {
    Step(begin_);
    Bind(accept_, 1, key);
    Bind(accept_, 2, open_id);
    sqlite3_bind_int64(accept_, 3, now_ms);
    Bind(accept_, 4, question);
    Step(accept_);
    Step(commit_);
  }
  void Finish(const std::string& key, const std::string& open_id, int64_t now_ms,
              const std::string& question = kQuestion, const std::string& reply = kReply) {
    Step(begin_);
    Bind(finish_, 1, key);
    Bind(finish_, 2, reply);
    Step(finish_);
    for (const std::string* content : {&question, &reply}) {
      Bind(turn_, 2, open_id);
      sqlite3_bind_int64(turn_, 3, now_ms);
      Bind(turn_, 4, *content);
      Step(turn_);
    }
    Step(commit_);
  }

 private:
  void Run(const char* sql) { sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr); }
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr);
    return statement;
  }
  void Bind(sqlite3_stmt* statement, int at, const std::string& text) {
    sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void Step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
      std::fprintf(stderr, "%s\n", sqlite3_errmsg(handle_));
      std::exit(1);
    }
    sqlite3_reset(statement);
  }

  sqlite3* handle_ = nullptr;
  sqlite3_stmt* accept_ = nullptr;
  sqlite3_stmt* finish_ = nullptr;
  sqlite3_stmt* turn_ = nullptr;
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
};

}  // namespace yingda::store
