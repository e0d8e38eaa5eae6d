// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/curl_http_client.h"
#include "platform/http_calls.h"
#include "server/api_clients.h"
#include "server/api_proxy_handler.h"
#include "server/token_handler.h"
#include "unit/platform/stage.h"

namespace yingda::server {

/// A token that is there, or not.
class OneToken final : public platform::TokenProvider {
 public:
  explicit OneToken(base::Clock& clock) : clock_(clock) {}
  void Get(Done done) override {
    if (error) {
      done(*error);
    } else {
      done(platform::AccessToken{"TOKEN" + std::to_string(generation), generation,
                                 clock_.Now() + std::chrono::seconds(7199)});
    }
  }
  void Refused(int64_t refused) override {
    ++refusals;
    generation += refused == generation ? 1 : 0;
  }

  int64_t generation = 1;
  int refusals = 0;
  std::optional<base::Error> error;

 private:
  base::Clock& clock_;
};

/// The operations listener with both handlers, programs that call it over real HTTP, and WeChat as a script.
/// Accounts: main (with a token), hub (through another Yingda: no token), bare (with nothing).
class ProgramsStage {
 public:
  explicit ProgramsStage(std::vector<ApiClient> list) : clients(std::move(list), wechat.clock) {
    platform::WeChatApi::Options options;
    options.account = "main";
    options.api_base = "https://wechat.example";
    main = std::make_unique<platform::WeChatApi>(options, &token, wechat.client, wechat.loop, wechat.logger,
                                                 wechat.metrics);
    options.account = "hub";
    options.api_base = "https://hub.example/wxapi/main";
    options.api_key = "key-of-the-hub-here";
    hub = std::make_unique<platform::WeChatApi>(options, nullptr, wechat.client, wechat.loop, wechat.logger,
                                                wechat.metrics);
    tokens = std::make_unique<TokenHandler>(std::map<std::string, platform::TokenProvider*>{{"main", &token}}, clients,
                                            wechat.loop, wechat.metrics);
    proxy = std::make_unique<ApiProxyHandler>(
        std::map<std::string, platform::WeChatApi*>{{"main", main.get()}, {"hub", hub.get()}}, clients, wechat.loop,
        wechat.metrics);
    tokens->Serve(server);
    proxy->Serve(server);
    EXPECT_TRUE(server.Start());
  }
  ~ProgramsStage() {
    server.StopAccepting();
    server.Stop(base::Duration::zero());
    wechat.On([this] {
      main.reset();
      hub.reset();
    });
    testing::RunOn(program_loop, [this] { calls.reset(); });
    program.reset();
    program_loop.Stop();
  }

  /// Begins a request; Result() waits for its answer.
  void Begin(net::HttpClientRequest request) {
    request.url = "http://127.0.0.1:" + std::to_string(server.Port()) + request.url;
    answer.reset();
    testing::RunOn(program_loop, [&] {
      calls->Start(std::move(request), wechat.clock.Now() + std::chrono::hours(100),
                   [this](base::Result<platform::HttpAnswer> got) {
                     answer.emplace(std::move(got));
                     answered.Open();
                   });
    });
    ++asked;
  }
  platform::HttpAnswer Result() {
    EXPECT_TRUE(answered.Wait(asked));
    EXPECT_TRUE(answer && *answer) << "no HTTP answer";
    return answer && *answer ? **answer : platform::HttpAnswer();
  }
  platform::HttpAnswer Get(const std::string& path, const std::string& key = {}) {
    Begin(Request("GET", path, key));
    return Result();
  }
  static net::HttpClientRequest Request(const std::string& method, const std::string& path, const std::string& key,
                                        std::string body = {}) {
    net::HttpClientRequest request;
    request.method = method;
    request.url = path;
    if (!key.empty()) request.headers.emplace_back("Authorization", "Bearer " + key);
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
    return request;
  }
  /// Waits until WeChat is asked, for the n-th time.
  bool Asked(size_t times = 1) {
    return wechat.Until([&] { return wechat.client.history.size() == times; });
  }

  platform::Stage wechat;
  OneToken token{wechat.clock};
  ApiClients clients;
  net::HttpServer server{net::HttpServer::Options(), wechat.clock, wechat.logger, wechat.metrics};
  std::unique_ptr<platform::WeChatApi> main, hub;
  std::unique_ptr<TokenHandler> tokens;
  std::unique_ptr<ApiProxyHandler> proxy;

  net::EventLoop program_loop{wechat.clock};
  std::unique_ptr<net::CurlHttpClient> program =
      std::make_unique<net::CurlHttpClient>(net::CurlHttpClient::Options(), program_loop);
  std::unique_ptr<platform::HttpCalls> calls = std::make_unique<platform::HttpCalls>(*program, program_loop);
  std::optional<base::Result<platform::HttpAnswer>> answer;
  testing::Gate answered;
  int asked = 0;
};

}  // namespace yingda::server
