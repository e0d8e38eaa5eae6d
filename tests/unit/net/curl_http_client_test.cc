// SPDX-License-Identifier: MIT
#include "net/curl_http_client.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>

#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/raw_http_server.h"
#include "support/temp_dir.h"
#include "tls_server.h"

namespace yingda::net {
namespace {

using base::ErrorCode;
using testing::Gate;
using testing::ManualClock;
using testing::RawConnection;
using testing::RawHttpServer;
using testing::RunOn;

/// What a call brought, written on the loop's thread and read by the test after `done`.
struct Outcome {
  std::vector<std::string> order;
  HttpClientHead head;
  std::string body;
  std::optional<ErrorCode> error;
  std::string message;
  Gate head_came, body_came, done;

  HttpClientEvents Events() {
    return {[this](const HttpClientHead& h) {
              order.push_back("head");
              head = h;
              head_came.Open();
            },
            [this](std::string_view piece) {
              if (order.empty() || order.back() != "body") order.push_back("body");
              body += piece;
              body_came.Open();
            },
            [this](base::Result<void> result) {
              order.push_back("done");
              if (!result) error = result.error().code;
              if (!result) message = result.error().message;
              done.Open();
            }};
  }
};

struct Fixture {
  explicit Fixture(CurlHttpClient::Options options = {}) : client(std::make_unique<CurlHttpClient>(options, loop)) {}

  HttpClient::CallId Start(HttpClientRequest request, Outcome& outcome) {
    HttpClient::CallId id = 0;
    RunOn(loop, [&] { id = client->Start(std::move(request), outcome.Events()); });
    return id;
  }
  void Call(HttpClientRequest request, Outcome& outcome) {
    Start(std::move(request), outcome);
    ASSERT_TRUE(outcome.done.Wait());
  }
  void Cancel(HttpClient::CallId id) {
    RunOn(loop, [&] { client->Cancel(id); });
  }

  ManualClock clock;
  EventLoop loop{clock};
  std::unique_ptr<CurlHttpClient> client;
};

HttpClientRequest Get(std::string url) {
  HttpClientRequest request;
  request.url = std::move(url);
  return request;
}

/// Answers every request with the same bytes until the client goes.
RawHttpServer::Handler Always(std::string answer, bool close = false) {
  return [=](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      if (!connection.Write(answer) || close) return;
    }
  };
}

/// How many timers of this process the kernel will let expire, by what it says of each descriptor.
int ArmedTimers() {
  int armed = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("it_value:") && line != "it_value: (0, 0)") ++armed;
    }
  }
  return armed;
}

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mixed-Case:  a b \r\n\r\nok";

TEST(CurlHttpClientTest, GivesHeadThenBodyThenDone) {
  RawHttpServer server(Always(kOk));
  Fixture f;
  Outcome outcome;
  f.Call(Get(server.Url()), outcome);
  EXPECT_EQ(outcome.order, (std::vector<std::string>{"head", "body", "done"}));
  EXPECT_EQ(outcome.head.status, 200);
  EXPECT_EQ(outcome.head.Header("x-mixed-case"), "a b");
  EXPECT_EQ(outcome.head.Header("absent"), "");
  EXPECT_EQ(outcome.body, "ok");
  EXPECT_FALSE(outcome.error.has_value());
}

TEST(CurlHttpClientTest, SendsMethodHeadersAndBodyAsGiven) {
  std::map<std::string, std::string> seen;
  std::mutex mutex;
  RawHttpServer server([&](RawConnection& connection) {
    for (std::string request; !(request = connection.ReadRequest()).empty();) {
      std::lock_guard lock(mutex);
      seen[request.substr(0, request.find(' '))] = request;
      connection.Write(request.starts_with("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" : kOk);
    }
  });
  Fixture f;
  for (const char* method : {"GET", "POST", "PUT", "DELETE", "HEAD"}) {
    HttpClientRequest request = Get(server.Url("/p?q=1"));
    request.method = method;
    request.headers = {{"X-One", "1"}, {"X-Empty", ""}};
    if (method[0] == 'P') request.body = std::string("a\0b", 3);
    Outcome outcome;
    f.Call(request, outcome);
    EXPECT_FALSE(outcome.error.has_value()) << method << outcome.message;
  }
  std::lock_guard lock(mutex);
  for (const auto& [method, request] : seen) {
    EXPECT_TRUE(request.starts_with(method + " /p?q=1 HTTP/1.1\r\n")) << request;
    EXPECT_NE(request.find("\r\nX-One: 1\r\n"), request.npos) << request;
    EXPECT_NE(request.find("\r\nX-Empty:"), request.npos) << request;
    EXPECT_EQ(request.find("Expect:"), request.npos) << request;
    EXPECT_EQ(request.find("Content-Type:"), request.npos) << request;
    EXPECT_EQ(request.ends_with(std::string("\r\n\r\na\0b", 7)), method[0] == 'P') << request;
  }
  EXPECT_EQ(seen.size(), 5U);
  EXPECT_EQ(server.connections(), 1);
}

TEST(CurlHttpClientTest, ABodyOfAMegabyteIsSentWithoutWaitingFor100Continue) {
  std::atomic<size_t> received = 0;
  RawHttpServer server([&](RawConnection& connection) {
    received = connection.ReadRequest().size();
    connection.Write(kOk);
  });
  Fixture f;
  HttpClientRequest request = Get(server.Url());
  request.method = "POST";
  request.body.assign(1'000'000, 'x');
  Outcome outcome;
  f.Call(request, outcome);
  EXPECT_FALSE(outcome.error.has_value());
  EXPECT_GT(received, 1'000'000U);
}

TEST(CurlHttpClientTest, StreamsEachPieceAsItComes) {
  Gate next;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 1; i <= 3; ++i) {
      if (!next.Wait(i)) return;
      connection.Write("1\r\n" + std::to_string(i) + "\r\n");
    }
    connection.Write("0\r\nX-Trailer: t\r\n\r\n");
  });
  Fixture f;
  Outcome outcome;
  f.Start(Get(server.Url()), outcome);
  ASSERT_TRUE(outcome.head_came.Wait());
  for (int i = 1; i <= 3; ++i) {
    next.Open();
    ASSERT_TRUE(outcome.body_came.Wait(i));
  }
  ASSERT_TRUE(outcome.done.Wait());
  EXPECT_EQ(outcome.body, "123");
  EXPECT_EQ(outcome.head.Header("x-trailer"), "");
}

TEST(CurlHttpClientTest, SkipsInterimHeads) {
  RawHttpServer server(Always(std::string("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") + kOk));
  Fixture f;
  Outcome outcome;
  f.Call(Get(server.Url()), outcome);
  EXPECT_EQ(outcome.head.status, 200);
  EXPECT_EQ(outcome.head.Header("link"), "");
  EXPECT_EQ(outcome.order.front(), "head");
}

TEST(CurlHttpClientTest, FollowsNoRedirect) {
  RawHttpServer server(Always("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"));
  Fixture f;
  Outcome outcome;
  f.Call(Get(server.Url()), outcome);
  EXPECT_EQ(outcome.head.status, 302);
  EXPECT_FALSE(outcome.error.has_value());
}

TEST(CurlHttpClientTest, UnpacksWhatItDidNotAskToBePacked) {
  // "hello" as gzip -n makes it.
  const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0, 0,    0,    0,    0,    0,    0x03, 0xcb, 0x48, 0xcd,
                                  0xc9, 0xc9, 0x07, 0, 0x86, 0xa6, 0x10, 0x36, 0x05, 0,    0,    0};
  std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(sizeof packed) + "\r\n\r\n";
  answer.append(reinterpret_cast<const char*>(packed), sizeof packed);
  RawHttpServer server(Always(answer));
  Fixture f;
  Outcome outcome;
  f.Call(Get(server.Url()), outcome);
  EXPECT_EQ(outcome.body, "hello") << outcome.message;
}

TEST(CurlHttpClientTest, IgnoresTheProxyOfTheEnvironment) {
  ::setenv("http_proxy", "http://127.0.0.1:9", 1);
  RawHttpServer server(Always(kOk));
  Fixture f;
  Outcome outcome;
  f.Call(Get(server.Url()), outcome);
  ::unsetenv("http_proxy");
  EXPECT_FALSE(outcome.error.has_value()) << outcome.message;
}

struct BadAnswer {
  const char* name;
  std::string bytes;
  ErrorCode want;
};

TEST(CurlHttpClientTest, TellsBadAnswersApart) {
  const std::vector<BadAnswer> cases = {
      {"nothing at all", "", ErrorCode::kUpstream},
      {"not HTTP", "SSH-2.0-OpenSSH\r\n", ErrorCode::kUpstream},
      {"head cut", "HTTP/1.1 200 OK\r\nContent-", ErrorCode::kUpstream},
      {"body cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", ErrorCode::kUpstream},
      {"chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nfour", ErrorCode::kUpstream},
      {"head too large", "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", ErrorCode::kTooLarge},
      {"body too large", "HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'), ErrorCode::kTooLarge},
  };
  Fixture f;
  for (const BadAnswer& c : cases) {
    RawHttpServer server(Always(c.bytes, true));
    HttpClientRequest request = Get(server.Url());
    request.max_response_bytes = 1000;
    Outcome outcome;
    f.Call(request, outcome);
    EXPECT_EQ(outcome.error, c.want) << c.name << ": " << outcome.message;
    EXPECT_FALSE(outcome.message.empty()) << c.name;
    EXPECT_EQ(outcome.order.back(), "done") << c.name;
  }
}

TEST(CurlHttpClientTest, ABodyUpToTheLimitIsFine) {
  RawHttpServer server(Always("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'), true));
  Fixture f;
  HttpClientRequest request = Get(server.Url());
  request.max_response_bytes = 1000;
  Outcome outcome;
  f.Call(request, outcome);
  EXPECT_FALSE(outcome.error.has_value()) << outcome.message;
  EXPECT_EQ(outcome.body.size(), 1000U);
}

TEST(CurlHttpClientTest, RefusesAddressesAndHeadersThatAreNone) {
  Fixture f;
  HttpClientRequest injected = Get("http://127.0.0.1:9/");
  injected.headers = {{"X", "a\r\nY: b"}};
  for (const HttpClientRequest& request :
       {Get("ftp://127.0.0.1/"), Get("file:///etc/hostname"), Get("no address"), Get("http://"), Get(""), injected}) {
    Outcome outcome;
    f.Call(request, outcome);
    EXPECT_EQ(outcome.error, ErrorCode::kInvalidArgument) << request.url << outcome.message;
    EXPECT_EQ(outcome.order.size(), 1U);
  }
}

TEST(CurlHttpClientTest, AClosedPortIsUnavailable) {
  int port = 0;
  {
    port = RawHttpServer([](RawConnection&) {}).port();
  }
  Fixture f;
  Outcome outcome;
  f.Call(Get("http://127.0.0.1:" + std::to_string(port) + "/"), outcome);
  EXPECT_EQ(outcome.error, ErrorCode::kUnavailable) << outcome.message;
}

TEST(CurlHttpClientTest, ANameThatIsNotFoundIsUnavailable) {
  CurlHttpClient::Options options;
  options.lookup = [](const std::string&) -> base::Result<HostResolver::Addresses> {
    return base::Error{base::ErrorCode::kUnavailable, "no such host"};
  };
  Fixture f(options);
  Outcome outcome;
  f.Call(Get("http://nowhere.example/"), outcome);
  EXPECT_EQ(outcome.error, ErrorCode::kUnavailable);
  EXPECT_EQ(outcome.message, "no such host");
}

TEST(CurlHttpClientTest, UsesTheAddressesOfItsOwnResolver) {
  RawHttpServer server(Always(kOk));
  CurlHttpClient::Options options;
  options.lookup = [](const std::string& host) -> base::Result<HostResolver::Addresses> {
    EXPECT_EQ(host, "upstream.example");
    return HostResolver::Addresses{"::1", "127.0.0.1"};  // nobody listens on the first
  };
  Fixture f(options);
  for (int i = 0; i < 2; ++i) {
    Outcome outcome;
    f.Call(Get("http://upstream.example:" + std::to_string(server.port()) + "/"), outcome);
    EXPECT_FALSE(outcome.error.has_value()) << outcome.message;
  }
}

TEST(CurlHttpClientTest, ASlowNameServerHoldsNeitherTheLoopNorACancelNorTheConnectDeadline) {
  const auto asked = std::make_shared<Gate>();
  const auto release = std::make_shared<Gate>();
  CurlHttpClient::Options options;
  options.lookup = [=](const std::string&) -> base::Result<HostResolver::Addresses> {
    asked->Open();
    release->Wait();
    return HostResolver::Addresses{"127.0.0.1"};
  };
  RawHttpServer server(Always(kOk));
  Fixture f(options);
  Outcome cancelled, late, other;
  const auto id = f.Start(Get("http://slow.example/"), cancelled);
  f.Start(Get("http://slow.example/"), late);
  ASSERT_TRUE(asked->Wait());
  f.Cancel(id);
  f.Call(Get(server.Url()), other);
  EXPECT_FALSE(other.error.has_value());
  f.clock.Advance(std::chrono::seconds(4));
  ASSERT_TRUE(late.done.Wait());
  EXPECT_EQ(late.error, ErrorCode::kDeadlineExceeded);
  release->Open();
  RunOn(f.loop, [] {});
  EXPECT_EQ(cancelled.done.Count(), 0);
}

TEST(CurlHttpClientTest, TheConnectDeadlineIncludesTheHandshake) {
  Gate accepted;
  RawHttpServer server([&](RawConnection& connection) {
    accepted.Open();
    connection.WaitForClose();  // and never says hello
  });
  Fixture f;
  Outcome outcome;
  f.Start(Get("https://127.0.0.1:" + std::to_string(server.port()) + "/"), outcome);
  ASSERT_TRUE(accepted.Wait());
  f.clock.Advance(std::chrono::milliseconds(2'999));
  RunOn(f.loop, [] {});
  EXPECT_EQ(outcome.done.Count(), 0);
  f.clock.Advance(std::chrono::milliseconds(1));
  ASSERT_TRUE(outcome.done.Wait());
  EXPECT_EQ(outcome.error, ErrorCode::kDeadlineExceeded) << outcome.message;
}

TEST(CurlHttpClientTest, TheConnectDeadlineIsAlsoThatOfASecondConnection) {
  for (const bool at_most_once : {false, true}) {
    TlsServer server(kOk, 1);
    const testing::TempDir folder;
    std::ofstream(folder.File("ca.pem")) << server.certificate();
    CurlHttpClient::Options options;
    options.ca_file = folder.File("ca.pem");
    Fixture f(options);
    HttpClientRequest request = Get("https://127.0.0.1:" + std::to_string(server.port()) + "/");
    request.at_most_once = at_most_once;
    Outcome first, second;
    f.Call(request, first);
    ASSERT_FALSE(first.error.has_value()) << first.message;
    f.Start(request, second);  // the connection that was kept ends without an answer
    if (at_most_once) {
      ASSERT_TRUE(second.done.Wait());
      EXPECT_EQ(server.connections(), 1) << "a second one is of no use to it";
    } else {
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
      while (server.connections() < 2 && std::chrono::steady_clock::now() < end) RunOn(f.loop, [] {});
      f.clock.Advance(std::chrono::milliseconds(2'999));
      for (int turn = 0; turn < 2; ++turn) RunOn(f.loop, [] {});
      EXPECT_EQ(second.done.Count(), 0);
      f.clock.Advance(std::chrono::milliseconds(1));
      ASSERT_TRUE(second.done.Wait());
    }
    EXPECT_EQ(second.error, ErrorCode::kUpstream) << "it may have been acted on: " << second.message;
  }
}

TEST(CurlHttpClientTest, TheConnectDeadlineDoesNotCutACallOnAKeptConnection) {
  Gate requested, answer;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write(kOk);
    connection.ReadRequest();
    requested.Open();
    answer.Wait();
    connection.Write(kOk);
  });
  Fixture f;
  Outcome first, second;
  f.Call(Get(server.Url()), first);
  f.Start(Get(server.Url()), second);
  ASSERT_TRUE(requested.Wait());
  f.clock.Advance(std::chrono::hours(1));
  RunOn(f.loop, [] {});
  answer.Open();
  ASSERT_TRUE(second.done.Wait());
  EXPECT_FALSE(second.error.has_value()) << second.message;
}

TEST(CurlHttpClientTest, TheConnectDeadlineDoesNotCutAnOpenCall) {
  Gate requested, answer;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    requested.Open();
    answer.Wait();
    connection.Write(kOk);
  });
  Fixture f;
  Outcome outcome;
  f.Start(Get(server.Url()), outcome);
  ASSERT_TRUE(requested.Wait());
  f.clock.Advance(std::chrono::hours(1));
  RunOn(f.loop, [] {});
  answer.Open();
  ASSERT_TRUE(outcome.done.Wait());
  EXPECT_FALSE(outcome.error.has_value()) << outcome.message;
}

/// A timer of curl's for each call would be sorted among those of all others with every token that comes.
TEST(CurlHttpClientTest, OpenCallsLeaveNoTimerOfCurlsBehind) {
  Gate answer;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
    answer.Wait();
    connection.Write("k");
  });
  Fixture f;
  std::array<Outcome, 3> outcomes;
  for (Outcome& outcome : outcomes) f.Start(Get(server.Url()), outcome);
  for (Outcome& outcome : outcomes) ASSERT_TRUE(outcome.body_came.Wait());
  // What curl wants of a connection while it opens is over within its 200 ms for trying the other family.
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  bool none = false;
  while (!none && std::chrono::steady_clock::now() < end) {
    none = ArmedTimers() == 0;
    // One that has just expired may be set again by whom it wakes, in the loop's next turn.
    for (int turn = 0; turn < 3; ++turn) RunOn(f.loop, [] {});
    none = none && ArmedTimers() == 0;
  }
  EXPECT_TRUE(none);
  for (size_t i = 0; i < outcomes.size(); ++i) answer.Open();
  for (Outcome& outcome : outcomes) ASSERT_TRUE(outcome.done.Wait());
}

TEST(CurlHttpClientTest, CancelClosesTheConnectionAndNothingFollows) {
  Gate requested, closed;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    requested.Open();
    connection.WaitForClose();
    closed.Open();
  });
  Fixture f;
  Outcome outcome;
  const auto id = f.Start(Get(server.Url()), outcome);
  ASSERT_TRUE(requested.Wait());
  f.Cancel(id);
  f.Cancel(id);
  f.Cancel(12345);
  EXPECT_TRUE(closed.Wait());
  RunOn(f.loop, [] {});
  EXPECT_TRUE(outcome.order.empty());
}

TEST(CurlHttpClientTest, EventsMayCancelAndStartCalls) {
  RawHttpServer server(Always(kOk));
  Fixture f;
  for (const char* when : {"head", "body"}) {
    Gate second_done;
    std::vector<std::string> order;
    HttpClient::CallId first = 0;
    const auto restart = [&](const char* now) {
      order.push_back(now);
      if (std::string(now) != when) return;
      f.client->Cancel(first);
      HttpClientEvents events;
      events.on_done = [&](base::Result<void> result) {
        order.push_back(result ? "second done" : "second failed");
        second_done.Open();
      };
      f.client->Start(Get(server.Url()), std::move(events));
    };
    RunOn(f.loop, [&] {
      first = f.client->Start(Get(server.Url()),
                              {[&](const auto&) { restart("head"); }, [&](std::string_view) { restart("body"); },
                               [&](base::Result<void>) { order.push_back("first done"); }});
    });
    ASSERT_TRUE(second_done.Wait());
    RunOn(f.loop, [] {});
    EXPECT_EQ(order.back(), "second done") << when;
    EXPECT_EQ(std::count(order.begin(), order.end(), "first done"), 0) << when;
  }
}

TEST(CurlHttpClientTest, OneCallsEventMayCancelAllOthers) {
  Gate requested, go;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    requested.Open();
    go.Wait();
    connection.Write(kOk);
    connection.WaitForClose();
  });
  Fixture f;
  std::vector<HttpClient::CallId> ids;
  std::atomic<int> done = 0;
  Gate any;
  RunOn(f.loop, [&] {
    for (int i = 0; i < 20; ++i) {
      HttpClientEvents events;
      events.on_done = [&](base::Result<void>) {
        ++done;
        for (const auto id : ids) f.client->Cancel(id);
        any.Open();
      };
      ids.push_back(f.client->Start(Get(server.Url()), std::move(events)));
    }
  });
  ASSERT_TRUE(requested.Wait(20));
  go.Open();
  ASSERT_TRUE(any.Wait());
  RunOn(f.loop, [] {});
  EXPECT_EQ(done, 1);
}

TEST(CurlHttpClientTest, AnEventMayCancelItsOwnEndedCall) {
  RawHttpServer server(Always(kOk));
  Fixture f;
  Gate done;
  RunOn(f.loop, [&] {
    auto id = std::make_shared<HttpClient::CallId>(0);
    HttpClientEvents events;
    events.on_done = [&, id](base::Result<void>) {
      f.client->Cancel(*id);
      done.Open();
    };
    *id = f.client->Start(Get(server.Url()), std::move(events));
  });
  EXPECT_TRUE(done.Wait());
}

TEST(CurlHttpClientTest, RefusesCallsOverTheLimitAndRecovers) {
  Gate requested, go;
  RawHttpServer server([&](RawConnection& connection) {
    while (!connection.ReadRequest().empty()) {
      requested.Open();
      go.Wait();
      connection.Write(kOk);
    }
  });
  CurlHttpClient::Options options;
  options.max_calls = 2;
  Fixture f(options);
  Outcome first, second, third, fourth;
  f.Start(Get(server.Url()), first);
  f.Start(Get(server.Url()), second);
  f.Call(Get(server.Url()), third);
  EXPECT_EQ(third.error, ErrorCode::kUnavailable);
  go.Open();
  ASSERT_TRUE(first.done.Wait());
  ASSERT_TRUE(second.done.Wait());
  f.Call(Get(server.Url()), fourth);
  EXPECT_FALSE(fourth.error.has_value());
}

TEST(CurlHttpClientTest, ReusesConnectionsAndSurvivesTheirLoss) {
  RawHttpServer server([](RawConnection& connection) {
    for (int i = 0; i < 3 && !connection.ReadRequest().empty(); ++i) connection.Write(kOk);
  });
  Fixture f;
  for (int i = 0; i < 9; ++i) {
    Outcome outcome;
    f.Call(Get(server.Url()), outcome);
    EXPECT_FALSE(outcome.error.has_value()) << outcome.message;
  }
  EXPECT_EQ(server.connections(), 3);
}

/// Counts whole requests whose body is "once"; answers the first of each connection, and none after.
struct AnswersOnce {
  std::atomic<int> arrived = 0;
  RawHttpServer server{[this](RawConnection& connection) {
    for (bool first = true; !connection.ReadRequest().empty(); first = false) {
      ++arrived;
      if (!first || !connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) return;
    }
  }};
};

TEST(CurlHttpClientTest, ARequestThatMustNotArriveTwiceIsNotSentAgainByItself) {
  for (const bool at_most_once : {false, true}) {
    AnswersOnce side;
    Fixture fixture;
    HttpClientRequest request;
    request.method = "POST";
    request.body = "once";
    request.at_most_once = at_most_once;
    for (int call = 0; call < 2; ++call) {
      request.url = side.server.Url();
      Outcome outcome;
      fixture.Start(request, outcome);
      ASSERT_TRUE(outcome.done.Wait());
      const bool second = call == 1;
      EXPECT_EQ(outcome.error.has_value(), second && at_most_once) << "the connection is kept all the same";
      if (outcome.error) {
        EXPECT_EQ(*outcome.error, ErrorCode::kUpstream) << "it may have been acted on";
      }
    }
    EXPECT_EQ(side.arrived, at_most_once ? 2 : 3);
  }
}

TEST(CurlHttpClientTest, WhoMayNotSendTwiceIsToldAtOnceHoweverManyAddressesTheHostHas) {
  AnswersOnce side;
  CurlHttpClient::Options options;
  options.lookup = [](const std::string&) -> base::Result<HostResolver::Addresses> {
    return HostResolver::Addresses{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"};
  };
  Fixture f(options);
  HttpClientRequest request = Get("http://upstream.example:" + std::to_string(side.server.port()) + "/");
  request.at_most_once = true;
  Outcome first, second;
  f.Call(request, first);
  f.Start(request, second);
  ASSERT_TRUE(second.done.Wait(1, std::chrono::seconds(10)));
  EXPECT_EQ(second.error, ErrorCode::kUpstream) << second.message;
}

TEST(CurlHttpClientTest, WhatMayHaveArrivedIsNeverSaidToBeUnsent) {
  for (const bool at_most_once : {false, true}) {
    RawHttpServer* refusing = nullptr;
    RawHttpServer server([&refusing](RawConnection& connection) {
      connection.ReadRequest();
      connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      connection.ReadRequest();
      refusing->Refuse();  // and leaves without a word
    });
    refusing = &server;
    Fixture fixture;
    HttpClientRequest request;
    request.method = "POST";
    request.url = server.Url();
    request.body = "once";
    request.at_most_once = at_most_once;
    Outcome first, second;
    fixture.Start(request, first);
    ASSERT_TRUE(first.done.Wait());
    fixture.Start(request, second);
    ASSERT_TRUE(second.done.Wait());
    EXPECT_FALSE(first.error);
    EXPECT_EQ(second.error, ErrorCode::kUpstream) << "not kUnavailable, which says that nobody has it";
  }
}

TEST(CurlHttpClientTest, ALargeBodyThatGoesOnceArrivesWhole) {
  std::string got;
  RawHttpServer server([&](RawConnection& connection) {
    got = connection.ReadRequest();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  Fixture fixture;
  HttpClientRequest request;
  request.method = "POST";
  request.url = server.Url();
  request.body = std::string(1'000'000, 'x') + "end";
  request.at_most_once = true;
  Outcome outcome;
  fixture.Start(request, outcome);
  ASSERT_TRUE(outcome.done.Wait());
  EXPECT_FALSE(outcome.error);
  EXPECT_EQ(got.substr(got.find("\r\n\r\n") + 4), request.body);
  EXPECT_EQ(got.find("chunked"), std::string::npos);
}

TEST(CurlHttpClientTest, APeerThatResetsWhileWeSendDoesNotEndTheProcess) {
  RawHttpServer server([](RawConnection& connection) { connection.Reset(); });
  Fixture f;
  for (int i = 0; i < 5; ++i) {
    HttpClientRequest request = Get(server.Url());
    request.method = "POST";
    request.body.assign(8'000'000, 'x');
    Outcome outcome;
    f.Call(request, outcome);
    EXPECT_TRUE(outcome.error.has_value());
  }
}

TEST(CurlHttpClientTest, FiveHundredCallsAtOnceNeedNoThreads) {
  constexpr int kCalls = 500;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);
  setrlimit(RLIMIT_NOFILE, &files);
  Gate requested, go;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    requested.Open();
    go.Wait(1, std::chrono::seconds(60));
    connection.Write(kOk);
    connection.WaitForClose();
  });
  const auto threads = [] {
    const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  Fixture f;
  std::vector<Outcome> outcomes(kCalls);
  RunOn(f.loop, [&] {
    for (Outcome& outcome : outcomes) f.client->Start(Get(server.Url()), outcome.Events());
  });
  ASSERT_TRUE(requested.Wait(kCalls, std::chrono::seconds(60)));
  EXPECT_LE(threads(), kCalls + 5);  // the server's, and a handful
  go.Open();
  for (Outcome& outcome : outcomes) {
    ASSERT_TRUE(outcome.done.Wait());
    EXPECT_EQ(outcome.body, "ok") << outcome.message;
  }
}

TEST(CurlHttpClientTest, DestructionWithOpenCallsIsSilentWhereverItHappens) {
  Gate requested;
  RawHttpServer server([&](RawConnection& connection) {
    connection.ReadRequest();
    requested.Open();
    connection.Write("HTTP/1.1 200 OK\r\n\r\npart");
    connection.WaitForClose();
  });
  int expected = 0;
  for (const char* where : {"other thread", "loop thread", "after the loop"}) {
    Fixture f;
    std::vector<Outcome> outcomes(10);
    for (Outcome& outcome : outcomes) f.Start(Get(server.Url()), outcome);
    for (Outcome& outcome : outcomes) ASSERT_TRUE(outcome.body_came.Wait());
    ASSERT_TRUE(requested.Wait(expected += 10));
    if (where[0] == 'l') RunOn(f.loop, [&] { f.client.reset(); });
    if (where[0] == 'a') f.loop.Stop();
    f.client.reset();
    for (Outcome& outcome : outcomes) EXPECT_EQ(outcome.done.Count(), 0) << where;
  }
}

TEST(CurlHttpClientTest, AFailureOnItsWayIsDroppedWithTheClient) {
  Fixture f;
  Outcome outcome;
  RunOn(f.loop, [&] {
    f.client->Start(Get("nonsense"), outcome.Events());
    f.client.reset();
  });
  RunOn(f.loop, [] {});
  EXPECT_EQ(outcome.done.Count(), 0);
}

TEST(CurlHttpClientTest, TrustsOnlyKnownCertificates) {
  TlsServer server(kOk);
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port()) + "/";
  Fixture strict;
  Outcome refused;
  strict.Call(Get(url), refused);
  EXPECT_EQ(refused.error, ErrorCode::kUnavailable) << refused.message;

  const auto file = std::filesystem::temp_directory_path() / ("yingda-ca-" + std::to_string(::getpid()) + ".pem");
  std::ofstream(file) << server.certificate();
  for (const bool http2 : {false, true}) {  // this server offers no h2, so both end in HTTP/1.1
    CurlHttpClient::Options options;
    options.ca_file = file;
    options.http2 = http2;
    Fixture trusting(options);
    Outcome outcome;
    trusting.Call(Get(url), outcome);
    EXPECT_EQ(outcome.body, "ok") << outcome.message;
  }
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace yingda::net
