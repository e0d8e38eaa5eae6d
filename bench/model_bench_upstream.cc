// SPDX-License-Identifier: MIT
#include "model_bench_upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <queue>
#include <thread>
#include <unordered_map>
#include <vector>

#include "arrival_stamps.h"
#include "serve_bench_load.h"

namespace yingda::bench {
namespace {

constexpr int kBacklog = 8192;
constexpr std::string_view kPlanMark = "@plan ";
/// Calls that run together end one after another, as far apart as no client is kept from keeping up.
constexpr int64_t kBetweenEndsNs = 400'000;
/// From the last call's opening to the first token, so that no client is still busy with the opening.
constexpr int64_t kSettleNs = 500'000'000;
constexpr int64_t kNever = INT64_MAX;

std::string Event(const std::string& delta, const std::string& finish) {
  return "data: {\"id\":\"chatcmpl-8f1c2d3e4b5a69788796a5b4c3d2e1f0\",\"object\":\"chat.completion.chunk\","
         "\"created\":1700000000,\"model\":\"bench-model\",\"system_fingerprint\":\"fp_0123456789\",\"choices\":"
         "[{\"index\":0,\"delta\":" +
         delta + ",\"logprobs\":null,\"finish_reason\":" + finish + "}]}\n\n";
}

std::string RoleEvent() { return Event("{\"role\":\"assistant\",\"content\":\"\"}", "null"); }

std::string HttpChunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "model_bench upstream: %s (errno %d)\n", what, errno);
  std::_Exit(1);
}

class BenchUpstream {
 public:
  BenchUpstream(int listener, SharedCalls& calls)
      : listener_(listener), calls_(calls), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    Watch(listener_);
  }

  [[noreturn]] void Run() {
    ::prctl(PR_SET_TIMERSLACK, 1);
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count =
          WaitUntil(epoll_, events.data(), static_cast<int>(events.size()), due_.empty() ? kNever : due_.top().at);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        fd == listener_ ? Accept() : Receive(fd);
      }
      SendDue();
    }
  }

 private:
  struct Connection {
    std::string received;
    CallPlan plan;
    int sent = 0;
    int64_t end_after = 0;    // the last token's interval
    uint64_t generation = 0;  // a timer of an earlier call or connection means nothing
  };
  struct Due {
    int64_t at;
    int fd;
    uint64_t generation;
    bool operator<(const Due& other) const { return at > other.at; }
  };

  void Watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int one = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      StampArrivals(fd);
      connections_[fd] = {};
      Watch(fd);
    }
  }

  void Receive(int fd) {
    std::array<char, 16384> buffer;
    int64_t arrived = 0;
    const ssize_t count = ReceiveStamped(fd, buffer.data(), buffer.size(), 0, arrived);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      connections_.erase(fd);
      ::close(fd);
      return;
    }
    Connection& connection = connections_[fd];
    connection.received.append(buffer.data(), static_cast<size_t>(count));
    const std::string& received = connection.received;
    const size_t head = received.find("\r\n\r\n");
    if (head == received.npos) return;
    constexpr std::string_view kLength = "Content-Length: ";
    const size_t at = received.find(kLength);
    size_t length = 0;
    if (at < head) std::from_chars(received.data() + at + kLength.size(), received.data() + head, length);
    if (received.size() >= head + 4 + length) Begin(fd, connection, arrived);
  }

  void Begin(int fd, Connection& connection, int64_t arrived) {
    const int64_t now = MonotonicNanoseconds();
    CallPlan& plan = connection.plan;
    const size_t mark = connection.received.rfind(kPlanMark);  // the last: a conversation holds earlier ones
    if (mark == std::string::npos ||
        std::sscanf(connection.received.c_str() + mark + kPlanMark.size(), "%zu %zu %d %d %d", &plan.call,
                    &plan.together, &plan.tokens, &plan.every_us, &plan.first_after_us) != 5 ||
        plan.call >= calls_.size()) {
      Fail("a request without a plan");
    }
    calls_[plan.call].asked = now;
    calls_[plan.call].arrived = arrived;
    connection.received.clear();
    connection.sent = 0;
    connection.end_after = 0;
    connection.generation = ++generation_;
    Send(fd, start_);
    if (plan.together == 0) {
      due_.push({now + plan.first_after_us * int64_t{1000}, fd, connection.generation});
      return;
    }
    together_.push_back({0, fd, connection.generation});
    if (together_.size() < plan.together) return;
    for (size_t i = 0; i < together_.size(); ++i) {
      together_[i].at =
          now + kSettleNs + static_cast<int64_t>(i) * plan.every_us * 1000 / static_cast<int64_t>(together_.size());
      connections_[together_[i].fd].end_after = static_cast<int64_t>(i) * kBetweenEndsNs;
      due_.push(together_[i]);
    }
    together_.clear();
  }

  void SendDue() {
    while (!due_.empty() && due_.top().at <= MonotonicNanoseconds()) {
      const Due due = due_.top();
      due_.pop();
      const auto found = connections_.find(due.fd);
      if (found == connections_.end() || found->second.generation != due.generation) continue;
      Connection& connection = found->second;
      CallTimes& times = calls_[connection.plan.call];
      if (connection.sent == connection.plan.tokens) {
        times.last_sent = MonotonicNanoseconds();
        Send(due.fd, end_);
        continue;
      }
      if (connection.sent++ == 0) times.first_sent = MonotonicNanoseconds();
      Send(due.fd, token_);
      const int64_t more = connection.sent == connection.plan.tokens ? connection.end_after : 0;
      due_.push({due.at + connection.plan.every_us * int64_t{1000} + more, due.fd, due.generation});
    }
  }

  void Send(int fd, const std::string& bytes) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;  // the client has left
    if (sent != static_cast<ssize_t>(bytes.size())) Fail("the client does not keep up");
  }

  const int listener_;
  SharedCalls& calls_;
  const int epoll_;
  const std::string start_ =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
      HttpChunk(RoleEvent());
  const std::string token_ = HttpChunk(TokenEvent());
  const std::string end_ = HttpChunk(Event("{}", "\"stop\"")) + HttpChunk("data: [DONE]\n\n") + "0\r\n\r\n";
  std::unordered_map<int, Connection> connections_;
  std::priority_queue<Due> due_;
  std::vector<Due> together_;
  uint64_t generation_ = 0;
};

}  // namespace

SharedCalls::SharedCalls(size_t calls)
    : size_(calls),
      times_(static_cast<CallTimes*>(
          ::mmap(nullptr, calls * sizeof(CallTimes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
  if (times_ == MAP_FAILED) Fail("mmap");
}
SharedCalls::~SharedCalls() { ::munmap(times_, size_ * sizeof(CallTimes)); }

std::string CallPlan::Question() const {
  return "请介绍一下你们店的服务。" + std::string(kPlanMark) + std::to_string(call) + " " + std::to_string(together) +
         " " + std::to_string(tokens) + " " + std::to_string(every_us) + " " + std::to_string(first_after_us) + " @";
}

std::string_view TokenText() { return "服务"; }

std::string AnswerText(int tokens) {
  std::string text;
  for (int i = 0; i < tokens; ++i) text += TokenText();
  return text;
}

std::string TokenEvent() { return Event("{\"content\":\"" + std::string(TokenText()) + "\"}", "null"); }

size_t BytesBeforeFirstToken() { return RoleEvent().size(); }

Serving StartBenchUpstream(SharedCalls& calls) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), length) != 0 || ::listen(listener, kBacklog) != 0) {
    Fail("listen");
  }
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  std::thread([listener, &calls] { BenchUpstream(listener, calls).Run(); }).detach();
  return {ntohs(address.sin_port), nullptr};
}

int WaitUntil(int epoll, epoll_event* events, int most, int64_t until) {
  const int64_t left = until == kNever ? 0 : std::max<int64_t>(until - MonotonicNanoseconds(), 0);
  const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
  return ::epoll_pwait2(epoll, events, most, until == kNever ? nullptr : &timeout, nullptr);
}

}  // namespace yingda::bench
