// SPDX-License-Identifier: MIT
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <random>
#include <set>

#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

/// Starts the writing program, kills it after `lines` of its report, and returns the whole report.
std::vector<std::string> RunAndKill(const std::string& path, const std::string& prefix, size_t lines) {
  int pipe_ends[2];
  EXPECT_EQ(::pipe(pipe_ends), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, pipe_ends[0]);
  posix_spawn_file_actions_addclose(&actions, pipe_ends[1]);
  std::string program = YINGDA_STORE_CRASH_CHILD;
  std::string first = path;
  std::string second = prefix;
  char* arguments[] = {program.data(), first.data(), second.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);

  std::vector<std::string> report;
  FILE* output = ::fdopen(pipe_ends[0], "r");
  char line[256];
  while (std::fgets(line, sizeof line, output) != nullptr) {
    report.emplace_back(line);
    if (report.size() == lines) ::kill(child, SIGKILL);
  }
  std::fclose(output);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "ended by itself with " << WEXITSTATUS(status);
  return report;
}

TEST(StoreCrashTest, AfterAKillEveryCompletedWriteIsThereAndNoneIsHalf) {
  testing::TempDir dir;
  const std::string path = dir.File("yingda.db");
  std::mt19937 random(20240607);
  std::set<std::string> accepted;
  std::set<std::string> finished;
  for (int round = 0; round < 12; ++round) {
    const size_t lines = 1 + random() % 600;
    for (const auto& line : RunAndKill(path, "main/" + std::to_string(round) + "/", lines)) {
      ASSERT_EQ(line.back(), '\n');
      const auto space = line.find(' ');
      const std::string key = line.substr(space + 1, line.size() - space - 2);
      ASSERT_NE(line.substr(0, space), "failed") << key;
      (line.substr(0, space) == "accepted" ? accepted : finished).insert(key);
    }

    StoreFixture fixture(path);
    YINGDA_ASSERT_OK(fixture.Open());
    std::set<std::string> accepted_there;
    std::set<std::string> finished_there;
    const auto jobs = fixture.Jobs();
    ASSERT_TRUE(jobs) << jobs.error().message;
    for (const auto& job : *jobs) {
      accepted_there.insert(job.key);
      if (job.finished) finished_there.insert(job.key);
      if (job.key.rfind("main/" + std::to_string(round) + "/", 0) != 0) continue;
      EXPECT_EQ(job.reply.size(), job.finished ? 500U : 0U) << job.key;
      EXPECT_EQ(fixture.Conversation(job.key)->size(), job.finished ? 2U : 0U) << job.key;
      EXPECT_EQ(fixture.Oldest(job.key)->has_value(), job.finished) << job.key;
    }
    for (const auto& key : accepted) EXPECT_EQ(accepted_there.count(key), 1U) << key;
    for (const auto& key : finished) EXPECT_EQ(finished_there.count(key), 1U) << key;
  }
  EXPECT_GT(finished.size(), 100U);
}

}  // namespace
}  // namespace yingda::store
