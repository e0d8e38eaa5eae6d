// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/utf8.h"
#include "support/temp_dir.h"

namespace yingda::base {
namespace {

using nlohmann::json;

class LogTest : public ::testing::Test {
 protected:
  /// The lines that `write` leaves behind, each parsed; a line that is not one JSON object fails the test.
  template <typename Write>
  std::vector<json> Lines(LogLevel level, Write write) {
    {
      const auto logger = MakeJsonLogger(level, file_);
      EXPECT_TRUE(logger) << logger.error().message;
      write(**logger);
    }  // what is queued is written by then
    std::ifstream in(file_, std::ios::binary);
    std::vector<json> lines;
    for (std::string line; std::getline(in, line);) {
      EXPECT_TRUE(IsValidUtf8(line)) << ::testing::PrintToString(line);
      lines.push_back(json::parse(line, nullptr, false));
      EXPECT_TRUE(lines.back().is_object()) << line;
    }
    return lines;
  }

  yingda::testing::TempDir folder_;
  const std::string file_ = folder_.File("log");
};

TEST_F(LogTest, LineIsOneObjectWithTimeLevelEventAndFields) {
  const auto lines = Lines(LogLevel::kInfo, [](Logger& log) {
    log.Info("served",
             {{"text", "好"}, {"number", -7}, {"size", size_t{7}}, {"real", 1.5}, {"yes", true}, {"no", false}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["event"], "served");
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["text"], "好");
  EXPECT_EQ(lines[0]["number"], -7);
  EXPECT_EQ(lines[0]["size"], 7);
  EXPECT_EQ(lines[0]["real"], 1.5);
  EXPECT_EQ(lines[0]["yes"], true);
  EXPECT_EQ(lines[0]["no"], false);
  EXPECT_THAT(lines[0]["ts"].get<std::string>(),
              ::testing::ContainsRegex("^[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+[+-][0-9]+:[0-9]+$"));
}

TEST_F(LogTest, NothingBelowTheLevelIsWritten) {
  const LogLevel levels[] = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError};
  const std::vector<std::string> names = {"debug", "info", "warning", "error"};
  for (size_t i = 0; i < names.size(); ++i) {
    std::filesystem::remove(file_);
    const auto lines = Lines(levels[i], [](Logger& log) {
      log.Debug("e");
      log.Info("e");
      log.Warning("e");
      log.Error("e");
    });
    std::vector<std::string> written;
    for (const json& line : lines) written.push_back(line["level"]);
    EXPECT_EQ(written, std::vector<std::string>(names.begin() + static_cast<std::ptrdiff_t>(i), names.end()));
  }
}

TEST_F(LogTest, HostileTextsStayInsideTheirString) {
  std::vector<std::string> texts = {"\"",
                                    "\\",
                                    "\\\"",
                                    "a\nb\r\n{\"event\":\"forged\"}",
                                    "\"}\n{\"",
                                    std::string("a\0b", 3),
                                    "%v %s {} {0} %",
                                    "\x1b[31m",
                                    "\x7f",
                                    "\u2028\u2029",
                                    "</script>",
                                    ""};
  for (char c = 0; c < 0x20; ++c) texts.push_back(std::string(1, c));
  const auto lines = Lines(LogLevel::kInfo, [&](Logger& log) {
    for (const std::string& text : texts) log.Info(text, {{"text", text}, {text, 1}});
  });
  ASSERT_EQ(lines.size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(lines[i]["text"], texts[i]);
    EXPECT_EQ(lines[i]["event"], texts[i]);
  }
}

TEST_F(LogTest, BytesThatAreNoTextDoNotBreakALine) {
  const auto lines = Lines(LogLevel::kInfo, [](Logger& log) {
    log.Info("e\xff", {{"cut", "应\xE7\xAD"}, {"latin", "caf\xE9"}, {"overlong", "\xC0\xAF"}, {"k\xFE", "v"}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["cut"], "应��");
  EXPECT_EQ(lines[0]["latin"], "caf�");
  EXPECT_EQ(lines[0]["event"], "e�");
}

TEST_F(LogTest, NumbersThatJsonDoesNotHaveAreNull) {
  const auto lines = Lines(LogLevel::kInfo, [](Logger& log) {
    log.Info("e", {{"nan", std::nan("")},
                   {"infinite", std::numeric_limits<double>::infinity()},
                   {"large", 1e300},
                   {"least", std::numeric_limits<int64_t>::min()}});
  });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0]["nan"].is_null());
  EXPECT_TRUE(lines[0]["infinite"].is_null());
  EXPECT_EQ(lines[0]["large"], 1e300);
  EXPECT_EQ(lines[0]["least"], std::numeric_limits<int64_t>::min());
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  constexpr size_t kThreads = 4;
  constexpr size_t kLines = 500;  // all together fit into the queue
  const auto lines = Lines(LogLevel::kInfo, [](Logger& log) {
    std::vector<std::jthread> threads;
    for (size_t number = 0; number < kThreads; ++number) {
      threads.emplace_back([&log, number] {
        for (size_t i = 0; i < kLines; ++i) log.Info("e", {{"thread", number}, {"i", i}});
      });
    }
  });
  ASSERT_EQ(lines.size(), kThreads * kLines);
  std::vector<size_t> next(kThreads, 0);
  for (const json& line : lines) EXPECT_EQ(line["i"], next.at(line["thread"].get<size_t>())++);
}

TEST_F(LogTest, FileThatCannotBeWrittenIsAnErrorThatNamesIt) {
  const std::string file = "/proc/no/such/folder/log";
  const auto logger = MakeJsonLogger(LogLevel::kInfo, file);
  ASSERT_FALSE(logger);
  EXPECT_EQ(logger.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(logger.error().message, ::testing::HasSubstr(file));
}

TEST_F(LogTest, WithoutAFileLinesGoToStandardError) {
  ::testing::internal::CaptureStderr();
  { (*MakeJsonLogger(LogLevel::kInfo, ""))->Info("here"); }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("\"event\":\"here\""));
}

TEST(NullLoggerTest, WritesNothing) {
  ::testing::internal::CaptureStderr();
  MakeNullLogger()->Error("e", {{"k", "v"}});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace yingda::base
