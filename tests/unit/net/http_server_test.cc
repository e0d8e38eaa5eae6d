// SPDX-License-Identifier: MIT
#include "net/http_server.h"

#include <httplib.h>

#include <tuple>

#include "unit/net/server_fixture.h"

namespace yingda::testing {
namespace {

class HttpServerTest : public ServerTest {};

TEST_F(HttpServerTest, ServesManyRequestsOnOneConnection) {
  StartServer();
  RawClient client = Connect();
  for (int i = 0; i < 50; ++i) {
    const auto response = client.Exchange(Post("/echo", "x" + std::to_string(i)));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "x" + std::to_string(i));
  }
  EXPECT_EQ(server_->Connections(), 1U);
}

TEST_F(HttpServerTest, AnswersTwoHundredPipelinedRequestsInOrder) {
  StartServer();
  RawClient client = Connect();
  std::string all;
  for (int i = 0; i < 200; ++i) all += Post("/echo", "p" + std::to_string(i));
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client.Receive()->body, "p" + std::to_string(i));
}

TEST_F(HttpServerTest, ServesAClientThatNobodyHereWrote) {
  StartServer();
  httplib::Client client("127.0.0.1", server_->Port());
  client.set_keep_alive(true);
  for (int i = 0; i < 3; ++i) {
    const auto hello = client.Get("/hello?x=1");
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->body, "hello");
    const auto echo = client.Post("/echo", std::string(100'000, 'z'), "text/xml");
    ASSERT_TRUE(echo);
    EXPECT_EQ(echo->body.size(), 100'000U);
    ASSERT_TRUE(client.Head("/hello"));
  }
  EXPECT_EQ(server_->Connections(), 1U);
}

TEST_F(HttpServerTest, HandlerSeesTheRequestTakenApart) {
  std::string seen;
  more_routes_ = [&](net::HttpServer& server) {
    server.Handle("GET", "/see/", [&](const net::HttpRequest& request, net::Responder responder) {
      seen.append(request.Method()).append("|").append(request.Path()).append("|").append(request.Parameter("a"));
      seen.append("|").append(request.Parameter("none")).append(request.HasParameter("none") ? "yes" : "no");
      seen.append(request.HasParameter("empty") ? "yes" : "no").append("|").append(request.Header("x-THING"));
      seen.append("|").append(request.RemoteAddress()).append("|").append(request.Id());
      responder.Send({});
    });
  };
  StartServer();
  RawClient client = Connect();
  const auto response =
      client.Exchange(Get("/see/%E4%BD%A0?a=1%2B2&a=3&empty=", "X-Thing: some value\r\nX-Request-Id: abc-123\r\n"));
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(seen, "GET|/see/你|1+2|noyes|some value|127.0.0.1|abc-123");
}

TEST_F(HttpServerTest, RequestIdIsMadeHereWhenTheProxySendsNothingLikeOne) {
  std::vector<std::string> ids;
  more_routes_ = [&](net::HttpServer& server) {
    server.Handle("GET", "/id", [&](const net::HttpRequest& request, net::Responder responder) {
      ids.emplace_back(request.Id());
      ids.emplace_back(request.Id());
      responder.Send({});
    });
  };
  StartServer();
  RawClient client = Connect();
  client.Exchange(Get("/id", "X-Request-Id: <script>\r\n"));
  client.Exchange(Get("/id", "X-Request-Id: " + std::string(65, 'a') + "\r\n"));
  ASSERT_EQ(ids.size(), 4U);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_NE(ids[1], ids[2]);
  EXPECT_LE(ids[2].size(), 64U);
  EXPECT_EQ(ids[0].find('<'), std::string::npos);
}

TEST_F(HttpServerTest, LongestMatchingPathWins) {
  more_routes_ = [](net::HttpServer& server) {
    for (const char* path : {"/a/", "/a/b/", "/a/b/c", "/"}) {
      server.Handle("GET", path,
                    [path](const net::HttpRequest&, net::Responder responder) { responder.Send({.body = path}); });
    }
  };
  StartServer();
  RawClient client = Connect();
  for (const auto& [asked, want] : {std::pair{"/a/x", "/a/"},
                                    {"/a/", "/a/"},
                                    {"/a/b/", "/a/b/"},
                                    {"/a/b/cc", "/a/b/"},
                                    {"/a/b/c", "/a/b/c"},
                                    {"/a", "/"},
                                    {"/", "/"},
                                    {"/zzz", "/"}}) {
    EXPECT_EQ(client.Exchange(Get(asked))->body, want) << asked;
  }
}

TEST_F(HttpServerTest, UnknownPathIs404AndOtherMethodIs405) {
  StartServer();
  RawClient client = Connect();
  const auto unknown = client.Exchange(Get("/nothing"));
  EXPECT_EQ(unknown->status, 404);
  EXPECT_EQ(unknown->body, "");
  const auto other = client.Exchange(Get("/echo"));
  EXPECT_EQ(other->status, 405);
  EXPECT_EQ(other->body, "");
  EXPECT_EQ(other->headers.at("allow"), "POST");
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n"));
  const auto head = client.Receive(/*to_head=*/true);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->headers.at("content-length"), "5");
  EXPECT_EQ(client.Exchange(Get("/hello"))->body, "hello");
}

TEST_F(HttpServerTest, ThrowingHandlerIsAnswered500AndTheConnectionGoesOn) {
  more_routes_ = [&](net::HttpServer& server) {
    server.Handle("POST", "/keep-and-throw", [&](const net::HttpRequest&, net::Responder responder) {
      parked_.Put(std::move(responder));
      throw 42;  // NOLINT(hicpp-exception-baseclass): whatever a handler throws
    });
  };
  StartServer();
  RawClient client = Connect();
  EXPECT_EQ(client.Exchange(Get("/throw"))->status, 500);
  EXPECT_EQ(client.Exchange(Post("/keep-and-throw"))->status, 500);
  EXPECT_FALSE(parked_.TakeOne().Send({}));
  EXPECT_EQ(client.Exchange(Post("/echo", "fine"))->body, "fine");
  EXPECT_EQ(Metric("yingda_http_requests_total{code=\"500\",listener=\"push\"}"), 2);
}

TEST_F(HttpServerTest, BodyUpToTheLimitPassesAndOneByteMoreIs413) {
  StartServer({.max_body_bytes = 700'000});
  RawClient client = Connect();
  const std::string large(700'000, 'b');
  EXPECT_EQ(client.Exchange(Post("/echo", large))->body, large);
  ASSERT_TRUE(client.Send("POST /echo HTTP/1.1\r\nContent-Length: 700001\r\n\r\nabc"));
  EXPECT_EQ(client.Receive()->status, 413);
  EXPECT_EQ(Metric("yingda_http_rejected_total{listener=\"push\",reason=\"too_large\"}"), 1);
}

TEST_F(HttpServerTest, RefusedClientCanReadWhyAlthoughItWasStillSending) {
  StartServer();
  RawClient client = Connect();
  // More than the socket buffers hold unless the server reads on.
  const std::string request = "POST /echo HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + std::string(8'000'000, 'x');
  ASSERT_TRUE(client.Send(request));
  const auto response = client.Receive();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 413);
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpServerTest, HeadLongerThanTheLimitIs431) {
  StartServer();
  RawClient client = Connect();
  EXPECT_EQ(client.Exchange(Get("/hello", "X: " + std::string(15'000, 'a') + "\r\n"))->status, 200);
  ASSERT_TRUE(client.Send("GET /hello HTTP/1.1\r\nX: " + std::string(40'000, 'a')));
  EXPECT_EQ(client.Receive()->status, 431);
}

TEST_F(HttpServerTest, MalformedRequestsAreRefusedAndTheConnectionCloses) {
  StartServer();
  const std::vector<std::tuple<const char*, std::string, int>> cases = {
      {"two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
      {"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411},
      {"bare line feed", "POST / HTTP/1.1\nContent-Length: 1\r\n\r\na", 400},
      {"negative length", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400},
      {"space before colon", "POST / HTTP/1.1\r\nContent-Length : 1\r\n\r\na", 400},
      {"compressed body", "POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", 415},
      {"garbage", std::string("\x16\x03\x01\x02\x00\r\n\r\n", 9), 400},
  };
  for (const auto& [name, bytes, want] : cases) {
    RawClient client = Connect();
    const auto response = client.Exchange(bytes);
    ASSERT_TRUE(response) << name;
    EXPECT_EQ(response->status, want) << name;
    EXPECT_EQ(response->headers.at("connection"), "close") << name;
    EXPECT_TRUE(client.ClosedByServer()) << name;
  }
  EXPECT_EQ(Metric("yingda_http_rejected_total{listener=\"push\",reason=\"malformed\"}"), 7);
}

TEST_F(HttpServerTest, RequestLineThatTheParserRefusesIsAnAnswerNotACrash) {
  StartServer({.max_head_bytes = 32 * 1024});
  RawClient client = Connect();
  EXPECT_EQ(client.Exchange("BREW /hello HTTP/1.1\r\n\r\n")->status, 400);
  EXPECT_EQ(client.Exchange(Get("/a?b?c"))->status, 400);
  EXPECT_EQ(client.Exchange(Get("/" + std::string(9000, 'a')))->status, 414);
  EXPECT_EQ(client.Exchange(Get("/hello"))->status, 200);
}

TEST_F(HttpServerTest, InputThatCrashesRegularExpressionsIsHarmless) {
  StartServer();
  RawClient client = Connect();
  EXPECT_EQ(client.Exchange(Get("/hello", "Range: bytes=" + std::string(500, '1') + "\r\n"))->body, "hello");
  EXPECT_EQ(client.Exchange(Get("/hello", "Range: bytes=0-1\r\n"))->body, "hello");
  EXPECT_EQ(client.Exchange(Get("/" + std::string(8000, 'a')))->status, 404);
  const std::string body = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + std::string(1000, 'n') +
                           "\"\r\n\r\nx\r\n--b--\r\n";
  EXPECT_EQ(client.Exchange(Post("/echo", body, "Content-Type: multipart/form-data; boundary=b\r\n"))->body, body);
}

TEST_F(HttpServerTest, ExpectedContinueIsSaidBeforeTheBodyComes) {
  StartServer();
  RawClient client = Connect();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.Send("POST /echo HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_EQ(client.ReceiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(client.Exchange("hello")->body, "hello");
  }
}

TEST_F(HttpServerTest, BodyOfAGetIsNotTheNextRequest) {
  StartServer();
  RawClient client = Connect();
  const std::string smuggled = Get("/throw");
  const std::string request =
      "GET /hello HTTP/1.1\r\nContent-Length: " + std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled;
  ASSERT_TRUE(client.Send(request + Post("/echo", "next")));
  EXPECT_EQ(client.Receive()->body, "hello");
  EXPECT_EQ(client.Receive()->body, "next");
}

TEST_F(HttpServerTest, ConnectionCloseIsHonoured) {
  StartServer();
  RawClient client = Connect();
  const auto response = client.Exchange(Post("/echo", "a", "Connection: close\r\n"));
  EXPECT_EQ(response->headers.at("connection"), "close");
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpServerTest, Http10IsClosedUnlessItAsksToStay) {
  StartServer();
  RawClient stays = Connect();
  EXPECT_EQ(stays.Exchange("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->headers.at("connection"),
            "keep-alive");
  EXPECT_EQ(stays.Exchange("GET /hello HTTP/1.0\r\n\r\n")->body, "hello");
  EXPECT_TRUE(stays.ClosedByServer());
}

TEST_F(HttpServerTest, ClientThatEndsItsSideStillGetsAnImmediateAnswer) {
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Get("/hello")));
  client.FinishSending();
  EXPECT_EQ(client.Receive()->body, "hello");
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpServerTest, HalfSentRequestsDelayNobodyAndAreServedByteByByte) {
  StartServer();
  const std::string request = Post("/echo", "0123456789");
  std::vector<RawClient> slow;
  for (int i = 0; i < 50; ++i) slow.push_back(Connect());
  for (RawClient& client : slow) ASSERT_TRUE(client.Send(request.substr(0, 20)));
  RawClient quick = Connect();
  EXPECT_EQ(quick.Exchange(Post("/echo", "quick"))->body, "quick");
  for (size_t at = 20; at < request.size(); ++at) {
    for (RawClient& client : slow) ASSERT_TRUE(client.Send(request.substr(at, 1)));
  }
  for (RawClient& client : slow) EXPECT_EQ(client.Receive()->body, "0123456789");
}

TEST_F(HttpServerTest, ClientThatNeverReadsStallsOnlyItself) {
  StartServer({.max_body_bytes = 1'000'000});
  RawClient deaf(server_->Port(), 4096);
  const std::string request = Post("/echo", std::string(700'000, 'd'));
  bool stalled = false;
  for (int i = 0; i < 30 && !stalled; ++i) stalled = !deaf.Send(request);
  EXPECT_TRUE(stalled);
  RawClient other = Connect();
  EXPECT_EQ(other.Exchange(Post("/echo", "quick"))->body, "quick");
}

TEST_F(HttpServerTest, ResetsLeaveNothingBehind) {
  StartServer();
  for (int i = 0; i < 300; ++i) {
    RawClient client = Connect();
    client.Send(i % 3 == 0 ? Post("/park") : i % 3 == 1 ? Post("/echo", "abc") : Post("/echo", "abc").substr(0, 30));
    client.Reset();
  }
  EXPECT_TRUE(Eventually([&] {
    return server_->Connections() == 0 && server_->Parked() == 0 &&
           Metric("yingda_http_connections{listener=\"push\"}") == 0 &&
           Metric("yingda_http_parked{listener=\"push\"}") == 0;
  }));
}

TEST_F(HttpServerTest, LineEndsInHeaderValuesDoNotMakeNewHeaders) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("GET", "/evil", [](const net::HttpRequest&, net::Responder responder) {
      responder.Send({.headers = {{"Location", "/x\r\nSet-Cookie: a=b"}}});
    });
  };
  StartServer();
  RawClient client = Connect();
  const auto response = client.Exchange(Get("/evil"));
  EXPECT_FALSE(response->headers.contains("set-cookie"));
  EXPECT_EQ(response->headers.at("location"), "/x  Set-Cookie: a=b");
}

TEST_F(HttpServerTest, ResponsesAreCountedByCode) {
  StartServer({.metrics_name = "operations"});
  RawClient client = Connect();
  client.Exchange(Get("/hello"));
  client.Exchange(Get("/hello"));
  client.Exchange(Get("/nothing"));
  EXPECT_EQ(Metric("yingda_http_requests_total{code=\"200\",listener=\"operations\"}"), 2);
  EXPECT_EQ(Metric("yingda_http_requests_total{code=\"404\",listener=\"operations\"}"), 1);
  EXPECT_EQ(Metric("yingda_http_connections{listener=\"operations\"}"), 1);
}

}  // namespace
}  // namespace yingda::testing
