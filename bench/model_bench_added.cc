// SPDX-License-Identifier: MIT
#include "model_bench_added.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>

#include "app/application.h"
#include "arrival_stamps.h"
#include "model/upstream_request.h"
#include "serve_bench_load.h"
#include "support/temp_dir.h"
#include "wechat/push_builder.h"

namespace yingda::bench {
namespace {

constexpr const char* kToken = "benchmarkToken";
constexpr int kEveryUs = 15'000;
constexpr int kFirstAfterUs = 200'000;
constexpr size_t kFollowers = 1000;  // so that each comes back after 5 s and has a conversation
constexpr uint64_t kSeed = 20261122;
constexpr int64_t kPatience = 10'000'000'000;

struct Running {
  testing::TempDir folder;
  std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::SystemClock clock;
  std::unique_ptr<app::Application> application;
};

std::string RequestTo(const std::string& path, const std::string& headers, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

CallPlan PlanOf(size_t call) {
  return {.call = call, .tokens = kTokensOfAddedAnswers, .every_us = kEveryUs, .first_after_us = kFirstAfterUs};
}

/// What the server would ask the upstream for a follower's first question.
std::string DirectRequest(size_t call) {
  model::UpstreamOptions options;
  options.base_url = "http://127.0.0.1/v1";
  options.model = "bench-model";
  const net::HttpClientRequest request =
      model::MakeUpstreamRequest(options, {{"system", "回答要简短。"}, {"user", PlanOf(call).Question()}});
  return RequestTo("/v1/chat/completions", "Content-Type: application/json\r\n", request.body);
}

std::string PushRequest(const wechat::PushBuilder& builder, Arrivals arrivals, size_t call) {
  // Those who come evenly are others, so that nobody's conversation is longer for it.
  const size_t follower = call % kFollowers + (arrivals == Arrivals::kEvenly ? kFollowers : 0);
  wechat::Incoming message;
  message.to_user = "gh_a1b2c3d4e5f6";
  message.from_user = "oABCD1234efgh5678IJKL" + std::to_string(1'000'000 + follower);
  message.create_time = base::UnixSeconds(base::SystemClock().WallNow());
  message.type = wechat::MessageType::kText;
  message.type_name = "text";
  message.content = PlanOf(call).Question();
  message.msg_id = std::to_string(7'000'000'000'000'000'000 + static_cast<int64_t>(call));
  const wechat::BuiltPush push = builder.Build(message, {message.create_time, "1234567890", ""});
  return RequestTo("/wx/main?" + push.query.Text(),
                   "User-Agent: Mozilla/4.0\r\nAccept: */*\r\nContent-Type: text/xml\r\n", push.body);
}

/// The processors' time since the start, in clock ticks: the part that the host gave to others, and all of it. Zero
/// where the kernel does not say.
struct HostTicks {
  double stolen = 0;
  double all = 0;
};

HostTicks TicksSoFar() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  HostTicks ticks;
  double part = 0;
  for (int field = 0; field < 8 && file >> part; ++field) {  // user, nice, system, idle, iowait, irq, softirq, steal
    ticks.all += part;
    if (field == 7) ticks.stolen = part;
  }
  return ticks;
}

/// By Content-Length, or to the end of chunks.
bool Complete(const std::string& received) {
  const size_t head = received.find("\r\n\r\n");
  if (head == received.npos) return false;
  constexpr std::string_view kLength = "Content-Length: ";
  const size_t at = received.find(kLength);
  if (at >= head) return received.ends_with("\r\n0\r\n\r\n");
  size_t length = 0;
  std::from_chars(received.data() + at + kLength.size(), received.data() + head, length);
  return received.size() >= head + 4 + length;
}

}  // namespace

Serving StartAnsweringApplication(int upstream_port) {
  auto running = std::make_shared<Running>();
  const testing::TempDir& folder = running->folder;
  for (const char* name : {"filters/deny", "filters/allow", "reply_rules"}) {
    std::filesystem::create_directories(folder.path() / name);
  }
  std::ofstream(folder.File("filters/deny/words.txt")) << "网络博彩平台\n";
  std::ofstream(folder.File("reply_rules/rules.yml")) << "- keywords: [ping]\n  match: exact\n  reply: pong\n";
  std::ofstream(folder.File("config.yml"))
      << "server: { listen: \"127.0.0.1:0\", operations_listen: \"127.0.0.1:0\", drain: 0s }\n"
      << "store: { sqlite: store.db }\n"
      << "accounts: [{ name: main, token: " << kToken << ", system_prompt: 回答要简短。, upstreams: [main] }]\n"
      << "upstreams: [{ name: main, base_url: \"http://127.0.0.1:" << upstream_port
      << "/v1\", model: bench-model, api_key: k, max_calls: 2000 }]\n";
  auto config = config::Load(folder.File("config.yml"), {});
  if (!config) throw std::runtime_error(config.error().message);
  running->application = std::make_unique<app::Application>(*std::move(config), running->clock, *running->logger);
  if (const auto started = running->application->Start(); !started) throw std::runtime_error(started.error().message);
  return {running->application->PushPort(), running};
}

class AddedLoad::Implementation {
 public:
  Implementation(Through through, int port, size_t connections)
      : through_(through),
        builder_(*wechat::PushBuilder::Create({.token = kToken})),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    ::prctl(PR_SET_TIMERSLACK, 1);
    address_.sin_family = AF_INET;
    address_.sin_port = htons(static_cast<uint16_t>(port));
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (size_t i = 0; i < connections; ++i) Connect();
  }
  ~Implementation() {
    for (const Connection& connection : connections_) ::close(connection.fd);
    ::close(epoll_);
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void Run(Arrivals arrivals, int per_second, size_t count, SharedCalls& calls, size_t first_call, AddedTimes& times) {
    calls_ = &calls;
    times_ = &times;
    const HostTicks before = TicksSoFar();
    std::mt19937_64 random(kSeed + first_call);
    std::exponential_distribution<double> pause(per_second);
    int64_t next = MonotonicNanoseconds();
    for (size_t i = 0; i < count; ++i) {
      const std::string request = through_ == Through::kApplication ? PushRequest(builder_, arrivals, first_call + i)
                                                                    : DirectRequest(first_call + i);
      ReceiveUntil(next);
      next += static_cast<int64_t>(1e9 * (arrivals == Arrivals::kEvenly ? 1.0 / per_second : pause(random)));
      Ask(first_call + i, request);
    }
    const int64_t end = MonotonicNanoseconds() + kPatience;
    while (busy_ > 0 && MonotonicNanoseconds() < end) ReceiveUntil(MonotonicNanoseconds() + 10'000'000);
    for (const Connection& connection : connections_) {
      if (connection.busy)
        std::printf("  call %zu: no reply in %d s\n", connection.call, int{kPatience / 1'000'000'000});
    }
    const HostTicks after = TicksSoFar();
    if (after.all > before.all) times.stolen = (after.stolen - before.stolen) / (after.all - before.all);
  }

 private:
  struct Connection {
    int fd = -1;
    bool busy = false;
    size_t call = 0;
    int64_t sent_at = 0;
    std::string received;
  };

  void Connect() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) std::abort();
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    StampArrivals(fd);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections_.size();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    free_.push_back(connections_.size());
    connections_.emplace_back().fd = fd;
  }

  static void Note(WayTimes& times, int64_t out_ns, int64_t back_ns) {
    times.out.push_back(static_cast<double>(out_ns) / 1e3);
    times.back.push_back(static_cast<double>(back_ns) / 1e3);
    times.all.push_back(static_cast<double>(out_ns + back_ns) / 1e3);
  }

  void Ask(size_t call, const std::string& request) {
    ++times_->asked;
    if (free_.empty()) Connect();  // the server has closed those that were idle for long
    Connection& connection = connections_[free_.back()];
    free_.pop_back();
    ++busy_;
    connection.busy = true;
    connection.call = call;
    connection.sent_at = MonotonicNanoseconds();
    const ssize_t sent = ::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request.size())) std::abort();
  }

  void ReceiveUntil(int64_t until) {
    std::array<epoll_event, 64> events;
    for (;;) {
      const int count = WaitUntil(epoll_, events.data(), static_cast<int>(events.size()), until);
      for (int i = 0; i < count; ++i) Receive(events[static_cast<size_t>(i)].data.u64);
      if (count <= 0 && MonotonicNanoseconds() >= until) return;
    }
  }

  void Receive(size_t index) {
    Connection& connection = connections_[index];
    std::array<char, 16384> buffer;
    int64_t arrived = 0;
    const ssize_t count = ReceiveStamped(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT, arrived);
    const int64_t now = MonotonicNanoseconds();
    if (count == 0 || !connection.busy) {  // nothing more comes on it
      if (connection.busy) {
        std::printf("  call %zu: closed without a reply, after %.1f ms\n", connection.call,
                    static_cast<double>(now - connection.sent_at) / 1e6);
      }
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd, nullptr);
      std::erase(free_, index);
      return;
    }
    if (count < 0) return;
    connection.received.append(buffer.data(), static_cast<size_t>(count));
    if (!Complete(connection.received)) return;
    const bool right = through_ == Through::kNothing || connection.received.find(answer_) != std::string::npos;
    if (right) {
      const CallTimes& call = (*calls_)[connection.call];
      Note(times_->sockets, call.arrived - connection.sent_at, arrived - call.last_sent);
      Note(times_->ends, call.asked - connection.sent_at, now - call.last_sent);
      ++times_->answered;
    } else {
      // Rare enough that the next time must tell what it was.
      std::printf("  call %zu, after %.1f ms, got:\n%s\n", connection.call,
                  static_cast<double>(now - connection.sent_at) / 1e6, connection.received.c_str());
    }
    connection.received.clear();
    connection.busy = false;
    --busy_;
    free_.push_back(index);
  }

  const Through through_;
  const wechat::PushBuilder builder_;
  const std::string answer_ = AnswerText(kTokensOfAddedAnswers);
  sockaddr_in address_{};
  const int epoll_;
  std::vector<Connection> connections_;
  std::vector<size_t> free_;
  size_t busy_ = 0;
  SharedCalls* calls_ = nullptr;
  AddedTimes* times_ = nullptr;
};

AddedLoad::AddedLoad(Through through, int port, size_t connections)
    : implementation_(std::make_unique<Implementation>(through, port, connections)) {}
AddedLoad::~AddedLoad() = default;

void AddedLoad::Run(Arrivals arrivals, int per_second, size_t count, SharedCalls& calls, size_t first_call,
                    AddedTimes& times) {
  implementation_->Run(arrivals, per_second, count, calls, first_call, times);
}

}  // namespace yingda::bench
