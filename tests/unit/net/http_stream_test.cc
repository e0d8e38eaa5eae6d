// SPDX-License-Identifier: MIT
#include <thread>

#include "unit/net/server_fixture.h"

namespace yingda::testing {
namespace {

class HttpStreamTest : public ServerTest {
 protected:
  net::Responder Park(RawClient& client, std::string_view request = {}) {
    EXPECT_TRUE(client.Send(request.empty() ? std::string_view(request_) : request));
    return parked_.TakeOne();
  }
  const std::string request_ = Post("/park");
};

TEST_F(HttpStreamTest, PiecesArriveWhenTheyAreWrittenAndTheConnectionGoesOn) {
  StartServer();
  RawClient client = Connect();
  auto stream = Park(client).OpenStream({.content_type = "text/event-stream", .body = "first"});
  ASSERT_TRUE(stream);
  const auto head = client.Receive(/*to_head=*/true);
  EXPECT_EQ(head->headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(head->headers.at("content-type"), "text/event-stream");
  EXPECT_EQ(client.ReceiveUntil("first\r\n"), "5\r\nfirst\r\n");
  EXPECT_TRUE(stream->Write("second piece"));
  EXPECT_EQ(client.ReceiveUntil("piece\r\n"), "c\r\nsecond piece\r\n");
  EXPECT_TRUE(stream->Write(""));
  EXPECT_TRUE(client.Silent()) << "an empty chunk would end the body";
  stream->Close();
  EXPECT_FALSE(stream->Write("more"));
  EXPECT_EQ(client.ReceiveUntil("\r\n\r\n"), "0\r\n\r\n");
  EXPECT_EQ(client.Exchange(Get("/hello"))->body, "hello");
}

TEST_F(HttpStreamTest, MayBeOpenedWrittenAndClosedInsideTheHandler) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("GET", "/stream", [](const net::HttpRequest&, net::Responder responder) {
      const auto stream = responder.OpenStream({.body = "a"});
      EXPECT_TRUE(stream->Write("b"));
      EXPECT_FALSE(responder.Send({}));
    });
  };
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Get("/stream") + Get("/hello")));
  EXPECT_EQ(client.Receive()->body, "ab");
  EXPECT_EQ(client.Receive()->body, "hello");
}

TEST_F(HttpStreamTest, DroppingTheStreamEndsItWell) {
  StartServer();
  RawClient client = Connect();
  Park(client).OpenStream({.body = "all"});
  EXPECT_EQ(client.Receive()->body, "all");
}

TEST_F(HttpStreamTest, LeavingClientIsNoticed) {
  StartServer();
  RawClient client = Connect();
  net::Responder responder = Park(client);
  std::atomic<bool> told{false};
  responder.OnClosed([&] { told = true; });
  const auto stream = responder.OpenStream({.body = "x"});
  client.Close();
  EXPECT_TRUE(Eventually([&] { return told.load(); }));
  EXPECT_FALSE(stream->Write("y"));
  EXPECT_EQ(server_->Connections(), 0U);
}

TEST_F(HttpStreamTest, ClientThatDoesNotReadIsCutOffAtTheBacklogLimit) {
  StartServer({.max_stream_backlog_bytes = 100'000});
  RawClient deaf(server_->Port(), 4096);
  const auto stream = Park(deaf).OpenStream({.body = "x"});
  const std::string piece(10'000, 'p');
  size_t written = 0;
  while (stream->Write(piece) && written < 100'000'000) written += piece.size();
  EXPECT_LT(written, 100'000'000U);
  EXPECT_TRUE(Eventually([&] { return server_->Connections() == 0; }));
  EXPECT_EQ(Metric("yingda_http_rejected_total{listener=\"push\",reason=\"slow\"}"), 1);
}

TEST_F(HttpStreamTest, SlowReaderWithinTheLimitGetsEveryByte) {
  StartServer({.max_stream_backlog_bytes = 20'000'000});
  RawClient client(server_->Port(), 4096);
  auto stream = Park(client).OpenStream({});
  std::string want;
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) {
      const std::string piece(20'000, static_cast<char>('a' + i % 26));
      EXPECT_TRUE(stream->Write(piece));
      want += piece;
    }
    stream->Close();
  });
  const auto response = client.Receive();
  writer.join();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, want);
}

TEST_F(HttpStreamTest, StalledStreamEndsAtTheWriteTimeoutButAQuietOneStays) {
  StartServer({.max_stream_backlog_bytes = 50'000'000, .write_timeout = std::chrono::seconds(10)});
  RawClient quiet = Connect();
  const auto waiting = Park(quiet).OpenStream({.body = "x"});
  RawClient deaf(server_->Port(), 4096);
  const auto stalled = Park(deaf).OpenStream({.body = std::string(20'000'000, 's')});
  ASSERT_TRUE(Eventually([&] { return server_->Connections() == 2 && server_->Parked() == 0; }));
  clock_.Advance(std::chrono::seconds(11));
  EXPECT_TRUE(Eventually([&] { return server_->Connections() == 1; }));
  EXPECT_FALSE(stalled->Write("y"));
  clock_.Advance(std::chrono::hours(1));
  EXPECT_TRUE(waiting->Write("y"));
}

TEST_F(HttpStreamTest, OldClientGetsAnUnchunkedStreamThatTheCloseEnds) {
  StartServer();
  RawClient client = Connect();
  auto stream = Park(client, "POST /park HTTP/1.0\r\nContent-Length: 0\r\n\r\n").OpenStream({.body = "a"});
  EXPECT_TRUE(stream->Write("b"));
  stream->Close();
  const auto head = client.Receive(/*to_head=*/true);
  EXPECT_EQ(head->headers.at("connection"), "close");
  EXPECT_FALSE(head->headers.contains("transfer-encoding"));
  EXPECT_EQ(client.ReceiveUntil("nothing like this"), "ab");
}

TEST_F(HttpStreamTest, HeadOfAStreamHasNoBody) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("GET", "/stream", [](const net::HttpRequest&, net::Responder responder) {
      responder.OpenStream({.body = "a"})->Write("b");
    });
  };
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send("HEAD /stream HTTP/1.1\r\n\r\n" + Get("/hello")));
  EXPECT_EQ(client.Receive(/*to_head=*/true)->status, 200);
  EXPECT_EQ(client.Receive()->body, "hello");
}

}  // namespace
}  // namespace yingda::testing
