// SPDX-License-Identifier: MIT
// What the store adds to a model answer, against the same statements on bare SQLite in one thread, in the same run:
//   store_bench [folder [seconds]]
// First the latency of a message's calls at 200 messages a second (accept the job, load the conversation, finish the
// job; each seen from the loop that asks), then the time that 1,000 simultaneous messages take.
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
#include "store_bench_bare.h"
#include "support/temp_dir.h"

namespace yingda::store {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr int kMessagesPerSecond = 200;
constexpr int kBurst = 1000;

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

/// Everything that is measured together; `number` counts the messages that were written so far.
struct Bench {
  Loop& loop;
  SqliteStore& store;
  Bare& bare;
  int number = 0;

  void Pace(int seconds);
  void Burst();
  void Sweep();
};

void Bench::Pace(int seconds) {
  Latencies ours;
  Latencies bares;
  std::vector<double> echoes;
  Echo echo(loop.Executor());
  // Turn and turn about, so that all see the same weather on a shared machine.
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
}

void Bench::Burst() {
  std::vector<double> ours;
  std::vector<double> bares;
  for (int round = 0; round < 5; ++round) {
    int left = 2 * kBurst;
    const auto done = [&left](base::Result<void> result) {
      Check(result.has_value());
      --left;
    };
    auto began = SteadyClock::now();
    for (int i = 0; i < kBurst; ++i) {
      Message message = MakeMessage(number + i);
      store.AcceptJob(std::move(message.job), done);
      store.FinishJob(std::move(message.result), done);
    }
    loop.RunUntilZero(left);
    ours.push_back(Milliseconds(began));
    began = SteadyClock::now();
    for (int i = 0; i < kBurst; ++i) {
      bare.Accept(Key(number + i), OpenId(number + i), number + i);
      bare.Finish(Key(number + i), OpenId(number + i), number + i);
    }
    bares.push_back(Milliseconds(began));
    number += kBurst;
  }
  std::sort(ours.begin(), ours.end());
  std::sort(bares.begin(), bares.end());
  std::printf("%d messages at once, median of 5 (a commit each on bare SQLite)\n", kBurst);
  std::printf("  bare SQLite %.1f ms, store %.1f ms: %.2f x as fast\n", bares[2], ours[2], bares[2] / ours[2]);
}

/// Everything written so far is swept while messages go on: what a sweep adds to them.
void Bench::Sweep() {
  Latencies during;
  const int swept_jobs = number;
  const auto began = SteadyClock::now();
  double sweep_ms = 0;
  store.Sweep(number, number, number, [&](auto swept) {
    Check(swept.has_value());
    sweep_ms = Milliseconds(began);
  });
  while (sweep_ms == 0) {
    int left = kMessagesPerSecond;
    ForASecond(loop, [&](int i) { Follow(store, number + i, during, left); });
    loop.RunUntilZero(left);
    number += kMessagesPerSecond;
  }
  std::printf("while a sweep deletes %d jobs and their %d turns, in %.0f ms\n", swept_jobs, 2 * swept_jobs, sweep_ms);
  Print("store: all three", during.all, 0);
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
  Bare bare(folder + "/bare.db");
  Bench bench{loop, **opened, bare};
  bench.Pace(seconds);
  bench.Burst();
  bench.Sweep();
  return 0;
}

}  // namespace
}  // namespace yingda::store

int main(int argc, char** argv) {
  const yingda::testing::TempDir dir;
  const std::string folder = argc > 1 ? argv[1] : dir.path().string();
  return yingda::store::Main(folder, argc > 2 ? std::atoi(argv[2]) : 10);
}
