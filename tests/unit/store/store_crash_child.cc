// SPDX-License-Identifier: MIT
// Writes to the store at argv[1] without end, under keys that begin with argv[2], and says on standard output which
// writes were completed, until it is killed.
#include <unistd.h>

#include <cstdio>
#include <string>

#include "store/sqlite_store.h"
#include "support/wait.h"
#include "unit/store/inlet.h"

namespace yingda::store {
namespace {

void Say(const std::string& line) {
  // Whole lines of less than a pipe's atomic size: the parent sees all of one or nothing.
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(3);
}

int Main(const std::string& path, const std::string& prefix) {
  Inlet inlet;
  const auto logger = base::MakeNullLogger();
  base::Metrics metrics;
  SqliteStore::Options options;
  options.path = path;
  options.wal_limit_bytes = 256 << 10;  // so that checkpoints of both kinds are among what gets killed
  auto store = SqliteStore::Open(options, inlet.Executor(), *logger, metrics);
  if (!store) {
    std::fprintf(stderr, "%s\n", store.error().message.c_str());
    return 2;
  }
  int completed = 0;
  for (int i = 0;; ++i) {
    const std::string key = prefix + std::to_string(i);
    JobRecord job;
    job.key = key;
    job.account = "main";
    job.open_id = key;  // a follower of its own, by which inbox and turns of the job are found
    job.question = "why";
    job.first_seen_ms = 1;
    (*store)->AcceptJob(job, [key](base::Result<void> done) { Say((done ? "accepted " : "failed ") + key + "\n"); });
    JobResult result;
    result.key = key;
    result.account = job.account;
    result.open_id = job.open_id;
    result.reply = std::string(500, 'r');
    result.inbox.resize(1);
    result.inbox[0].text = "late";
    result.inbox[0].expires_ms = 1000;
    result.turns = {{"user", "q", 1}, {"assistant", "a", 2}};
    (*store)->FinishJob(result, [key, &completed](base::Result<void> done) {
      Say((done ? "finished " : "failed ") + key + "\n");
      ++completed;
    });
    // Some go in groups, some alone.
    if (i % 8 == 0) {
      testing::WaitFor([&] {
        inlet.RunPosted();
        return completed == i + 1;
      });
    }
  }
}

}  // namespace
}  // namespace yingda::store

int main(int argc, char** argv) { return argc == 3 ? yingda::store::Main(argv[1], argv[2]) : 1; }
