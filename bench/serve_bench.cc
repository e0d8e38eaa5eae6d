// SPDX-License-Identifier: MIT
// How fast pushes are served and how little a waiting one costs, as ratios to references measured in the same run.
// Client and servers share the machine: compare within one run only.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve_bench_load.h"
#include "serve_bench_pipeline.h"
#include "serve_bench_subjects.h"

namespace yingda::bench {
namespace {

constexpr size_t kReferenceSubject = 1;  // plain cpp-httplib

std::string PushRequest() {
  const std::string body(300, 'x');
  return "POST /wx/main?signature=4f2c0b6a4d2b1a0f9e8d7c6b5a49382716051423&timestamp=1700000000&nonce=1234567890"
         "&openid=oABCD1234567890abcdefghijklm HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Real-IP: 10.1.2.3\r\n"
         "X-Forwarded-For: 10.1.2.3\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\nPragma: no-cache\r\n"
         "Content-Type: text/xml\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

RequestSource AlwaysTheSamePush() {
  return [request = PushRequest()](size_t) -> std::string_view { return request; };
}

struct Measured {
  std::vector<double> rps, cpu_us, p50, p99;
};

class ServeBench {
 public:
  /// Another server to compare: `start` runs in a process of its own and returns the port that answers the requests.
  void AddSubject(std::string name, const StartFunction& start, RequestSource requests = AlwaysTheSamePush()) {
    subjects_.push_back({std::make_unique<SubjectProcess>(std::move(name), start), std::move(requests)});
  }

  void RunKeepAlive(size_t connections, int rounds, double seconds) {
    std::vector<Measured> measured(subjects_.size());
    for (int round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < subjects_.size(); ++i) {
        Subject& subject = subjects_[i];
        const ProcessUse before = UseOf(subject.server->process());
        const LoadResult load =
            RunLoad(subject.server->port(), connections, seconds, subject.requests, subject.next_number);
        const ProcessUse after = UseOf(subject.server->process());
        // The processor time also covers the warm-up, of which requests are counted by share.
        const double requests = static_cast<double>(load.requests) * (load.seconds + 0.1) / load.seconds;
        measured[i].rps.push_back(static_cast<double>(load.requests) / load.seconds);
        measured[i].cpu_us.push_back((after.cpu_seconds - before.cpu_seconds) * 1e6 / requests);
        measured[i].p50.push_back(load.p50_ms);
        measured[i].p99.push_back(load.p99_ms);
      }
    }
    std::printf(
        "\nPOST, 300 bytes in, 260 out, %zu keep-alive connections, medians of %d interleaved rounds of %.1f s\n",
        connections, rounds, seconds);
    std::printf("  %-38s %10s %8s %14s %9s %9s\n", "server", "req/s", "ratio", "CPU us/request", "p50 ms", "p99 ms");
    const double reference = Median(measured[kReferenceSubject].rps);
    for (size_t i = 0; i < subjects_.size(); ++i) {
      std::printf("  %-38s %10.0f %7.2fx %14.1f %9.2f %9.2f\n", subjects_[i].server->name().c_str(),
                  Median(measured[i].rps), Median(measured[i].rps) / reference, Median(measured[i].cpu_us),
                  Median(measured[i].p50), Median(measured[i].p99));
    }
  }

 private:
  struct Subject {
    std::unique_ptr<SubjectProcess> server;
    RequestSource requests;
    size_t next_number = 0;
  };
  std::vector<Subject> subjects_;
};

void RunWaitingBench(size_t connections, double seconds) {
  const SubjectProcess subject("waiting", StartOurServer);
  const WaitResult result = RunWaiting(subject.port(), subject.process(), connections, seconds);
  const double resident = static_cast<double>(result.parked_end.resident_kib - result.idle.resident_kib);
  const double cpu = result.parked_end.cpu_seconds - result.parked_begin.cpu_seconds;
  std::printf("\n%zu pushes wait at once, answered at one instant by one thread\n", connections);
  std::printf("  answered            %zu of %zu\n", result.answered, connections);
  std::printf("  resident memory     %.2f KiB each above idle (%ld -> %ld KiB)\n",
              resident / static_cast<double>(connections), result.idle.resident_kib, result.parked_end.resident_kib);
  std::printf("  threads             %ld\n", result.parked_end.threads);
  std::printf("  CPU while waiting   %.2f %% of one core over %.1f s\n", cpu / result.waiting_seconds * 100,
              result.waiting_seconds);
  std::printf("  wake-up             p50 %.1f ms, p99 %.1f ms, max %.1f ms after the instant\n", result.wake_p50_ms,
              result.wake_p99_ms, result.wake_max_ms);
  std::printf("  CPU                 %.2f s to accept and park, %.2f s to answer\n",
              result.parked_begin.cpu_seconds - result.idle.cpu_seconds,
              result.answered_use.cpu_seconds - result.parked_end.cpu_seconds);
}

}  // namespace
}  // namespace yingda::bench

int main(int argc, char** argv) {
  using namespace yingda::bench;
  if (argc > 1 && (argc != 3 || std::atoi(argv[1]) < 1)) {
    std::fprintf(stderr, "usage: %s [ROUNDS SECONDS]\n", argv[0]);
    return 2;
  }
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 1.0;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);

  ServeBench bench;
  bench.AddSubject("bare recv/send over epoll", StartBareLoop);
  bench.AddSubject("trivial handler, cpp-httplib", StartPlainHttplib);
  bench.AddSubject("trivial handler, our server", StartOurServer);
  bench.AddSubject("whole pipeline, 60k words, 10k rules", StartApplication, DistinctPushes());
  bench.RunKeepAlive(64, rounds, seconds);
  bench.RunKeepAlive(256, rounds, seconds);
  RunWaitingBench(10'000, 3.0);
  return 0;
}
