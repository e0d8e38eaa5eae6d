// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cmath>

#include "base/utf8.h"

namespace yingda::base {
namespace {

constexpr size_t kQueuedLines = 8192;

void AppendJsonString(std::string& out, std::string_view text) {
  // An odd byte, in an upstream's header perhaps, must not make the line unreadable for the tools that read logs.
  if (!IsValidUtf8(text)) return AppendJsonString(out, ToValidUtf8(text));
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7F) {
      static constexpr char kDigits[] = "0123456789abcdef";
      out.append("\\u00");
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void AppendJsonValue(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendJsonString(out, *text);
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    out.append(std::to_string(*integer));
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    if (std::isfinite(*real)) {
      fmt::format_to(std::back_inserter(out), "{:.3f}", *real);
    } else {
      out.append("null");  // JSON has no word for it
    }
  } else {
    out.append(std::get<bool>(field.value) ? "true" : "false");
  }
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class JsonLogger final : public Logger {
 public:
  JsonLogger(LogLevel level, const std::string& file) : Logger(level) {
    pool_ = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1);
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    }
    sink->set_pattern(R"({"ts":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})");
    logger_ = std::make_shared<spdlog::async_logger>("yingda", std::move(sink), pool_,
                                                     spdlog::async_overflow_policy::overrun_oldest);
    logger_->set_level(spdlog::level::debug);  // Logger decides, as it can be told another level
    logger_->flush_on(spdlog::level::info);
  }
  // The writing thread ends, with all lines written, before what it writes through goes: its last line holds the
  // logger too, and the two would otherwise race for which of them takes it apart.
  ~JsonLogger() override {
    logger_->flush();
    pool_.reset();
  }

 private:
  void Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line = "\"event\":";
    AppendJsonString(line, event);
    for (const LogField& field : fields) {
      line.push_back(',');
      AppendJsonString(line, field.key);
      line.push_back(':');
      AppendJsonValue(line, field);
    }
    logger_->log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
  }

  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

class NullLogger final : public Logger {
 public:
  NullLogger() : Logger(LogLevel::kError) {}

 private:
  void Write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

}  // namespace

base::Result<std::unique_ptr<Logger>> MakeJsonLogger(LogLevel level, const std::string& file_or_empty) {
  try {
    return std::unique_ptr<Logger>(std::make_unique<JsonLogger>(level, file_or_empty));
  } catch (const spdlog::spdlog_ex& error) {
    return Error{ErrorCode::kUnavailable, "cannot write the log file " + file_or_empty + ": " + error.what() +
                                              "; its folder must exist and be writable"};
  }
}

std::unique_ptr<Logger> MakeNullLogger() { return std::make_unique<NullLogger>(); }

}  // namespace yingda::base
