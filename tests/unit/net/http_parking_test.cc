// SPDX-License-Identifier: MIT
#include <future>
#include <latch>
#include <thread>

#include "unit/net/server_fixture.h"

namespace yingda::testing {
namespace {

class HttpParkingTest : public ServerTest {
 protected:
  net::Responder Park(RawClient& client, std::string_view more_headers = {}) {
    EXPECT_TRUE(client.Send(Post("/park", "", more_headers)));
    net::Responder responder = parked_.TakeOne();
    EXPECT_TRUE(Eventually([&] { return server_->Parked() > 0; }));
    return responder;
  }
};

TEST_F(HttpParkingTest, ParkedRequestIsAnsweredLaterFromAnotherThread) {
  StartServer();
  RawClient client = Connect();
  net::Responder responder = Park(client);
  EXPECT_TRUE(client.Silent());
  EXPECT_EQ(Metric("yingda_http_parked{listener=\"push\"}"), 1);
  EXPECT_TRUE(responder.Send({.body = "later"}));
  EXPECT_EQ(client.Receive()->body, "later");
  EXPECT_EQ(server_->Parked(), 0U);
  EXPECT_EQ(client.Exchange(Post("/echo", "again"))->body, "again");
}

TEST_F(HttpParkingTest, PipelinedRequestsBehindAParkedOneKeepTheirOrder) {
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Post("/park") + Post("/echo", "after") + Post("/park") + Post("/echo", "last")));
  net::Responder first = parked_.TakeOne();
  EXPECT_TRUE(client.Silent());
  ASSERT_TRUE(first.Send({.body = "first"}));
  EXPECT_EQ(client.Receive()->body, "first");
  EXPECT_EQ(client.Receive()->body, "after");
  net::Responder second = parked_.TakeOne();
  EXPECT_TRUE(client.Silent());
  ASSERT_TRUE(second.Send({.body = "second"}));
  EXPECT_EQ(client.Receive()->body, "second");
  EXPECT_EQ(client.Receive()->body, "last");
}

TEST_F(HttpParkingTest, AnswerFromAnotherThreadBeforeTheHandlerReturnsIsSent) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("POST", "/race", [](const net::HttpRequest&, net::Responder responder) {
      bool first = false;
      bool second = true;
      std::thread([&] {
        first = responder.Send({.body = "early"});
        second = responder.Send({.body = "twice"});
      }).join();
      EXPECT_TRUE(first);
      EXPECT_FALSE(second);
    });
  };
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Post("/race") + Post("/echo", "next")));
  EXPECT_EQ(client.Receive()->body, "early");
  EXPECT_EQ(client.Receive()->body, "next");
}

TEST_F(HttpParkingTest, AnswerOfAHandlerToAClientThatHadHungUpBeforeItRanDoesNotCount) {
  std::promise<void> began;
  std::promise<void> go_on;
  std::promise<bool> sent;
  std::promise<bool> sent_to_who_stayed;
  more_routes_ = [&](net::HttpServer& server) {
    server.Handle("POST", "/block", [&](const net::HttpRequest&, net::Responder responder) {
      began.set_value();
      go_on.get_future().wait();
      responder.Send({.body = "unblocked"});
    });
    server.Handle("POST", "/gone", [&](const net::HttpRequest&, net::Responder responder) {
      sent.set_value(responder.Send({.body = "reply"}));
    });
    server.Handle("POST", "/stays", [&](const net::HttpRequest&, net::Responder responder) {
      sent_to_who_stayed.set_value(responder.Send({.body = "reply"}));
    });
  };
  StartServer({.threads = 1});
  RawClient blocker = Connect();
  RawClient gone = Connect();
  RawClient ends_its_side = Connect();
  RawClient stays = Connect();
  for (RawClient* const client : {&gone, &ends_its_side, &stays})
    EXPECT_EQ(client->Exchange(Get("/hello"))->status, 200);
  ASSERT_TRUE(blocker.Send(Post("/block")));
  began.get_future().wait();
  ASSERT_TRUE(gone.Send(Post("/gone")));
  gone.Close();
  ASSERT_TRUE(ends_its_side.Send(Post("/echo", "still reads")));
  ends_its_side.FinishSending();
  ASSERT_TRUE(stays.Send(Post("/stays")));
  go_on.set_value();
  EXPECT_FALSE(sent.get_future().get());
  EXPECT_TRUE(sent_to_who_stayed.get_future().get());
  EXPECT_EQ(ends_its_side.Receive()->body, "still reads");
  EXPECT_EQ(stays.Receive()->body, "reply");
}

TEST_F(HttpParkingTest, OnlyTheFirstOfManyAnswersCounts) {
  StartServer();
  RawClient client = Connect();
  for (int round = 0; round < 50; ++round) {
    net::Responder responder = Park(client);
    std::latch ready(4);
    std::atomic<int> sent{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        ready.arrive_and_wait();
        if (responder.Send({.body = "one"})) ++sent;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(sent, 1);
    EXPECT_EQ(client.Receive()->body, "one");
  }
  EXPECT_EQ(client.Exchange(Get("/hello"))->body, "hello");
}

TEST_F(HttpParkingTest, LateAnswerDoesNotHitTheNextRequestOfTheConnection) {
  StartServer();
  RawClient client = Connect();
  net::Responder first = Park(client);
  ASSERT_TRUE(first.Send({.body = "first"}));
  EXPECT_EQ(client.Receive()->body, "first");
  net::Responder second = Park(client);
  EXPECT_FALSE(first.Send({.body = "stray"}));
  EXPECT_FALSE(first.Close());
  first = {};
  EXPECT_TRUE(second.Send({.body = "second"}));
  EXPECT_EQ(client.Receive()->body, "second");
}

TEST_F(HttpParkingTest, DroppedResponderIsAnswered500) {
  StartServer();
  RawClient client = Connect();
  { const net::Responder dropped = Park(client); }
  EXPECT_EQ(client.Receive()->status, 500);
  EXPECT_EQ(client.Exchange(Get("/hello"))->body, "hello");
}

TEST_F(HttpParkingTest, ResponderDroppedInsideTheHandlerIsAnswered500) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("GET", "/drop", [](const net::HttpRequest&, net::Responder) {});
  };
  StartServer();
  RawClient client = Connect();
  EXPECT_EQ(client.Exchange(Get("/drop"))->status, 500);
}

TEST_F(HttpParkingTest, CloseEndsTheConnectionWithoutAByte) {
  more_routes_ = [](net::HttpServer& server) {
    server.Handle("GET", "/close", [](const net::HttpRequest&, net::Responder responder) {
      EXPECT_TRUE(responder.Close());
      EXPECT_FALSE(responder.Close());
      EXPECT_FALSE(responder.Send({}));
    });
  };
  StartServer();
  RawClient parked = Connect();
  net::Responder responder = Park(parked);
  std::atomic<int> told{0};
  responder.OnClosed([&] { ++told; });
  EXPECT_TRUE(responder.Close());
  EXPECT_TRUE(parked.ClosedByServer());
  RawClient handled = Connect();
  ASSERT_TRUE(handled.Send(Get("/close")));
  EXPECT_TRUE(handled.ClosedByServer());
  EXPECT_TRUE(Eventually([&] { return server_->Connections() == 0; }));
  EXPECT_EQ(told, 0) << "the client did not leave, we closed";
}

TEST_F(HttpParkingTest, LeavingClientIsReportedOnceAndCannotBeAnswered) {
  StartServer();
  RawClient client = Connect();
  net::Responder responder = Park(client);
  std::atomic<int> told{0};
  responder.OnClosed([&] { ++told; });
  client.Close();
  EXPECT_TRUE(Eventually([&] { return told == 1; }));
  EXPECT_FALSE(responder.Send({.body = "too late"}));
  EXPECT_EQ(server_->Connections(), 0U);
  std::atomic<int> told_at_once{0};
  responder.OnClosed([&] { ++told_at_once; });
  EXPECT_EQ(told_at_once, 1);
  responder = {};
  EXPECT_EQ(told, 1);
}

TEST_F(HttpParkingTest, AnswerToAClientThatHasJustLeftIsNotCalledDelivered) {
  // One event thread, kept busy: nobody has noticed yet that the client left.
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
  RawClient client = Connect();
  net::Responder responder = Park(client);
  std::atomic<int> told{0};
  responder.OnClosed([&] { ++told; });
  RawClient blocker = Connect();
  ASSERT_TRUE(blocker.Send(Get("/block")));
  blocked.wait();
  client.Close();
  EXPECT_FALSE(responder.Send({.body = "lost"}));
  EXPECT_EQ(told, 0);
  release.count_down();
  EXPECT_TRUE(Eventually([&] { return told == 1; }));
}

TEST_F(HttpParkingTest, CallbackAndItsCapturesMayUseTheResponder) {
  // Neither the callback nor the destruction of what it holds may run under the connection's lock.
  StartServer();
  RawClient leaving = Connect();
  auto first = std::make_shared<net::Responder>(Park(leaving));
  std::atomic<bool> sent{true};
  std::atomic<bool> told{false};
  first->OnClosed([first, &sent, &told] {
    sent = first->Send({});
    told = true;
  });
  leaving.Close();
  EXPECT_TRUE(Eventually([&] { return told.load(); }));
  EXPECT_FALSE(sent);

  RawClient staying = Connect();
  auto second = std::make_shared<net::Responder>(Park(staying));
  second->OnClosed([second] {});
  net::Responder& answering = *second;
  second.reset();
  EXPECT_TRUE(answering.Send({.body = "ok"}));
  EXPECT_EQ(staying.Receive()->body, "ok");
}

TEST_F(HttpParkingTest, HundredClientsThatVanishWhileParkedAreAllNoticed) {
  StartServer();
  std::atomic<int> told{0};
  std::vector<RawClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(Connect());
    ASSERT_TRUE(clients.back().Send(Post("/park")));
  }
  std::vector<net::Responder> responders = parked_.Take(100);
  for (net::Responder& responder : responders) responder.OnClosed([&] { ++told; });
  EXPECT_TRUE(Eventually([&] { return server_->Parked() == 100; }));
  clients.clear();
  EXPECT_TRUE(Eventually([&] { return told == 100; }));
  EXPECT_EQ(server_->Parked(), 0U);
  EXPECT_EQ(server_->Connections(), 0U);
  for (net::Responder& responder : responders) EXPECT_FALSE(responder.Send({}));
}

TEST_F(HttpParkingTest, ConnectionCloseIsHonouredWhenParked) {
  StartServer();
  RawClient client = Connect();
  net::Responder responder = Park(client, "Connection: close\r\n");
  ASSERT_TRUE(responder.Send({.body = "bye"}));
  const auto response = client.Receive();
  EXPECT_EQ(response->body, "bye");
  EXPECT_EQ(response->headers.at("connection"), "close");
  EXPECT_TRUE(client.ClosedByServer());
}

TEST_F(HttpParkingTest, LargeAnswerToAParkedRequestArrivesWhole) {
  StartServer();
  RawClient client(server_->Port(), 4096);
  net::Responder responder = Park(client);
  const std::string large(5'000'000, 'l');
  EXPECT_TRUE(responder.Send({.body = large}));
  EXPECT_EQ(client.Receive()->body, large);
  EXPECT_EQ(client.Exchange(Get("/hello"))->body, "hello");
}

TEST_F(HttpParkingTest, WaitingAndIdleConnectionsHoldNoThread) {
  StartServer();
  const size_t threads = CountThreads();
  std::vector<RawClient> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(Connect());
    ASSERT_TRUE(clients.back().Connected());
    if (i % 2 == 0) {
      ASSERT_TRUE(clients.back().Send(Post("/park")));
    }
  }
  std::vector<net::Responder> responders = parked_.Take(200);
  EXPECT_TRUE(Eventually([&] { return server_->Connections() == 400 && server_->Parked() == 200; }));
  EXPECT_EQ(CountThreads(), threads);
  for (net::Responder& responder : responders) EXPECT_TRUE(responder.Send({.body = "now"}));
  for (size_t i = 0; i < clients.size(); i += 2) EXPECT_EQ(clients[i].Receive()->body, "now");
}

TEST_F(HttpParkingTest, ResponderMayOutliveTheServer) {
  StartServer();
  RawClient client = Connect();
  net::Responder responder = Park(client);
  std::atomic<int> told{0};
  responder.OnClosed([&] { ++told; });
  server_.reset();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(responder.Send({}));
  EXPECT_EQ(responder.OpenStream({}), nullptr);
}

}  // namespace
}  // namespace yingda::testing
