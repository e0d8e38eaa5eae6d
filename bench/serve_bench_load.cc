// SPDX-License-Identifier: MIT
#include "serve_bench_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string_view>

namespace yingda::bench {
namespace {

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "serve_bench: %s (errno %d)\n", what, errno);
  std::exit(1);
}

int Connect(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Fail("connect");
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

struct Client {
  int fd = -1;
  int64_t sent_at = 0;
  std::string received;
};

/// The clients of one run and the epoll descriptor that watches them; closes everything at its end.
class Clients {
 public:
  Clients(int port, size_t count) : epoll_(::epoll_create1(EPOLL_CLOEXEC)), clients_(count) {
    for (size_t i = 0; i < count; ++i) {
      clients_[i].fd = Connect(port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_[i].fd, &event);
    }
  }
  ~Clients() {
    for (const Client& client : clients_) ::close(client.fd);
    ::close(epoll_);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void Send(Client& client, std::string_view bytes) {
    client.sent_at = MonotonicNanoseconds();
    if (::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) Fail("send");
  }
  /// Calls `answered(client)` for each whole answer until nothing comes for `timeout_ms`, or `until` is over.
  template <typename Answered>
  void Run(int64_t until, int timeout_ms, Answered answered) {
    std::array<epoll_event, 256> events;
    while (MonotonicNanoseconds() < until) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
      if (count <= 0) return;
      for (int i = 0; i < count; ++i) {
        Client& client = clients_[events[static_cast<size_t>(i)].data.u64];
        if (ReceiveAnswer(client) && !answered(client)) return;
      }
    }
  }
  std::vector<Client>& all() { return clients_; }

 private:
  static bool ReceiveAnswer(Client& client) {
    std::array<char, 8192> buffer;
    const ssize_t count = ::recv(client.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count <= 0) Fail("the server closed a connection");
    std::string_view answer(buffer.data(), static_cast<size_t>(count));
    if (!client.received.empty()) answer = client.received.append(answer);
    const size_t head = answer.find("\r\n\r\n");
    if (head != std::string_view::npos) {
      constexpr std::string_view kLength = "Content-Length: ";
      const size_t at = answer.find(kLength);
      size_t length = 0;
      if (at < head) std::from_chars(answer.data() + at + kLength.size(), answer.data() + head, length);
      if (answer.size() >= head + 4 + length) {
        if (!answer.starts_with("HTTP/1.1 200 ") || length == 0) Fail("an answer is not 200");
        client.received.clear();
        return true;
      }
    }
    if (client.received.empty()) client.received.assign(answer);
    return false;
  }

  const int epoll_;
  std::vector<Client> clients_;
};

double Percentile(std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(part * static_cast<double>(sorted.size())))];
}

}  // namespace

int64_t MonotonicNanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return Percentile(values, 0.5);
}

ProcessUse UseOf(pid_t process) {
  ProcessUse use;
  clockid_t clock = 0;
  timespec cpu{};
  if (::clock_getcpuclockid(process, &clock) == 0 && ::clock_gettime(clock, &cpu) == 0) {
    use.cpu_seconds = static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9;
  }
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) use.resident_kib = std::atol(line.c_str() + 6);
    if (line.starts_with("Threads:")) use.threads = std::atol(line.c_str() + 8);
  }
  return use;
}

LoadResult RunLoad(int port, size_t connections, double seconds, const RequestSource& request, size_t& next_number) {
  Clients clients(port, connections);
  std::vector<double> latencies;
  latencies.reserve(1 << 20);
  for (Client& client : clients.all()) clients.Send(client, request(next_number++));
  const auto again = [&](Client& client) {
    latencies.push_back(static_cast<double>(MonotonicNanoseconds() - client.sent_at) / 1e6);
    clients.Send(client, request(next_number++));
    return true;
  };
  clients.Run(MonotonicNanoseconds() + 100'000'000, 1000, again);  // warms up
  latencies.clear();
  const int64_t begin = MonotonicNanoseconds();
  clients.Run(begin + static_cast<int64_t>(seconds * 1e9), 1000, again);
  LoadResult result{.requests = latencies.size()};
  result.seconds = static_cast<double>(MonotonicNanoseconds() - begin) / 1e9;
  std::sort(latencies.begin(), latencies.end());
  result.p50_ms = Percentile(latencies, 0.5);
  result.p99_ms = Percentile(latencies, 0.99);
  return result;
}

WaitResult RunWaiting(int port, pid_t server, size_t connections, double seconds) {
  WaitResult result;
  result.idle = UseOf(server);
  const std::string body(300, 'x');
  const std::string park =
      "POST /park HTTP/1.1\r\nHost: bench\r\nContent-Type: text/xml\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  const int64_t begin = MonotonicNanoseconds();
  Clients clients(port, connections);
  for (Client& client : clients.all()) clients.Send(client, park);
  // Until a request that came after all others is served, and a moment more for those on other threads.
  size_t number = 0;
  RunLoad(
      port, 1, 0.3, [](size_t) { return "GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n"; }, number);
  result.park_seconds = static_cast<double>(MonotonicNanoseconds() - begin) / 1e9;
  result.parked_begin = UseOf(server);
  const int64_t waiting_since = MonotonicNanoseconds();
  const auto wait_ns = static_cast<int64_t>(seconds * 1e9);
  clients.Run(waiting_since + wait_ns, static_cast<int>(seconds * 1000), [](Client&) {
    std::fprintf(stderr, "serve_bench: answered too early\n");
    return true;
  });
  result.waiting_seconds = static_cast<double>(MonotonicNanoseconds() - waiting_since) / 1e9;
  result.parked_end = UseOf(server);

  const int64_t instant = MonotonicNanoseconds() + 300'000'000;
  Clients releaser(port, 1);
  const std::string at = std::to_string(instant);
  releaser.Send(releaser.all().front(), "POST /release HTTP/1.1\r\nHost: bench\r\nContent-Length: " +
                                            std::to_string(at.size()) + "\r\n\r\n" + at);
  std::vector<double> wakes;
  wakes.reserve(connections);
  clients.Run(instant + 10'000'000'000, 3000, [&](Client&) {
    wakes.push_back(static_cast<double>(MonotonicNanoseconds() - instant) / 1e6);
    return wakes.size() < connections;
  });
  result.answered_use = UseOf(server);
  result.answered = wakes.size();
  std::sort(wakes.begin(), wakes.end());
  result.wake_p50_ms = Percentile(wakes, 0.5);
  result.wake_p99_ms = Percentile(wakes, 0.99);
  result.wake_max_ms = wakes.empty() ? 0 : wakes.back();
  return result;
}

}  // namespace yingda::bench
