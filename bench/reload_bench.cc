// SPDX-License-Identifier: MIT
// Keyword replies while files change, beside the same without: two processes push and check what they get, in phases
// with edits, as long without, and a quarter as long without but beside a process that uses as much. An edit every
// two seconds, or as soon as the one before is in force; every third is broken; they are saved by rename, in place, in
// place with a pause in the middle, and as vim does. Prints p50 and p99 of each, and their ratios. Exit code 1: a wrong
// reply.
//   reload_bench [rules and words = 100000] [edits = 200] [rounds = 40]
#include <httplib.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>
#include <thread>

#include "app/application.h"
#include "reload_bench_pushers.h"
#include "serve_bench_load.h"
#include "serve_bench_subjects.h"
#include "support/temp_dir.h"

namespace yingda::bench {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr double kSlow = 4500;  // WeChat hangs up at 5 s
constexpr auto kEvery = 2s;     // an edit

struct Running {
  std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::SystemClock clock;
  std::unique_ptr<app::Application> application;
};

Serving Start(const testing::TempDir& folder) {
  auto running = std::make_shared<Running>();
  auto config = config::Load(folder.File("config.yml"), {});
  if (!config) throw std::runtime_error(config.error().message);
  running->application = std::make_unique<app::Application>(*std::move(config), running->clock, *running->logger);
  if (const auto started = running->application->Start(); !started) throw std::runtime_error(started.error().message);
  std::ofstream(folder.File("operations_port")) << running->application->OperationsPort();
  return {running->application->PushPort(), running};
}

/// The files of the server, and the hand that edits them.
class Editor {
 public:
  Editor(const testing::TempDir& folder, int count) : rules_(folder.File("reply_rules/rules.yml")) {
    for (const char* const name : {"reply_rules", "filters/deny", "filters/allow"}) {
      fs::create_directories(folder.path() / name);
    }
    for (int i = 2; i < count; ++i) middle_ += "- keywords: [关键词" + std::to_string(i) + "号]\n  reply: 好的\n";
    std::ofstream words(folder.File("filters/deny/words.txt"));
    for (int i = 0; i < count; ++i) words << "敏感的词" << i << "号\n";
    std::ofstream(folder.File("config.yml"))
        << "server: { listen: \"127.0.0.1:0\", operations_listen: \"127.0.0.1:0\" }\n"
        << "accounts: [{ name: main, token: benchmarkToken }]\n";
    std::ofstream(rules_) << Text(0);
  }

  /// As somebody at another machine does it: without taking a processor from whoever serves or pushes here.
  void Save(int number) const {
    std::thread([&] {
      const sched_param none{};
      ::sched_setscheduler(0, SCHED_IDLE, &none);
      Write(number);
    }).join();
  }

 private:
  void Write(int number) const {
    const std::string text = Text(number);
    const std::string beside = rules_ + "~";
    switch (number % 4) {
      case 0:
        std::ofstream(beside) << text;
        fs::rename(beside, rules_);
        break;
      case 1:
        std::ofstream(rules_) << text;
        break;
      case 2: {
        // Cut where a rule ends: what is there meanwhile is a good file.
        std::ofstream file(rules_);
        const size_t half = text.find("- ", text.size() / 2);
        file << text.substr(0, half) << std::flush;
        std::this_thread::sleep_for(700ms);
        file << text.substr(half);
        break;
      }
      default:
        fs::rename(rules_, beside);
        std::ofstream(rules_) << text;
        fs::remove(beside);
    }
  }
  std::string Text(int number) const {
    const auto rule = [number](const std::string& ask) {
      const std::string set = "第" + std::to_string(number) + "版" + ask;
      return "- keywords: [" + ask + "]\n  match: exact\n  reply: " + set + "\n";
    };
    // A mistake of the rule, or one of the file, which has to be read as a whole to say where.
    const char* const mistake =
        number % 2 == 0 ? "- keywords: [坏]\n  match: nonsense\n  reply: x\n" : "- keywords: [坏\n";
    return rule(kAsks[0]) + middle_ + (IsBroken(number) ? mistake : "") + rule(kAsks[1]);
  }

  const std::string rules_;
  std::string middle_;
};

/// GET /status, which goes through the loop that also serves: as often with edits as without.
class Status {
 public:
  explicit Status(const testing::TempDir& folder) { std::ifstream(folder.File("operations_port")) >> port_; }
  bool Says(const std::string& what) const {
    httplib::Client client("127.0.0.1", port_);
    const auto answer = client.Get("/status");
    return answer && answer->body.find(what) != std::string::npos;
  }
  /// Until it says so; else, for as long as asked, just asks.
  bool Wait(const std::string& what, std::chrono::duration<double> at_most) const {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (std::chrono::steady_clock::now() < until) {
      if (Says(what)) return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

 private:
  int port_ = 0;
};

/// A process that has nothing to do with the server and uses a processor as its loads do: at their priority, in each
/// kEvery as long, filling memory and freeing it. What it costs the replies is the machine's doing.
class Neighbour {
 public:
  explicit Neighbour(std::chrono::duration<double> works) : process_(::fork()) {
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_BATCH, &none);
    ::setpriority(PRIO_PROCESS, 0, 10);
    for (;;) {
      const auto begin = std::chrono::steady_clock::now();
      while (std::chrono::steady_clock::now() - begin < works) {
        std::vector<std::string> texts;
        for (int i = 0; i < 10'000; ++i)
          texts.push_back("a text that is too long to be kept inside " + std::to_string(i));
      }
      std::this_thread::sleep_for(kEvery - works);
    }
  }
  ~Neighbour() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

 private:
  const pid_t process_;
};

struct Totals {
  std::vector<double> all, p99;  // ms: of every push; of each phase
  size_t slow = 0, wrong = 0;

  void Add(const PushResult& result) {
    const std::vector<double>& times = result.milliseconds;
    p99.push_back(times.at(times.size() * 99 / 100));
    all.insert(all.end(), times.begin(), times.end());
    for (const double time : times) slow += time > kSlow ? 1 : 0;
    wrong += result.wrong.size();
    for (const std::string& line : result.wrong) std::printf("WRONG: %s", line.c_str());
  }
  double Percentile(size_t percent) {
    std::sort(all.begin(), all.end());
    return all.at((all.size() - 1) * percent / 100);
  }
  void Print(const char* name) {
    std::printf(
        "%-8s p50 %.3f ms, p99 %.3f ms of all pushes, %.3f ms the median of the phases; slowest %.1f ms; %zu pushes, "
        "%zu over %.1f s, %zu lost or wrong\n",
        name, Percentile(50), Percentile(99), Median(p99), Percentile(100), all.size(), slow, kSlow / 1000, wrong);
  }
};

/// Of what lay side by side in time, and of all.
void PrintRatio(const char* name, Totals& these, Totals& without, const char* bar) {
  std::vector<double> ratios;
  for (size_t round = 0; round < these.p99.size(); ++round) ratios.push_back(these.p99[round] / without.p99[round]);
  std::printf("p99 %s / without: of all pushes %.2f, the median of the rounds %.2f%s\n", name,
              these.Percentile(99) / without.Percentile(99), Median(ratios), bar);
}

int Run(int count, int edits, int rounds) {
  const testing::TempDir folder;
  const Editor editor(folder, count);
  void* const memory = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Board& board = *new (memory) Board;
  SubjectProcess server("application", [&] { return Start(folder); });
  const Status status(folder);
  size_t number = 1;
  int generation = 1;
  std::vector<double> in_force, loading;  // s
  int loaded = 0, refused = 0;
  Totals quiet, edited, beside;
  for (int round = 0, edit = 0; round < rounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    const double before = UseOf(server.process()).cpu_seconds;
    Pushers with(server.port(), board, number);
    for (const int last = edits * (round + 1) / rounds; edit < last;) {
      board.written = ++edit;
      const auto saved = std::chrono::steady_clock::now();
      editor.Save(edit);
      const std::string expected =
          IsBroken(edit) ? "\"reload_failed\": true" : "\"generation\": " + std::to_string(generation + 1) + ",";
      if (!status.Wait(expected, 120s)) throw std::runtime_error("edit " + std::to_string(edit) + " was not taken up");
      const std::chrono::duration<double> took_up = std::chrono::steady_clock::now() - saved;
      if (IsBroken(edit)) {
        ++refused;
      } else {
        ++loaded;
        ++generation;
        board.in_force = edit;
        in_force.push_back(took_up.count());
      }
      status.Wait("never", kEvery - took_up);
    }
    edited.Add(with.End());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const double between = UseOf(server.process()).cpu_seconds;
    {
      Pushers without(server.port(), board, number);
      status.Wait("never", took);
      quiet.Add(without.End());
    }
    const double cpu_with = between - before, cpu_without = UseOf(server.process()).cpu_seconds - between;
    loading.push_back(std::clamp((cpu_with - cpu_without) / (took / kEvery), 0.0, 1.0));
    const Neighbour neighbour(std::chrono::duration<double>(loading.back()));
    Pushers pushers(server.port(), board, number);
    status.Wait("never", took / 4);
    beside.Add(pushers.End());
  }
  std::printf(
      "%d rules, %d words; 2 processes with %.0f pushes a second each; %d edits in force after %.2f s (median), "
      "%d broken ones refused; %.2f s of processor for each\n",
      count, count, Pushers::kPushesPerSecond, loaded, Median(in_force), refused, Median(loading));
  quiet.Print("without");
  edited.Print("with");
  beside.Print("beside");
  PrintRatio("with", edited, quiet, " (bar 1.10)");
  PrintRatio("beside", beside, quiet, "");
  return quiet.wrong + edited.wrong + beside.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace yingda::bench

int main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  return yingda::bench::Run(number(1, 100'000), number(2, 200), number(3, 40));
}
