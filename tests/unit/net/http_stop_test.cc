// SPDX-License-Identifier: MIT
#include <future>
#include <thread>

#include "unit/net/server_fixture.h"

namespace yingda::testing {
namespace {

class HttpStopTest : public ServerTest {
 protected:
  std::vector<RawClient> ParkMany(size_t count) {
    std::vector<RawClient> clients;
    for (size_t i = 0; i < count; ++i) {
      clients.push_back(Connect());
      EXPECT_TRUE(clients.back().Send(Post("/park")));
    }
    EXPECT_TRUE(Eventually([&] { return server_->Parked() == count; }));
    return clients;
  }
};

TEST_F(HttpStopTest, ParkedRequestsAreAnsweredWithConnectionCloseAndIdleOnesClosed) {
  StartServer();
  RawClient idle = Connect();
  ASSERT_TRUE(idle.Exchange(Get("/hello")));
  std::vector<RawClient> clients = ParkMany(20);
  server_->StopAccepting();
  EXPECT_TRUE(idle.ClosedByServer());
  EXPECT_EQ(server_->Connections(), 20U);
  auto stopped = std::async(std::launch::async, [&] { return server_->Stop(std::chrono::seconds(60)); });
  for (net::Responder& responder : parked_.Take(20)) EXPECT_TRUE(responder.Send({.body = "last words"}));
  for (RawClient& client : clients) {
    const auto response = client.Receive();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "last words");
    EXPECT_EQ(response->headers.at("connection"), "close");
    EXPECT_TRUE(client.ClosedByServer());
  }
  EXPECT_TRUE(stopped.get());
}

TEST_F(HttpStopTest, NothingNewIsAcceptedWhileWhatIsBeingReadIsServed) {
  StartServer();
  RawClient sending = Connect();
  const std::string request = Post("/echo", "whole");
  ASSERT_TRUE(sending.Send(request.substr(0, 25)));
  std::vector<RawClient> clients = ParkMany(1);
  // The parked request was sent later; yet another thread may still be about to read the first one.
  RawClient probe = Connect();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(probe.Exchange(Get("/hello")));
  server_->StopAccepting();
  EXPECT_FALSE(Connect().Connected());
  const auto response = sending.Exchange(request.substr(25));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "whole");
  EXPECT_EQ(response->headers.at("connection"), "close");
  EXPECT_TRUE(parked_.TakeOne().Send({}));
  EXPECT_TRUE(server_->Stop(std::chrono::seconds(60)));
}

TEST_F(HttpStopTest, WhatIsNotAnsweredWithinTheLimitIsCutOffAndReported) {
  StartServer();
  std::vector<RawClient> clients = ParkMany(3);
  std::vector<net::Responder> responders = parked_.Take(3);
  std::atomic<int> told{0};
  for (net::Responder& responder : responders) responder.OnClosed([&] { ++told; });
  auto stopped = std::async(std::launch::async, [&] { return server_->Stop(std::chrono::seconds(5)); });
  // The limit follows the clock that the server was given.
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(std::chrono::seconds(1));
    return stopped.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }));
  EXPECT_FALSE(stopped.get());
  EXPECT_EQ(told, 3);
  for (RawClient& client : clients) EXPECT_TRUE(client.ClosedByServer());
  EXPECT_EQ(server_->Connections(), 0U);
}

TEST_F(HttpStopTest, IdleServerStopsAtOnceAndStoppingTwiceIsFine) {
  StartServer();
  RawClient idle = Connect();
  ASSERT_TRUE(idle.Exchange(Get("/hello")));
  EXPECT_TRUE(server_->Stop(std::chrono::hours(1)));
  EXPECT_TRUE(server_->Stop(std::chrono::hours(1)));
  EXPECT_TRUE(idle.ClosedByServer());
}

TEST_F(HttpStopTest, ServerThatWasNeverStartedCanGo) {
  net::HttpServer server({}, clock_, *logger_, metrics_);
  EXPECT_TRUE(server.Stop(std::chrono::seconds(1)));
}

TEST_F(HttpStopTest, AnswersThatRaceWithTheEndAreEitherWholeOrRefused) {
  for (int round = 0; round < 20; ++round) {
    StartServer();
    std::vector<RawClient> clients = ParkMany(8);
    std::vector<net::Responder> responders = parked_.Take(8);
    size_t sent = 0;
    std::thread answering([&] {
      for (net::Responder& responder : responders) sent += responder.Send({.body = "raced"}) ? 1 : 0;
    });
    server_.reset();
    answering.join();
    size_t received = 0;
    for (RawClient& client : clients) received += client.Receive() ? 1 : 0;
    EXPECT_EQ(received, sent);
  }
}

}  // namespace
}  // namespace yingda::testing
