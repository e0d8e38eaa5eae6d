// SPDX-License-Identifier: MIT
#include "net/http_server.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "net/connection.h"
#include "net/connection_table.h"
#include "net/framed_request.h"
#include "net/http_routes.h"
#include "net/listening_socket.h"
#include "net/request_parser.h"

namespace yingda::net {
namespace {

// What epoll reports besides connections, whose keys are all larger.
constexpr uint64_t kListenerKey = 1;
constexpr uint64_t kTimerKey = 2;
constexpr uint64_t kWakeKey = 3;
constexpr int kAcceptsPerTurn = 64;
// Deadlines are looked through at most this often; a client may overstay by as much.
constexpr base::Duration kSweepGrain = std::chrono::milliseconds(250);

int CheckedFd(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

/// N event threads share one epoll descriptor. Every registration reports once (EPOLLONESHOT), and each thread takes
/// one event at a time, so that a slow handler delays only its own connection.
class HttpServer::Implementation final : public ConnectionHost, public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(Options options, base::Clock& clock, base::Logger& logger, base::Metrics& metrics);
  ~Implementation() override;

  base::Result<void> Start();
  void StopAccepting();
  bool Stop(base::Duration limit);

  HttpRoutes& routes() { return routes_; }
  int port() const { return listener_port_; }
  size_t Connections() const { return table_.Size(); }
  size_t Parked() const { return parked_.load(); }

  void Arm(const Connection& connection, uint32_t events) override;
  void Serve(const FramedRequest& framed, std::shared_ptr<Responder::Exchange> exchange) override;
  void DeadlineSet(base::TimePoint deadline) override;
  void ParkedChanged(int by) override;
  void Forget(const Connection& connection) override;

 private:
  void Run();
  void Route(const FramedHttpRequest& request, const ParsedTarget& target, Responder responder);
  void Accept();
  void AddConnection(ListeningSocket::Accepted accepted);
  void Sweep();
  void Schedule(base::TimePoint when);
  void Wake();
  void DrainWake();
  void Register(int operation, int fd, uint64_t key, uint32_t events) const;
  bool WaitUntilEmpty(base::TimePoint until);

  const Options options_;
  base::Logger& logger_;
  HttpRoutes routes_;
  ConnectionTable table_;
  std::atomic<size_t> parked_{0};

  const int epoll_fd_;
  const int wake_fd_;
  const int timer_fd_;
  std::atomic<bool> quit_{false};

  std::mutex listener_mutex_;
  ListeningSocket listener_;
  int listener_port_ = 0;

  std::mutex timer_mutex_;
  std::atomic<base::Duration::rep> next_sweep_{base::TimePoint::max().time_since_epoch().count()};

  std::mutex empty_mutex_;
  std::condition_variable empty_;
  std::unique_ptr<base::ClockSubscription> jump_subscription_;
  std::vector<std::thread> threads_;
};

HttpServer::Implementation::Implementation(Options options, base::Clock& clock, base::Logger& logger,
                                           base::Metrics& metrics)
    : ConnectionHost({.framing = {options.max_head_bytes, options.max_body_bytes},
                      .max_stream_backlog_bytes = options.max_stream_backlog_bytes,
                      .idle_timeout = options.idle_timeout,
                      .request_timeout = options.request_timeout,
                      .write_timeout = options.write_timeout},
                     clock, metrics, options.metrics_name),
      options_(std::move(options)),
      logger_(logger),
      epoll_fd_(CheckedFd(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_fd_(CheckedFd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")),
      timer_fd_(CheckedFd(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")) {}

HttpServer::Implementation::~Implementation() {
  ::close(epoll_fd_);
  ::close(wake_fd_);
  ::close(timer_fd_);
}

base::Result<void> HttpServer::Implementation::Start() {
  auto opened = listener_.Open(options_.host, options_.port, options_.listen_backlog);
  if (!opened) return opened;
  listener_port_ = listener_.port();
  Register(EPOLL_CTL_ADD, wake_fd_, kWakeKey, EPOLLIN);
  Register(EPOLL_CTL_ADD, timer_fd_, kTimerKey, EPOLLIN | EPOLLET);
  Register(EPOLL_CTL_ADD, listener_.fd(), kListenerKey, EPOLLIN | EPOLLONESHOT);
  jump_subscription_ = clock().OnJump([this] {
    Wake();
    std::lock_guard lock(empty_mutex_);
    empty_.notify_all();
  });
  for (unsigned i = 0; i < std::max(1U, options_.threads); ++i) threads_.emplace_back([this] { Run(); });
  logger_.Info("http_listening",
               {{"listener", options_.metrics_name}, {"host", options_.host}, {"port", listener_port_}});
  return {};
}

void HttpServer::Implementation::Register(int operation, int fd, uint64_t key, uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  ::epoll_ctl(epoll_fd_, operation, fd, &event);
}

void HttpServer::Implementation::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t count = ::write(wake_fd_, &one, sizeof one);
}

void HttpServer::Implementation::DrainWake() {
  uint64_t ignored = 0;
  [[maybe_unused]] const ssize_t count = ::read(wake_fd_, &ignored, sizeof ignored);
}

void HttpServer::Implementation::Run() {
  while (!quit_.load()) {
    epoll_event event{};
    if (::epoll_wait(epoll_fd_, &event, 1, -1) != 1) continue;
    switch (event.data.u64) {
      case kListenerKey:
        Accept();
        break;
      case kTimerKey:
        Sweep();
        break;
      case kWakeKey:
        // The wake of quitting stays readable, so that it reaches every thread.
        if (quit_.load()) break;
        DrainWake();
        if (quit_.load()) Wake();
        Sweep();
        break;
      default:
        if (const auto connection = table_.Find(event.data.u64)) connection->OnEvents(event.events);
    }
  }
}

void HttpServer::Implementation::Accept() {
  std::lock_guard lock(listener_mutex_);
  if (!listener_.IsOpen()) return;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    ListeningSocket::Accepted accepted = listener_.Accept();
    if (accepted.outcome == ListeningSocket::Outcome::kNone) break;
    if (accepted.outcome == ListeningSocket::Outcome::kOutOfDescriptors) {
      metrics().rejected_descriptors.Add();
    } else {
      AddConnection(std::move(accepted));
    }
  }
  Register(EPOLL_CTL_MOD, listener_.fd(), kListenerKey, EPOLLIN | EPOLLONESHOT);
}

void HttpServer::Implementation::AddConnection(ListeningSocket::Accepted accepted) {
  if (table_.Size() >= options_.max_connections) {
    metrics().rejected_connections.Add();
    ::close(accepted.fd);
    return;
  }
  const auto connection = std::make_shared<Connection>(shared_from_this(), accepted.fd, table_.NextKey(accepted.fd),
                                                       std::move(accepted.remote_address));
  table_.Insert(connection);
  metrics().connections.Add(1);
  Register(EPOLL_CTL_ADD, accepted.fd, connection->key(), EPOLLONESHOT);
  connection->Start();
}

void HttpServer::Implementation::Arm(const Connection& connection, uint32_t events) {
  Register(EPOLL_CTL_MOD, connection.fd(), connection.key(), events | EPOLLONESHOT);
}

void HttpServer::Implementation::Serve(const FramedRequest& framed, std::shared_ptr<Responder::Exchange> exchange) {
  ParsedTarget target;
  const FramedHttpRequest request(framed, target);
  const auto failed = [&](const char* what) {
    // Also when the handler has put its Responder aside before it threw.
    exchange->Send(EmptyResponse(500));
    logger_.Error(
        "http_handler_failed",
        {{"listener", options_.metrics_name}, {"request_id", request.Id()}, {"path", target.path}, {"what", what}});
  };
  try {
    target = RequestParser::Parse(framed.head);
    Route(request, target, Responder(exchange));
  } catch (const std::exception& exception) {
    failed(exception.what());
  } catch (...) {
    failed("not a std::exception");
  }
}

void HttpServer::Implementation::Route(const FramedHttpRequest& request, const ParsedTarget& target,
                                       Responder responder) {
  if (target.rejection != 0) {
    responder.Send(EmptyResponse(target.rejection));
    return;
  }
  const HttpRoutes::Match match = routes_.Find(target.method, target.path);
  if (match.handler != nullptr) return (*match.handler)(request, std::move(responder));
  HttpResponse response = EmptyResponse(match.other_method ? 405 : 404);
  if (match.other_method) response.headers.emplace_back("Allow", match.allow);
  responder.Send(std::move(response));
}

void HttpServer::Implementation::DeadlineSet(base::TimePoint deadline) {
  if (deadline.time_since_epoch().count() < next_sweep_.load()) Schedule(deadline);
}

void HttpServer::Implementation::Schedule(base::TimePoint when) {
  std::lock_guard lock(timer_mutex_);
  if (when.time_since_epoch().count() >= next_sweep_.load()) return;
  next_sweep_.store(when.time_since_epoch().count());
  const base::Duration left = clock().RealTimeUntil(when);
  if (left == base::Duration::max()) return;  // a clock moved by hand wakes us itself
  itimerspec timer{};
  timer.it_value.tv_sec = left.count() / 1'000'000'000;
  timer.it_value.tv_nsec = left.count() % 1'000'000'000;
  if (left <= base::Duration::zero()) timer.it_value.tv_nsec = 1;  // all zero would switch it off
  ::timerfd_settime(timer_fd_, 0, &timer, nullptr);
}

void HttpServer::Implementation::Sweep() {
  {
    // From here on a new deadline schedules its own sweep; one set before is seen below.
    std::lock_guard lock(timer_mutex_);
    next_sweep_.store(base::TimePoint::max().time_since_epoch().count());
  }
  const base::TimePoint now = clock().Now();
  base::TimePoint next = base::TimePoint::max();
  const auto overdue = table_.Select([&](const Connection& connection) {
    const base::TimePoint deadline = connection.Deadline();
    if (deadline > now) next = std::min(next, deadline);
    return deadline <= now;
  });
  for (const auto& connection : overdue) connection->CloseIfOverdue(now);
  if (next < base::TimePoint::max()) Schedule(std::max(next, now + kSweepGrain));
}

void HttpServer::Implementation::ParkedChanged(int by) {
  parked_.fetch_add(static_cast<size_t>(by));
  metrics().parked.Add(by);
}

void HttpServer::Implementation::Forget(const Connection& connection) {
  metrics().connections.Add(-1);
  if (table_.Erase(connection) == 0 && Stopping()) {
    std::lock_guard lock(empty_mutex_);
    empty_.notify_all();
  }
}

void HttpServer::Implementation::StopAccepting() {
  stopping_.store(true);
  {
    std::lock_guard lock(listener_mutex_);
    listener_.Close();
  }
  for (const auto& connection : table_.Select([](const Connection&) { return true; })) connection->CloseIfIdle();
}

bool HttpServer::Implementation::WaitUntilEmpty(base::TimePoint until) {
  std::unique_lock lock(empty_mutex_);
  while (table_.Size() > 0) {
    const base::Duration left = clock().RealTimeUntil(until);
    if (left <= base::Duration::zero()) return false;
    // Waiting for ever would overflow inside the library.
    empty_.wait_for(lock, std::min<base::Duration>(left, std::chrono::hours(1)));
  }
  return true;
}

bool HttpServer::Implementation::Stop(base::Duration limit) {
  StopAccepting();
  bool clean = threads_.empty() || WaitUntilEmpty(clock().Now() + limit);
  jump_subscription_.reset();
  quit_.store(true);
  Wake();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for (const auto& connection : table_.Select([](const Connection&) { return true; })) {
    if (connection->CutOff()) clean = false;
  }
  return clean;
}

HttpServer::HttpServer(Options options, base::Clock& clock, base::Logger& logger, base::Metrics& metrics)
    : implementation_(std::make_shared<Implementation>(std::move(options), clock, logger, metrics)) {}
HttpServer::~HttpServer() { implementation_->Stop(base::Duration::zero()); }

void HttpServer::Handle(std::string method, std::string path, Handler handler) {
  implementation_->routes().Add(std::move(method), std::move(path), std::move(handler));
}
base::Result<void> HttpServer::Start() { return implementation_->Start(); }
int HttpServer::Port() const { return implementation_->port(); }
void HttpServer::StopAccepting() { implementation_->StopAccepting(); }
bool HttpServer::Stop(base::Duration limit) { return implementation_->Stop(limit); }
size_t HttpServer::Connections() const { return implementation_->Connections(); }
size_t HttpServer::Parked() const { return implementation_->Parked(); }

}  // namespace yingda::net
