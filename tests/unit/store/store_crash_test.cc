// SPDX-License-Identifier: MIT
// What was completed before a SIGKILL is there afterwards, and nothing is half.
#include <gmock/gmock.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <set>

#include "unit/store/store_fixture.h"

namespace yingda::store {
namespace {

using ::testing::IsEmpty;

/// The program that writes, killed at the latest with this object.
class WritingChild {
 public:
  WritingChild(std::string path, std::string prefix) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    for (const int end : ends) posix_spawn_file_actions_addclose(&actions, end);
    std::string program = YINGDA_STORE_CRASH_CHILD;
    char* arguments[] = {program.data(), path.data(), prefix.data(), nullptr};
    EXPECT_EQ(posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~WritingChild() {
    if (child_ != 0) Kill();
    ::close(output_);
  }

  /// Reads its report until there are so many lines and then for so long, to end at any moment of a write.
  void RunFor(size_t lines, std::chrono::microseconds more) {
    while (static_cast<size_t>(std::count(report_.begin(), report_.end(), '\n')) < lines && ReadSome()) {
    }
    const auto end = std::chrono::steady_clock::now() + more;
    for (;;) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      struct pollfd poll {
        output_, POLLIN, 0
      };
      const timespec wait{0, std::chrono::nanoseconds(left).count()};
      if (::ppoll(&poll, 1, &wait, nullptr) > 0 && !ReadSome()) return;
    }
  }

  /// Kills it, and gives the keys of its report by what was done to them.
  std::map<std::string, std::set<std::string>> Kill() {
    ::kill(child_, SIGKILL);
    while (ReadSome()) {
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child_, &status, 0), child_);
    EXPECT_TRUE(WIFSIGNALED(status)) << "ended by itself with " << WEXITSTATUS(status);
    child_ = 0;
    std::map<std::string, std::set<std::string>> keys;
    for (size_t at = 0; at < report_.size();) {
      const size_t end = report_.find('\n', at);
      const size_t space = report_.find(' ', at);
      EXPECT_LT(space, end);
      EXPECT_NE(end, std::string::npos) << "half a line";
      keys[report_.substr(at, space - at)].insert(report_.substr(space + 1, end - space - 1));
      at = end + 1;
    }
    return keys;
  }

 private:
  bool ReadSome() {
    char bytes[4096];
    const ssize_t size = ::read(output_, bytes, sizeof bytes);
    if (size > 0) report_.append(bytes, static_cast<size_t>(size));
    return size > 0;
  }

  pid_t child_ = 0;
  int output_ = -1;
  std::string report_;
};

std::vector<std::string> TextsOf(StoreFixture& fixture, const std::string& open_id) {
  std::vector<std::string> texts;
  const auto items = fixture.Unread(open_id);
  for (const auto& item : *items) texts.push_back(item.text);
  return texts;
}

/// The inbox of one follower, before and after what the dead process had claimed is freed.
void CheckInbox(StoreFixture& fixture, const std::string& key, std::map<std::string, std::set<std::string>>& done) {
  const auto before = TextsOf(fixture, key);
  YINGDA_ASSERT_OK(fixture.ReleaseAbandoned(key));
  const auto after = TextsOf(fixture, key);
  using Texts = std::vector<std::string>;
  const std::vector<std::pair<Texts, Texts>> stages = {
      {{}, {}},                                              // not finished
      {{"a1 a2", "b1 b2"}, {"a1 a2", "b1 b2"}},              // finished
      {{"a2", "b2"}, {"a1", "a2", "b1", "b2"}},              // claimed
      {{"a2", "b2"}, {"a2", "b2"}},                          // confirmed
      {{"a1", "a2", "b1", "b2"}, {"a1", "a2", "b1", "b2"}},  // released
  };
  const auto stage = std::find(stages.begin(), stages.end(), std::pair(before, after)) - stages.begin();
  ASSERT_LT(stage, 5) << key << ": " << ::testing::PrintToString(before) << ::testing::PrintToString(after);
  // What was not reported may have been completed all the same.
  if (done["finished"].count(key) != 0) {
    EXPECT_GE(stage, 1) << key;
  }
  if (done["claimed"].count(key) != 0) {
    EXPECT_GE(stage, 2) << key;
  }
  if (done["confirmed"].count(key) != 0) {
    EXPECT_EQ(stage, 3) << key;
  }
  if (done["released"].count(key) != 0) {
    EXPECT_EQ(stage, 4) << key;
  }
}

TEST(StoreCrashTest, AfterAKillEveryCompletedWriteIsThereAndNoneIsHalf) {
  testing::TempDir dir;
  const std::string path = dir.File("yingda.db");
  std::mt19937 random(20240607);
  std::set<std::string> accepted;
  std::set<std::string> finished;
  std::map<std::string, size_t> seen;
  for (int round = 0; round < 16; ++round) {
    const std::string prefix = "main/" + std::to_string(round) + "/";
    WritingChild child(path, prefix);
    child.RunFor(1 + random() % 800, std::chrono::microseconds(random() % 3000));
    auto done = child.Kill();
    ASSERT_THAT(done["failed"], IsEmpty());
    accepted.merge(std::set(done["accepted"]));
    finished.merge(std::set(done["finished"]));
    for (const auto& [what, keys] : done) seen[what] += keys.size();

    StoreFixture fixture(path);
    YINGDA_ASSERT_OK(fixture.Open());
    std::set<std::string> accepted_there;
    std::set<std::string> finished_there;
    const auto jobs = fixture.Jobs();
    ASSERT_TRUE(jobs) << jobs.error().message;
    for (const auto& job : *jobs) {
      accepted_there.insert(job.key);
      if (job.finished) finished_there.insert(job.key);
      if (job.key.rfind(prefix, 0) != 0) continue;
      EXPECT_EQ(job.reply.size(), job.finished ? 500U : 0U) << job.key;
      EXPECT_EQ(fixture.Conversation(job.key)->size(), job.finished ? 2U : 0U) << job.key;
      CheckInbox(fixture, job.key, done);
      if (done["page"].count(job.key) != 0) {
        const auto page = fixture.Page(job.key);
        ASSERT_TRUE(page && *page) << job.key;
        EXPECT_EQ((*page)->markdown.size(), 3000U) << job.key;
      }
      if (done["delivery"].count(job.key) != 0) {
        EXPECT_EQ(job.delivery, Delivery::kClaimed) << job.key;
      }
    }
    // Counted with the job and its result, or not at all.
    const auto usage = fixture.UsageOn(1);
    ASSERT_TRUE(usage);
    const Usage account = usage->empty() ? Usage() : usage->front();
    EXPECT_EQ(account.messages, static_cast<int64_t>(accepted_there.size()));
    EXPECT_EQ(account.tokens, static_cast<int64_t>(7 * finished_there.size()));
    EXPECT_TRUE(std::includes(accepted_there.begin(), accepted_there.end(), accepted.begin(), accepted.end()));
    EXPECT_TRUE(std::includes(finished_there.begin(), finished_there.end(), finished.begin(), finished.end()));
    const auto token = fixture.Token("main", "wx1", "stable");
    EXPECT_GE((*token ? (*token)->generation : 0) + 1, static_cast<int64_t>(done["token"].size()));
  }
  for (const char* what : {"accepted", "finished", "claimed", "confirmed", "released", "delivery", "page", "token"}) {
    EXPECT_GT(seen[what], 50U) << what;
  }
}

TEST(StoreCrashTest, ARunningProcessHoldsTheFileAndAKilledOneLetsGo) {
  testing::TempDir dir;
  WritingChild child(dir.File("yingda.db"), "main/");
  child.RunFor(1, std::chrono::microseconds(0));
  StoreFixture second(dir.File("yingda.db"));
  const auto refused = second.Open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("in use by another yingda"));
  child.Kill();
  YINGDA_ASSERT_OK(second.Open());
}

}  // namespace
}  // namespace yingda::store
