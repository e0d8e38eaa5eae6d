// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace yingda::store {

/// One connection to an SQLite file, with its prepared statements. Thread-safety: none; one thread at a time.
/// Errors: every message names the file and says what to do. A file that another program holds, a full disk and missing
/// permissions are kUnavailable; damage is kCorrupt.
class SqliteConnection {
 public:
  /// `path` may be ":memory:". The file is created when it is missing.
  static base::Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path,
                                                              std::chrono::milliseconds busy_timeout);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  /// Runs a script of one or more statements; rows are dropped. Not cached.
  base::Result<void> Execute(const std::string& script);
  /// The first column of the first row: for pragmas. kNotFound without a row.
  base::Result<std::string> ReadText(const std::string& sql);
  base::Result<int64_t> ReadInteger(const std::string& sql);

  /// Whether a transaction is open. Some errors (disk full) end it behind the caller's back.
  bool InTransaction() const;
  int64_t LastInsertId() const;
  /// Rows that the latest INSERT, UPDATE or DELETE changed.
  int64_t Changes() const;
  /// Rows that all statements so far changed, rolled back or not.
  int64_t TotalChanges() const;

  /// Stops the checkpoints that SQLite does inside a COMMIT, which would make that commit wait for the disk, and
  /// counts the pages of the write-ahead log instead.
  void TrackWal();
  int wal_pages() const { return wal_pages_; }
  /// Copies the write-ahead log into the database file, both synced. `wait` waits for other connections and copies
  /// all of it, at most for the busy timeout; without it what can be copied now is.
  base::Result<void> Checkpoint(bool wait);

  /// Closing changes no file any more: what is in the write-ahead log stays there. For a file that is refused.
  void LeaveFilesOnClose();

  const std::string& path() const { return path_; }

 private:
  friend class Query;
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  explicit SqliteConnection(std::string path) : path_(std::move(path)) {}
  base::Result<sqlite3_stmt*> Prepare(std::string_view sql);
  base::Error ErrorOf(int code) const;
  static int CountWalPages(void* self, sqlite3* handle, const char* database, int pages);

  const std::string path_;
  sqlite3* handle_ = nullptr;
  int wal_pages_ = 0;
  std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>> statements_;
};

/// One run of a statement, which stays prepared in its connection for the next run.
/// Lifetime: bound texts must live until the last Next or Run; the Query must not outlive its connection, and the same
/// SQL cannot be run twice at once on one connection. Errors: those of preparing and binding come out of Next or Run.
class Query {
 public:
  template <typename... Values>
  Query(SqliteConnection& connection, std::string_view sql, const Values&... values) : connection_(connection) {
    Start(sql);
    (Bind(values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Moves to the next row; false when there is none.
  base::Result<bool> Next();
  /// Runs to the end; rows are dropped.
  base::Result<void> Run();

  // Columns of the current row, from 0.
  int64_t Integer(int column) const;
  std::string Text(int column) const;

 private:
  void Start(std::string_view sql);
  void Bind(int64_t value);
  void Bind(int value) { Bind(static_cast<int64_t>(value)); }
  void Bind(bool value) { Bind(static_cast<int64_t>(value)); }
  void Bind(std::string_view value);
  void Bind(const std::string& value) { Bind(std::string_view(value)); }

  SqliteConnection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  std::optional<base::Error> error_;
  int bound_ = 0;
};

/// A connection that several threads take turns with. With a file every thread has its own and nobody waits; an
/// in-memory database has one only, and the lock keeps readers out of half-done transactions.
struct SharedConnection {
  std::mutex mutex;
  std::unique_ptr<SqliteConnection> connection;
};

}  // namespace yingda::store
