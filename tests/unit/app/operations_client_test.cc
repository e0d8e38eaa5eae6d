// SPDX-License-Identifier: MIT
#include "app/operations_client.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/log.h"
#include "base/metrics.h"
#include "net/http_server.h"
#include "support/temp_dir.h"

namespace yingda::app {
namespace {

constexpr const char* kAccounts = "accounts: [{name: a, token: abcdef}]\n";

std::string UrlOf(const std::string& config) {
  const testing::TempDir folder;
  std::ofstream(folder.File("config.yml"), std::ios::binary) << config;
  return OperationsUrl(folder.File("config.yml"));
}

TEST(OperationsUrlTest, IsWhereOneConnectsTo) {
  for (const auto& [listen, url] : {std::pair("127.0.0.1:9090", "http://127.0.0.1:9090"),
                                    {"0.0.0.0:9091", "http://127.0.0.1:9091"},
                                    {":9092", "http://127.0.0.1:9092"},
                                    {"[::1]:9093", "http://[::1]:9093"},
                                    {"[::]:9094", "http://[::1]:9094"},
                                    {"[fd00::7]:9095", "http://[fd00::7]:9095"},
                                    {"ops.internal:9096", "http://ops.internal:9096"}}) {
    const std::string server = "server: {operations_listen: \"" + std::string(listen) + "\"}\n";
    EXPECT_EQ(UrlOf(server + kAccounts), url);
    EXPECT_EQ(UrlOf(server + "no_such_key: 1\n" + kAccounts), url) << "with a mistake";
    EXPECT_EQ(UrlOf(server + "accounts: [{\n"), url) << "no YAML any more";
  }
}

TEST(OperationsUrlTest, BrokenFileThatDoesNotTellMeansTheUsualAddress) {
  for (const char* const config :
       {"", "server: {operations_listen: \"${OPS}\"}\nx: 1\n", "# operations_listen: 1.2.3.4:5\nx: 1\n",
        "server:\n  operations_listen:\nx: 1\n", "server:\n  operations_listen: nothing\nx: 1\n"}) {
    EXPECT_EQ(UrlOf(config), "http://127.0.0.1:9090") << config;
  }
  EXPECT_EQ(UrlOf("server:\n  operations_listen: '127.0.0.1:99'  # mine\nx: 1\n"), "http://127.0.0.1:99");
  EXPECT_EQ(OperationsUrl("/nonexistent/config.yml"), "http://127.0.0.1:9090");
}

TEST(AskServerTest, ServerOnAnAddressOfIpv6IsAskedAndOneThatIsGoneIsNamed) {
  base::SystemClock clock;
  const auto logger = base::MakeNullLogger();
  base::Metrics metrics;
  net::HttpServer::Options options;
  options.host = "::1";
  options.port = 0;
  auto server = std::make_unique<net::HttpServer>(options, clock, *logger, metrics);
  server->Handle("GET", "/stats", [](const auto& request, auto responder) {
    responder.Send({200, "text/plain", std::string(request.Parameter("account")), {}});
  });
  if (!server->Start()) GTEST_SKIP() << "this machine has no IPv6";
  const std::string url = "http://[::1]:" + std::to_string(server->Port()) + "/";
  const auto answer = AskServer(url, "/stats?account=main");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "main");
  server.reset();
  const auto gone = AskServer(url, "/stats");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, base::ErrorCode::kUnavailable);
  EXPECT_NE(gone.error().message.find("operations_listen"), std::string::npos) << gone.error().message;
}

}  // namespace
}  // namespace yingda::app
