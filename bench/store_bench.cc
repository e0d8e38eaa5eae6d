// SPDX-License-Identifier: MIT
// What the store adds to a model answer, against the same statements on bare SQLite in one thread, in the same run:
//   store_bench [folder [seconds]]
// First the latency of a message's calls at 200 messages a second (accept the job, load the conversation, finish the
// job; each seen from the loop that asks), then the time that 1,000 simultaneous messages take.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/sqlite_store.h"
#include "support/temp_dir.h"

namespace yingda::store {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr int kMessagesPerSecond = 200;
constexpr int kBurst = 1000;
const std::string kQuestion(200, 'q');
const std::string kReply(2000, 'r');

/// The loop that asks and gets the completions.
class Loop {
 public:
  SqliteStore::Executor Executor() {
    return [this](std::function<void()> work) {
      {
        std::lock_guard lock(mutex_);
        work_.push_back(std::move(work));
      }
      wake_.notify_one();
    };
  }
  void RunUntil(SteadyClock::time_point deadline) {
    while (RunOnce([&](auto& lock) { return wake_.wait_until(lock, deadline, [&] { return !work_.empty(); }); })) {
    }
  }
  void RunUntilZero(const int& left) {
    while (left > 0) {
      RunOnce([&](auto& lock) {
        wake_.wait(lock, [&] { return !work_.empty(); });
        return true;
      });
    }
  }

 private:
  template <typename Wait>
  bool RunOnce(Wait wait) {
    std::deque<std::function<void()>> work;
    {
      std::unique_lock lock(mutex_);
      if (!wait(lock)) return false;
      work.swap(work_);
    }
    for (auto& each : work) each();
    return true;
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> work_;
};

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
  void Accept(const std::string& key, const std::string& open_id, int64_t now_ms) {
    Step(begin_);
    Bind(accept_, 1, key);
    Bind(accept_, 2, open_id);
    sqlite3_bind_int64(accept_, 3, now_ms);
    Bind(accept_, 4, kQuestion);
    Step(accept_);
    Step(commit_);
  }
  void Finish(const std::string& key, const std::string& open_id, int64_t now_ms) {
    Step(begin_);
    Bind(finish_, 1, key);
    Bind(finish_, 2, kReply);
    Step(finish_);
    for (const std::string* content : {&kQuestion, &kReply}) {
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

/// A thread that does nothing but answer: what three times there and back costs, without any work or disk. The floor
/// of every figure here, and the measure of how busy the machine is.
class Echo {
 public:
  explicit Echo(SqliteStore::Executor back) : back_(std::move(back)), thread_([this] { Run(); }) {}
  ~Echo() {
    Ask(nullptr);
    thread_.join();
  }
  void Ask(std::function<void()> done) {
    {
      std::lock_guard lock(mutex_);
      queue_.push_back(std::move(done));
    }
    wake_.notify_one();
  }

 private:
  void Run() {
    for (;;) {
      std::function<void()> done;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !queue_.empty(); });
        done = std::move(queue_.front());
        queue_.pop_front();
      }
      if (!done) return;
      back_(std::move(done));
    }
  }

  const SqliteStore::Executor back_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
};

double Milliseconds(SteadyClock::time_point since) {
  return duration<double, std::milli>(SteadyClock::now() - since).count();
}

double At(std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

/// Prints one line and returns the 99th percentile.
double Print(const char* name, std::vector<double> values, double reference_p99) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double p99 = At(values, 0.99);
  std::printf("  %-28s p50 %.3f  p99 %.3f  p99.9 %.3f  max %.3f ms", name, At(values, 0.5), p99, At(values, 0.999),
              values.back());
  if (reference_p99 > 0) std::printf("   p99 is %.2f x bare", p99 / reference_p99);
  std::printf("\n");
  return p99;
}

std::string Key(int i) { return "main/gh_1234567890ab/o6_bmjrPTlm6_2sgVt7hMZOPfL2M/" + std::to_string(i); }
std::string OpenId(int i) { return "o6_bmjrPTlm6_2sgVt7hM" + std::to_string(i * 7919 % 2000); }

struct Message {
  JobRecord job;
  JobResult result;
};
Message MakeMessage(int i) {
  Message message;
  message.job.key = message.result.key = Key(i);
  message.job.account = message.result.account = "main";
  message.job.open_id = message.result.open_id = OpenId(i);
  message.job.question = kQuestion;
  message.job.first_seen_ms = i;
  message.result.reply = kReply;
  message.result.delivery = Delivery::kDelivered;
  message.result.turns = {{"user", kQuestion, i}, {"assistant", kReply, i}};
  return message;
}

struct Latencies {
  std::vector<double> accept, load, finish, all;
};

void Check(bool ok) {
  if (ok) return;
  std::fprintf(stderr, "a call failed\n");
  std::exit(1);
}

/// One message: accept, then load, then finish, each when the one before has completed.
void Follow(SqliteStore& store, int i, Latencies& latencies, int& left) {
  const auto began = SteadyClock::now();
  auto message = std::make_shared<Message>(MakeMessage(i));
  store.AcceptJob(message->job, [&store, &latencies, &left, message, began](base::Result<void> accepted) {
    Check(accepted.has_value());
    latencies.accept.push_back(Milliseconds(began));
    const auto loading = SteadyClock::now();
    store.LoadConversation("main", message->job.open_id, 0, 20,
                           [&store, &latencies, &left, message, began, loading](const auto& turns) {
                             Check(turns.has_value());
                             latencies.load.push_back(Milliseconds(loading));
                             const auto finishing = SteadyClock::now();
                             store.FinishJob(message->result, [&latencies, &left, began, finishing](auto finished) {
                               Check(finished.has_value());
                               latencies.finish.push_back(Milliseconds(finishing));
                               latencies.all.push_back(Milliseconds(began));
                               --left;
                             });
                           });
  });
}

void Bounce(Echo& echo, int times, SteadyClock::time_point began, std::vector<double>& latencies, int& left) {
  echo.Ask([&echo, times, began, &latencies, &left] {
    if (times > 1) return Bounce(echo, times - 1, began, latencies, left);
    latencies.push_back(Milliseconds(began));
    --left;
  });
}

/// Calls `one` at the pace of the bench for a second.
void ForASecond(Loop& loop, const std::function<void(int)>& one) {
  auto due = SteadyClock::now();
  for (int i = 0; i < kMessagesPerSecond; ++i) {
    due += std::chrono::microseconds(1'000'000 / kMessagesPerSecond);
    loop.RunUntil(due);
    one(i);
  }
}

int Main(const std::string& folder, int seconds) {
  const auto logger = base::MakeNullLogger();
  base::Metrics metrics;
  Loop loop;
  SqliteStore::Options options;
  options.path = folder + "/store.db";
  auto opened = SqliteStore::Open(options, loop.Executor(), *logger, metrics);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return 1;
  }
  SqliteStore& store = **opened;
  Bare bare(folder + "/bare.db");

  // Turn and turn about, so that both see the same weather on a shared machine.
  Latencies ours;
  Latencies bares;
  int number = 0;
  std::vector<double> echoes;
  Echo echo(loop.Executor());
  for (int second = 0; second < seconds; ++second) {
    int left = 2 * kMessagesPerSecond;
    ForASecond(loop, [&](int i) { Follow(store, number + i, ours, left); });
    ForASecond(loop, [&](int) { Bounce(echo, 3, SteadyClock::now(), echoes, left); });
    ForASecond(loop, [&](int i) {
      const auto began = SteadyClock::now();
      bare.Accept(Key(number + i), OpenId(number + i), number + i);
      bares.accept.push_back(Milliseconds(began));
      const auto finishing = SteadyClock::now();
      bare.Finish(Key(number + i), OpenId(number + i), number + i);
      bares.finish.push_back(Milliseconds(finishing));
      bares.all.push_back(Milliseconds(began));
    });
    loop.RunUntilZero(left);
    number += kMessagesPerSecond;
  }
  std::printf("%d messages/s for %d s\n", kMessagesPerSecond, seconds);
  Print("three hops to a thread", echoes, 0);
  const double bare_accept = Print("bare SQLite: accept", bares.accept, 0);
  const double bare_finish = Print("bare SQLite: finish", bares.finish, 0);
  const double bare_all = Print("bare SQLite: both", bares.all, 0);
  Print("store: accept", ours.accept, bare_accept);
  Print("store: load conversation", ours.load, 0);
  Print("store: finish", ours.finish, bare_finish);
  Print("store: all three", ours.all, bare_all);

  std::vector<double> our_bursts;
  std::vector<double> bare_bursts;
  for (int round = 0; round < 5; ++round) {
    int left = 2 * kBurst;
    auto began = SteadyClock::now();
    for (int i = 0; i < kBurst; ++i) {
      Message message = MakeMessage(number + i);
      store.AcceptJob(std::move(message.job), [&left](auto result) {
        Check(result.has_value());
        --left;
      });
      store.FinishJob(std::move(message.result), [&left](auto result) {
        Check(result.has_value());
        --left;
      });
    }
    loop.RunUntilZero(left);
    our_bursts.push_back(Milliseconds(began));
    began = SteadyClock::now();
    for (int i = 0; i < kBurst; ++i) {
      bare.Accept(Key(number + i), OpenId(number + i), number + i);
      bare.Finish(Key(number + i), OpenId(number + i), number + i);
    }
    bare_bursts.push_back(Milliseconds(began));
    number += kBurst;
  }
  std::sort(our_bursts.begin(), our_bursts.end());
  std::sort(bare_bursts.begin(), bare_bursts.end());
  std::printf("%d messages at once, median of 5 (a commit each on bare SQLite)\n", kBurst);
  std::printf("  bare SQLite %.1f ms, store %.1f ms: %.2f x as fast\n", bare_bursts[2], our_bursts[2],
              bare_bursts[2] / our_bursts[2]);

  // Everything written so far is swept while messages go on: what a sweep adds to them.
  Latencies during;
  const auto began = SteadyClock::now();
  double sweep_ms = 0;
  store.Sweep(number, number, number, [&](auto swept) {
    Check(swept.has_value());
    sweep_ms = Milliseconds(began);
  });
  const int swept_jobs = number;
  while (sweep_ms == 0) {
    int left = kMessagesPerSecond;
    ForASecond(loop, [&](int i) { Follow(store, number + i, during, left); });
    loop.RunUntilZero(left);
    number += kMessagesPerSecond;
  }
  std::printf("while a sweep deletes %d jobs and their %d turns, in %.0f ms\n", swept_jobs, 2 * swept_jobs, sweep_ms);
  Print("store: all three", during.all, 0);
  return 0;
}

}  // namespace
}  // namespace yingda::store

int main(int argc, char** argv) {
  const yingda::testing::TempDir dir;
  const std::string folder = argc > 1 ? argv[1] : dir.path().string();
  return yingda::store::Main(folder, argc > 2 ? std::atoi(argv[2]) : 10);
}
