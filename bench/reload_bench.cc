// SPDX-License-Identifier: MIT
// Keyword replies while edited files load, beside the same without: pushes at a fixed pace over one connection, the
// server a process of its own. Prints the ratio of the p99s of one run, and what was loaded meanwhile.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "app/application.h"
#include "serve_bench_load.h"
#include "serve_bench_pipeline.h"
#include "serve_bench_subjects.h"
#include "support/temp_dir.h"

namespace yingda::bench {
namespace {

constexpr double kPushesPerSecond = 500;

void WriteFiles(const testing::TempDir& folder, int count) {
  for (const char* const name : {"reply_rules", "filters/deny", "filters/allow"}) {
    std::filesystem::create_directories(folder.path() / name);
  }
  std::ofstream rules(folder.File("reply_rules/rules.yml"));
  rules << "- keywords: [营业时间]\n  reply: 我们每天 9:00–21:00 营业。\n";
  for (int i = 1; i < count; ++i) rules << "- keywords: [关键词" << i << "号]\n  reply: 好的\n";
  std::ofstream words(folder.File("filters/deny/words.txt"));
  for (int i = 0; i < count; ++i) words << "敏感的词" << i << "号\n";
  std::ofstream(folder.File("config.yml"))
      << "server: { listen: \"127.0.0.1:0\", operations_listen: \"127.0.0.1:0\" }\n"
      << "reload: { debounce: 50ms }\naccounts: [{ name: main, token: benchmarkToken }]\n";
}

struct Running {
  std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::SystemClock clock;
  std::unique_ptr<app::Application> application;
};

Serving Start(const std::string& config_file) {
  auto running = std::make_shared<Running>();
  auto config = config::Load(config_file, {});
  if (!config) throw std::runtime_error(config.error().message);
  running->application = std::make_unique<app::Application>(*std::move(config), running->clock, *running->logger);
  if (const auto started = running->application->Start(); !started) throw std::runtime_error(started.error().message);
  return {running->application->PushPort(), running};
}

/// Milliseconds of each push, from when it was due: a late answer makes those behind it late, too.
std::vector<double> Push(int port, double seconds, const RequestSource& request, size_t& number) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect");
  std::vector<double> times;
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; static_cast<double>(i) < seconds * kPushesPerSecond; ++i) {
    const std::chrono::duration<double> at(static_cast<double>(i) / kPushesPerSecond);
    const auto due = begin + std::chrono::duration_cast<std::chrono::steady_clock::duration>(at);
    std::this_thread::sleep_until(due);
    const std::string_view bytes = request(number++);
    char answer[8192];
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("send");
    }
    // The reply is shorter than the buffer and goes out in one send.
    const ssize_t got = ::recv(fd, answer, sizeof answer, 0);
    if (got < 16 || std::string_view(answer, 12) != "HTTP/1.1 200") throw std::runtime_error("a push was not answered");
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - due).count());
  }
  ::close(fd);
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace
}  // namespace yingda::bench

int main(int argc, char** argv) {
  using namespace yingda::bench;
  const int count = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  const double seconds = argc > 3 ? std::atof(argv[3]) : 4;
  const yingda::testing::TempDir folder;
  WriteFiles(folder, count);
  SubjectProcess server("application", [&] { return Start(folder.File("config.yml")); });
  const RequestSource request = DistinctPushes();
  size_t number = 0;
  Push(server.port(), 1, request, number);
  std::printf("%d rules, %d words, %.0f pushes a second; medians of %d rounds of %.0f s\n", count, count,
              kPushesPerSecond, rounds, seconds);
  std::vector<double> quiet, loading, ratios, slowest, shares;
  for (int round = 0; round < rounds; ++round) {
    const auto without = Push(server.port(), seconds, request, number);
    const double cpu_before = UseOf(server.process()).cpu_seconds;
    // One edit at the beginning; the build goes on for as long as it takes within the round.
    std::ofstream(folder.File("reply_rules/rules.yml"), std::ios::app) << "# " << round << "\n";
    const auto with = Push(server.port(), seconds, request, number);
    shares.push_back(UseOf(server.process()).cpu_seconds - cpu_before);
    quiet.push_back(without[without.size() * 99 / 100]);
    loading.push_back(with[with.size() * 99 / 100]);
    ratios.push_back(loading.back() / quiet.back());
    slowest.push_back(with.back());
  }
  std::printf(
      "p99 without %.3f ms, with a load %.3f ms: ratio %.2f (bar 1.10); slowest with %.1f ms; CPU of the server in "
      "a round with a load %.2f s\n",
      Median(quiet), Median(loading), Median(ratios), Median(slowest), Median(shares));
  return 0;
}
