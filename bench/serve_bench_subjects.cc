// SPDX-License-Identifier: MIT
#include "serve_bench_subjects.h"

#include <httplib.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/http_server.h"
#include "serve_bench_load.h"

namespace yingda::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr size_t kHttplibThreads = 264;

void RunBareLoop(int listener) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: " + std::to_string(ReplyText().size()) +
      "\r\n\r\n" + ReplyText();
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const auto watch = [&](int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  };
  watch(listener);
  std::array<epoll_event, 256> events;
  std::array<char, 16384> buffer;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == listener) {
        watch(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK));
      } else if (::recv(fd, buffer.data(), buffer.size(), 0) <= 0) {
        ::close(fd);
      } else {
        ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    }
  }
}

struct OurServer {
  base::SystemClock clock;
  std::unique_ptr<base::Logger> logger = base::MakeNullLogger();
  base::Metrics metrics;
  std::mutex mutex;
  std::vector<net::Responder> parked;
  std::thread releaser;
  net::HttpServer server{{.max_connections = 60'000}, clock, *logger, metrics};

  ~OurServer() {
    if (releaser.joinable()) releaser.join();
  }
  void ReleaseAt(int64_t instant) {
    if (releaser.joinable()) releaser.join();
    releaser = std::thread([this, instant] {
      std::vector<net::Responder> waiting;
      {
        std::lock_guard lock(mutex);
        waiting.swap(parked);
      }
      std::this_thread::sleep_for(std::chrono::nanoseconds(instant - MonotonicNanoseconds()));
      for (net::Responder& responder : waiting) {
        responder.Send({.content_type = "text/xml", .body = ReplyText()});
      }
    });
  }
};

}  // namespace

SubjectProcess::SubjectProcess(std::string name, const StartFunction& start) : name_(std::move(name)) {
  std::array<int, 2> report{};
  std::array<int, 2> life{};
  if (::pipe(report.data()) != 0 || ::pipe(life.data()) != 0) std::abort();
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(life[1]);
    {
      const Serving serving = start();
      [[maybe_unused]] const ssize_t told = ::write(report[1], &serving.port, sizeof serving.port);
      char byte = 0;
      while (::read(life[0], &byte, 1) > 0) {
      }
    }
    ::_exit(0);
  }
  ::close(report[1]);
  ::close(life[0]);
  life_line_ = life[1];
  if (::read(report[0], &port_, sizeof port_) != sizeof port_) std::abort();
  ::close(report[0]);
}

SubjectProcess::~SubjectProcess() {
  ::close(life_line_);
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

const std::string& ReplyText() {
  static const std::string text = [] {
    std::string xml =
        "<xml><ToUserName><![CDATA[oABCD1234567890abcdefghijklm]]></"
        "ToUserName><FromUserName><![CDATA[gh_0123456789ab]]>"
        "</FromUserName><CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[";
    constexpr std::string_view kEnd = "]]></Content></xml>";
    xml.append(260 - kEnd.size() - xml.size(), 'a');
    return xml.append(kEnd);
  }();
  return text;
}

Serving StartBareLoop() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), length) != 0 || ::listen(listener, kBacklog) != 0) {
    std::abort();
  }
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  std::thread([listener] { RunBareLoop(listener); }).detach();
  return {ntohs(address.sin_port), nullptr};
}

Serving StartPlainHttplib() {
  auto server = std::make_shared<httplib::Server>();
  int listener = -1;
  server->new_task_queue = [] { return new httplib::ThreadPool(kHttplibThreads); };
  server->set_tcp_nodelay(true);
  server->set_keep_alive_max_count(1'000'000'000);
  server->set_socket_options([&listener](socket_t fd) { listener = fd; });
  server->Post("/wx/main", [](const httplib::Request& request, httplib::Response& response) {
    if (request.get_param_value("timestamp").empty() || request.body.empty()) response.status = 400;
    response.set_content(ReplyText(), "text/xml");
  });
  const int port = server->bind_to_any_port("127.0.0.1");
  ::listen(listener, kBacklog);
  std::thread([server] { server->listen_after_bind(); }).detach();
  return {port, server};
}

Serving StartOurServer() {
  auto ours = std::make_shared<OurServer>();
  ours->server.Handle("POST", "/wx/main", [](const net::HttpRequest& request, net::Responder responder) {
    const bool complete = !request.Parameter("timestamp").empty() && !request.Body().empty();
    responder.Send({.status = complete ? 200 : 400, .content_type = "text/xml", .body = ReplyText()});
  });
  ours->server.Handle("GET", "/hello",
                      [](const net::HttpRequest&, net::Responder responder) { responder.Send({.body = "hello"}); });
  ours->server.Handle("POST", "/park", [&ours = *ours](const net::HttpRequest&, net::Responder responder) {
    std::lock_guard lock(ours.mutex);
    ours.parked.push_back(std::move(responder));
  });
  ours->server.Handle("POST", "/release", [&ours = *ours](const net::HttpRequest& request, net::Responder responder) {
    ours.ReleaseAt(std::atoll(std::string(request.Body()).c_str()));
    responder.Send({.body = "soon"});
  });
  const auto started = ours->server.Start();
  if (!started) {
    std::fprintf(stderr, "serve_bench: %s\n", started.error().message.c_str());
    std::exit(1);
  }
  return {ours->server.Port(), ours};
}

}  // namespace yingda::bench
