// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <latch>

#include "unit/net/server_fixture.h"

namespace yingda::testing {
namespace {

constexpr auto kSecond = std::chrono::seconds(1);

class HttpLimitsTest : public ServerTest {
 protected:
  static const net::HttpServer::Options& Short() {
    static const net::HttpServer::Options options{
        .idle_timeout = 75 * kSecond, .request_timeout = 10 * kSecond, .write_timeout = 10 * kSecond};
    return options;
  }
  bool ConnectionsBecome(size_t count) {
    return Eventually([&] { return server_->Connections() == count; });
  }
};

sockaddr_in AddressOf(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) address = {};
  return address;
}

/// The server's end of a client's connection; both live in this process.
int ServerSideOf(const RawClient& client) {
  const sockaddr_in local = AddressOf(client.fd(), ::getsockname);
  for (int fd = 0; fd < 2048; ++fd) {
    const sockaddr_in peer = AddressOf(fd, ::getpeername);
    if (fd != client.fd() && peer.sin_family == AF_INET && peer.sin_port == local.sin_port) return fd;
  }
  return -1;
}

TEST_F(HttpLimitsTest, IdleConnectionIsClosedAfterTheIdleTimeout) {
  StartServer(Short());
  RawClient silent = Connect();
  RawClient client = Connect();  // accepted, and so served, after the first one's time has begun
  ASSERT_TRUE(client.Exchange(Get("/hello")));
  clock_.Advance(74 * kSecond);
  EXPECT_EQ(client.Exchange(Get("/hello"))->status, 200);
  clock_.Advance(2 * kSecond);
  EXPECT_TRUE(silent.ClosedByServer());
  EXPECT_TRUE(ConnectionsBecome(1));
  EXPECT_EQ(client.Exchange(Get("/hello"))->status, 200) << "its idle time began anew with the last request";
  // An answer can be read a moment before the server's thread looks at the clock, so time moves on until it closes.
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(kSecond);
    return server_->Connections() == 0;
  }));
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpLimitsTest, RequestThatDoesNotEndIsCutOffAfterTheRequestTimeout) {
  StartServer(Short());
  RawClient client = Connect();
  const std::string request = Post("/echo", "0123456789");
  ASSERT_TRUE(client.Send(request.substr(0, 30)));
  RawClient other = Connect();
  // The single byte shows that bytes do not prolong the request's time.
  ASSERT_TRUE(ConnectionsBecome(2) && other.Exchange(Get("/hello")));
  clock_.Advance(9 * kSecond);
  ASSERT_TRUE(client.Send(request.substr(30, 1)));
  ASSERT_TRUE(other.Exchange(Get("/hello")));
  // Until the server has read what was sent its time has not begun; so move on until it closes.
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(kSecond);
    return Metric("yingda_http_rejected_total{listener=\"push\",reason=\"slow\"}") == 1;
  }));
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpLimitsTest, ClientThatDoesNotReadIsCutOffAfterTheWriteTimeout) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("GET", "/large", [](const net::HttpRequest&, net::Responder responder) {
      responder.Send({.body = std::string(20'000'000, 'x')});
    });
  };
  StartServer(Short());
  RawClient deaf(server_->Port(), 4096);
  ASSERT_TRUE(deaf.Send(Get("/large")));
  ASSERT_TRUE(Eventually([&] { return Metric("yingda_http_requests_total{code=\"200\",listener=\"push\"}") == 1; }));
  EXPECT_EQ(server_->Connections(), 1U);
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(kSecond);
    return server_->Connections() == 0;
  }));
  EXPECT_EQ(Metric("yingda_http_rejected_total{listener=\"push\",reason=\"slow\"}"), 1);
}

TEST_F(HttpLimitsTest, ParkedRequestHasNoTimeoutOfItsOwn) {
  StartServer(Short());
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Post("/park")));
  net::Responder responder = parked_.TakeOne();
  ASSERT_TRUE(Eventually([&] { return server_->Parked() == 1; }));
  clock_.Advance(std::chrono::hours(10));
  RawClient other = Connect();
  ASSERT_TRUE(other.Exchange(Get("/hello")));
  EXPECT_TRUE(responder.Send({.body = "patience"}));
  EXPECT_EQ(client.Receive()->body, "patience");
}

TEST_F(HttpLimitsTest, TimeoutsAlsoFollowTheRealClock) {
  base::SystemClock clock;
  net::HttpServer server({.idle_timeout = std::chrono::milliseconds(30)}, clock, *logger_, metrics_);
  ASSERT_TRUE(server.Start());
  RawClient client(server.Port());
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpLimitsTest, ConnectionOverTheLimitIsClosedAtOnce) {
  StartServer({.max_connections = 2});
  RawClient first = Connect();
  RawClient second = Connect();
  ASSERT_TRUE(ConnectionsBecome(2));
  RawClient third = Connect();
  EXPECT_TRUE(third.ClosedByServer());
  EXPECT_EQ(Metric("yingda_http_rejected_total{listener=\"push\",reason=\"connections\"}"), 1);
  first.Close();
  ASSERT_TRUE(ConnectionsBecome(1));
  RawClient fourth = Connect();
  EXPECT_EQ(fourth.Exchange(Get("/hello"))->status, 200);
}

TEST_F(HttpLimitsTest, TwoHundredAndFiftySixClientsConnectAtOnceWhileNobodyAccepts) {
  std::latch blocked(1);
  std::latch release(1);
  more_routes_ = [&](net::HttpServer& server) {
    server.Handle("GET", "/block", [&](const net::HttpRequest&, net::Responder responder) {
      blocked.count_down();
      release.wait();
      responder.Send({});
    });
  };
  StartServer({.threads = 1});
  RawClient blocker = Connect();
  ASSERT_TRUE(blocker.Send(Get("/block")));
  blocked.wait();
  std::vector<RawClient> clients;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 256; ++i) clients.push_back(Connect());
  // With a full backlog the kernel drops the client's SYN, which comes again after a second.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
  for (RawClient& client : clients) ASSERT_TRUE(client.Send(Post("/echo", "here")));
  release.count_down();
  for (RawClient& client : clients) EXPECT_EQ(client.Receive()->body, "here");
}

TEST_F(HttpLimitsTest, DescriptorsAboveTheReachOfSelectWork) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit before = files;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 4096);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  StartServer();
  std::vector<int> fillers;
  while (fillers.empty() || fillers.back() < 1100) {
    fillers.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_GE(fillers.back(), 0);
  }
  RawClient client = Connect();
  EXPECT_EQ(client.Exchange(Post("/echo", "high"))->body, "high");
  EXPECT_GT(ServerSideOf(client), 1024);
  for (const int fd : fillers) ::close(fd);
  client.Close();
  server_.reset();
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(HttpLimitsTest, ProcessWithoutDescriptorsRefusesAndRecovers) {
  StartServer();
  RawClient held = Connect();
  ASSERT_EQ(held.Exchange(Get("/hello"))->status, 200);
  RawClient refused(std::move(held));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The client's own socket is the last descriptor that the limit allows.
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(probe) + 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(server_->Port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  ASSERT_EQ(::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  char byte = 0;
  EXPECT_LE(::recv(probe, &byte, 1, 0), 0) << "closed, not left waiting";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ::close(probe);
  EXPECT_TRUE(
      Eventually([&] { return Metric("yingda_http_rejected_total{listener=\"push\",reason=\"descriptors\"}") >= 1; }));
  RawClient later = Connect();
  EXPECT_EQ(later.Exchange(Get("/hello"))->status, 200);
}

TEST_F(HttpLimitsTest, AcceptedSocketsSendWithoutDelay) {
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Exchange(Get("/hello")));
  int on = 0;
  socklen_t length = sizeof on;
  ASSERT_EQ(::getsockopt(ServerSideOf(client), IPPROTO_TCP, TCP_NODELAY, &on, &length), 0);
  EXPECT_NE(on, 0);
}

TEST_F(HttpLimitsTest, SecondServerOnThePortFailsAndSaysWhy) {
  StartServer();
  net::HttpServer second({.port = server_->Port()}, clock_, *logger_, metrics_);
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, base::ErrorCode::kUnavailable);
  EXPECT_EQ(started.error().message,
            "cannot listen on 127.0.0.1:" + std::to_string(server_->Port()) + ": Address already in use");
}

TEST_F(HttpLimitsTest, PortIsFreeAgainAtOnceAfterAStop) {
  StartServer();
  const int port = server_->Port();
  RawClient client = Connect();
  ASSERT_TRUE(client.Exchange(Post("/echo", "x", "Connection: close\r\n")));
  server_.reset();
  StartServer({.port = port});
  EXPECT_EQ(server_->Port(), port);
}

TEST_F(HttpLimitsTest, UnknownHostFailsAndSaysSo) {
  net::HttpServer server({.host = "no host of this name"}, clock_, *logger_, metrics_);
  const auto started = server.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, base::ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace yingda::testing
