// SPDX-License-Identifier: MIT
#include "reload_bench_pushers.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include "arrival_stamps.h"
#include "serve_bench_load.h"
#include "serve_bench_pipeline.h"

namespace yingda::bench {
namespace {

constexpr size_t kNumbersOfAPhase = 10'000'000;
constexpr size_t kMostWrong = 20;

int ConnectTo(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

/// The reply's set; -1 when it is of none.
int NumberIn(std::string_view answer, const std::string& ask) {
  constexpr std::string_view kBefore = "第";
  const size_t at = answer.find(kBefore);
  if (!answer.starts_with("HTTP/1.1 200") || at == answer.npos) return -1;
  const std::string rest(answer.substr(at + kBefore.size()));
  char* end = nullptr;
  const long number = std::strtol(rest.c_str(), &end, 10);
  return std::string_view(end).starts_with("版" + ask) ? static_cast<int>(number) : -1;
}

void PushUntilStopped(int port, const Board& board, size_t number, int out) {
  std::vector<double> times;
  std::vector<std::string> wrong;
  std::array<RequestSource, 2> sources = {DistinctPushes(kAsks[0]), DistinctPushes(kAsks[1])};
  const int fd = ConnectTo(port);
  StampArrivals(fd);
  int64_t arrived = 0;  // the last reply
  const auto begin = std::chrono::steady_clock::now();
  int newest = 0;
  for (size_t i = 0; !board.stop && wrong.size() < kMostWrong; ++i) {
    const std::chrono::duration<double> at(static_cast<double>(i) / Pushers::kPushesPerSecond);
    const auto due = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(at);
    std::this_thread::sleep_until(due);
    const int at_least = std::max(newest, board.in_force.load());
    const std::string_view bytes = sources[i % 2](number++);
    char answer[8192];
    const int64_t due_ns = due.time_since_epoch().count();  // as MonotonicNanoseconds counts
    const int64_t begun = arrived > due_ns ? due_ns : MonotonicNanoseconds();
    ssize_t got = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // The reply is shorter than the buffer and goes out in one send.
    if (got > 0) got = ReceiveStamped(fd, answer, sizeof answer, 0, arrived);
    const int set = got > 0 ? NumberIn({answer, static_cast<size_t>(got)}, kAsks[i % 2]) : -1;
    if (set < 0 || IsBroken(set) || set < at_least || set > board.written) {
      wrong.push_back("set " + std::to_string(set) + " when at least " + std::to_string(at_least) + " was in force");
    }
    newest = std::max(newest, set);
    times.push_back(static_cast<double>(arrived - begun) / 1e6);
  }
  ::FILE* const file = ::fdopen(out, "w");
  for (const double time : times) std::fprintf(file, "%.4f\n", time);
  for (const std::string& line : wrong) std::fprintf(file, "!%s\n", line.c_str());
  std::fclose(file);
}

}  // namespace

Pushers::Pushers(int port, Board& board, size_t& next_number) : board_(board) {
  board_.stop = false;
  for (size_t i = 0; i < processes_.size(); ++i) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) std::abort();
    const size_t number = std::exchange(next_number, next_number + kNumbersOfAPhase);
    processes_[i] = ::fork();
    if (processes_[i] == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::close(pipe[0]);
      PushUntilStopped(port, board, number, pipe[1]);
      ::_exit(0);
    }
    ::close(pipe[1]);
    results_[i] = pipe[0];
  }
}

PushResult Pushers::End() {
  board_.stop = true;
  PushResult result;
  for (size_t i = 0; i < processes_.size(); ++i) {
    ::FILE* const file = ::fdopen(results_[i], "r");
    char line[200];
    while (std::fgets(line, sizeof line, file) != nullptr) {
      if (line[0] == '!') {
        result.wrong.emplace_back(line + 1);
      } else {
        result.milliseconds.push_back(std::atof(line));
      }
    }
    std::fclose(file);
    ::waitpid(processes_[i], nullptr, 0);
  }
  std::sort(result.milliseconds.begin(), result.milliseconds.end());
  return result;
}

}  // namespace yingda::bench
