// SPDX-License-Identifier: MIT
#include "store/sqlite_connection.h"

#include <sqlite3.h>

#include <cstring>

namespace yingda::store {
namespace {

std::string SystemReason(sqlite3* handle) {
  const int number = sqlite3_system_errno(handle);
  return number == 0 ? std::string() : std::string(" (") + std::strerror(number) + ")";
}

}  // namespace

base::Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path,
                                                                       std::chrono::milliseconds busy_timeout) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(path));
  // NOMUTEX: a connection is used by one thread at a time here, SQLite need not lock again.
  const int code = sqlite3_open_v2(path.c_str(), &connection->handle_,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) return connection->ErrorOf(code);
  sqlite3_extended_result_codes(connection->handle_, 1);
  sqlite3_busy_timeout(connection->handle_, static_cast<int>(busy_timeout.count()));
  return connection;
}

SqliteConnection::~SqliteConnection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

base::Error SqliteConnection::ErrorOf(int code) const {
  using base::ErrorCode;
  const std::string file = "store " + path_ + ": ";
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::kUnavailable, file + "no space left; free some on its disk, or raise the store's size limit"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kUnavailable,
              file + "locked by another program; is an sqlite3 shell or a backup tool working on it?"};
    case SQLITE_CORRUPT:
      return {ErrorCode::kCorrupt,
              file +
                  "the file is damaged; stop yingda, move it away together with its -wal and -shm files, and put a "
                  "backup there (or what `sqlite3 FILE .recover` saves; without a file yingda starts empty)"};
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt, file + "not an SQLite database; move the file away, or name another one"};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kUnavailable, file + "cannot be opened" + SystemReason(handle_) +
                                           "; its folder must exist and be writable for the user yingda runs as"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kUnavailable, file + "may not be written" + SystemReason(handle_) +
                                           "; the file and its folder must belong to the user yingda runs as"};
    case SQLITE_IOERR:
      return {ErrorCode::kUnavailable,
              file + "reading or writing failed" + SystemReason(handle_) + "; check the disk and its free space"};
    case SQLITE_NOMEM:
      return {ErrorCode::kUnavailable, file + "out of memory"};
    case SQLITE_TOOBIG:
      return {ErrorCode::kTooLarge, file + "a value is too large to be stored"};
    default:
      return {ErrorCode::kInternal, file + sqlite3_errstr(code) + ": " + sqlite3_errmsg(handle_)};
  }
}

base::Result<void> SqliteConnection::Execute(const std::string& script) {
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return {};
}

base::Result<std::string> SqliteConnection::ReadText(const std::string& sql) {
  Query query(*this, sql);
  YINGDA_TRY(const bool found, query.Next());
  if (!found) return base::Error{base::ErrorCode::kNotFound, "store " + path_ + ": no answer to " + sql};
  return query.Text(0);
}

base::Result<int64_t> SqliteConnection::ReadInteger(const std::string& sql) {
  Query query(*this, sql);
  YINGDA_TRY(const bool found, query.Next());
  if (!found) return base::Error{base::ErrorCode::kNotFound, "store " + path_ + ": no answer to " + sql};
  return query.Integer(0);
}

bool SqliteConnection::InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }
int64_t SqliteConnection::LastInsertId() const { return sqlite3_last_insert_rowid(handle_); }
int64_t SqliteConnection::Changes() const { return sqlite3_changes64(handle_); }
int64_t SqliteConnection::TotalChanges() const { return sqlite3_total_changes64(handle_); }

int SqliteConnection::CountWalPages(void* self, sqlite3* /*handle*/, const char* /*database*/, int pages) {
  static_cast<SqliteConnection*>(self)->wal_pages_ = pages;
  return SQLITE_OK;
}

// SQLite's own automatic checkpoint is a hook of the same kind, which this one takes the place of.
void SqliteConnection::TrackWal() { sqlite3_wal_hook(handle_, &CountWalPages, this); }

base::Result<void> SqliteConnection::Checkpoint(bool wait) {
  const int mode = wait ? SQLITE_CHECKPOINT_FULL : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, nullptr, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  return {};
}

void SqliteConnection::LeaveFilesOnClose() { sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

base::Result<sqlite3_stmt*> SqliteConnection::Prepare(std::string_view sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second;
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(code);
  statements_.emplace(sql, statement);
  return statement;
}

void Query::Start(std::string_view sql) {
  auto prepared = connection_.Prepare(sql);
  if (prepared) {
    statement_ = *prepared;
  } else {
    error_ = std::move(prepared).error();
  }
}

Query::~Query() {
  if (statement_ == nullptr) return;
  // Without the reset a read would keep its snapshot, and the write-ahead log could never start over.
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::Bind(int64_t value) {
  ++bound_;
  if (error_) return;
  const int code = sqlite3_bind_int64(statement_, bound_, value);
  if (code != SQLITE_OK) error_ = connection_.ErrorOf(code);
}

void Query::Bind(std::string_view value) {
  ++bound_;
  if (error_) return;
  // An empty view may have no address, which SQLite would take for NULL.
  const char* bytes = value.data() == nullptr ? "" : value.data();
  const int code = sqlite3_bind_text64(statement_, bound_, bytes, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) error_ = connection_.ErrorOf(code);
}

base::Result<bool> Query::Next() {
  if (error_) return *error_;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  error_ = connection_.ErrorOf(code);
  return *error_;
}

base::Result<void> Query::Run() {
  for (;;) {
    YINGDA_TRY(const bool more, Next());
    if (!more) return {};
  }
}

int64_t Query::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::Text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<size_t>(size));
}

}  // namespace yingda::store
