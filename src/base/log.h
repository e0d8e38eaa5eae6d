// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/result.h"

namespace yingda::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// One key=value of a log line. Strings are copied only when the line is really written.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <typename Integer>
  requires std::is_integral_v<Integer> LogField(std::string_view k, Integer v)
      : key(k), value(static_cast<int64_t>(v)) {}
};

/// Structured log: one JSON object a line, an event name plus fields. Never pass secrets, OpenIDs (use FollowerTag),
/// message texts (unless the operator switched content logging on) or query strings. Thread-safety: all members. Cost:
/// a line below the level costs one comparison.
class Logger {
 public:
  virtual ~Logger() = default;

  bool Enabled(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  /// From now on; lines below it are dropped.
  void SetLevel(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  void Debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kDebug, event, fields);
  }
  void Info(std::string_view event, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, event, fields);
  }
  void Warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, event, fields);
  }
  void Error(std::string_view event, std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, event, fields);
  }

 protected:
  explicit Logger(LogLevel level) : level_(level) {}

 private:
  void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (Enabled(level)) Write(level, event, fields);
  }
  virtual void Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;

  std::atomic<LogLevel> level_;
};

/// Writes JSON lines to standard error or to a file, from a background thread with a bounded queue (the oldest lines go
/// first), so that a slow disk never delays a reply. Errors: kUnavailable, when the file cannot be written.
Result<std::unique_ptr<Logger>> MakeJsonLogger(LogLevel level, const std::string& file_or_empty);

/// A logger that drops everything: for tests and one-shot commands.
std::unique_ptr<Logger> MakeNullLogger();

}  // namespace yingda::base
