// SPDX-License-Identifier: MIT
// Writes to the store at argv[1] without end, under keys that begin with argv[2], and says on standard output which
// writes were completed, until it is killed. Each message is a follower of its own and goes through all that happens
// to one: accepted, finished with two texts for the inbox, a page of each claimed, the claim confirmed or released.
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

Store::Done SayWhen(const std::string& what, const std::string& key) {
  return [line = what + " " + key + "\n"](base::Result<void> done) { Say(done ? line : "failed " + line); };
}

class Writer {
 public:
  explicit Writer(Store& store) : store_(store) {}

  void Write(const std::string& key, int number) {
    JobRecord job;
    job.key = key;
    job.account = "main";
    job.open_id = key;
    job.question = "why";
    job.first_seen_ms = 1;
    job.usage_day = 1;
    store_.AcceptJob(job, SayWhen("accepted", key));
    store_.SaveToken({"main", "wx1", "stable", key, number, 1, 2}, SayWhen("token", key));
    AnswerPage page;
    page.id = page.open_id = key;
    page.account = "main";
    page.markdown = std::string(3000, 'm');
    page.expires_ms = 1000;
    store_.SavePage(page, SayWhen("page", key));

    JobResult result;
    result.key = key;
    result.account = job.account;
    result.open_id = job.open_id;
    result.reply = std::string(500, 'r');
    result.turns = {{"user", "q", 1}, {"assistant", "a", 2}};
    result.usage_day = 1;
    result.tokens = 7;
    result.inbox.resize(2);
    for (int i = 0; i < 2; ++i) {
      result.inbox[static_cast<size_t>(i)].text = i == 0 ? "a1 a2" : "b1 b2";
      result.inbox[static_cast<size_t>(i)].part = i;
      result.inbox[static_cast<size_t>(i)].expires_ms = 1000;
    }
    store_.FinishJob(result, [this, key, number](base::Result<void> done) {
      SayWhen("finished", key)(done);
      Claim(key, number);
    });
  }

  int completed() const { return completed_; }

 private:
  void Claim(const std::string& key, int number) {
    store_.ListUnread("main", key, 0, 10, [this, key, number](base::Result<std::vector<InboxItem>> items) {
      if (!items || items->size() != 2) {
        Say("failed list " + key + "\n");
        return;
      }
      store_.ClaimPages({{(*items)[0].id, "a1", "a2"}, {(*items)[1].id, "b1", "b2"}}, key, SayWhen("claimed", key));
      const auto done = [this, key](const char* what) {
        return [this, said = SayWhen(what, key)](base::Result<void> result) {
          said(std::move(result));
          ++completed_;
        };
      };
      if (number % 3 == 0) store_.ConfirmPages(key, done("confirmed"));
      if (number % 3 == 1) store_.ReleasePages(key, done("released"));
      if (number % 3 == 2) store_.SetDelivery(key, Delivery::kClaimed, done("delivery"));
    });
  }

  Store& store_;
  int completed_ = 0;
};

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
  Writer writer(**store);
  for (int i = 0;; ++i) {
    writer.Write(prefix + std::to_string(i), i);
    // Some go in groups, some alone.
    if (i % 8 == 0) {
      testing::WaitFor([&] {
        inlet.RunPosted();
        return writer.completed() == i + 1;
      });
    }
  }
}

}  // namespace
}  // namespace yingda::store

int main(int argc, char** argv) { return argc == 3 ? yingda::store::Main(argv[1], argv[2]) : 1; }
