// SPDX-License-Identifier: MIT
#include "net/http_server.h"

#include <thread>

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

TEST_F(HttpServerTest, ParkedRequestIsAnsweredLaterFromAnotherThread) {
  StartServer();
  RawClient client = Connect();
  ASSERT_TRUE(client.Send(Post("/park")));
  net::Responder responder = parked_.TakeOne();
  ASSERT_TRUE(Eventually([&] { return server_->Parked() == 1; }));
  EXPECT_TRUE(client.Silent());
  EXPECT_TRUE(responder.Send({.body = "later"}));
  EXPECT_EQ(client.Receive()->body, "later");
  EXPECT_EQ(server_->Parked(), 0U);
  EXPECT_EQ(client.Exchange(Post("/echo", "again"))->body, "again");
}

}  // namespace
}  // namespace yingda::testing
