// SPDX-License-Identifier: MIT
#include "app/operations_client.h"

#include <future>
#include <memory>
#include <utility>

#include "net/curl_http_client.h"
#include "platform/http_calls.h"

namespace yingda::app {
namespace {

constexpr base::Duration kCallDeadline = std::chrono::seconds(10);

std::string Address(const config::Config& config) {
  const std::string& host = config.operations_server.host;
  const bool any = host == "0.0.0.0" || host == "::";
  return (any ? std::string("127.0.0.1") : host) + ":" + std::to_string(config.operations_server.port);
}

}  // namespace

base::Result<std::string> AskServer(const config::Config& config, const std::string& path_and_query) {
  using Answer = base::Result<platform::HttpAnswer>;
  base::SystemClock clock;
  net::EventLoop loop(clock);
  net::CurlHttpClient client(net::CurlHttpClient::Options(), loop);
  auto calls = std::make_unique<platform::HttpCalls>(client, loop);
  std::promise<Answer> promise;
  loop.Post([&] {
    net::HttpClientRequest request;
    request.url = "http://" + Address(config) + path_and_query;
    request.max_response_bytes = 64 << 20;
    calls->Start(std::move(request), clock.Now() + kCallDeadline,
                 [&promise](Answer answer) { promise.set_value(std::move(answer)); });
  });
  const Answer answer = promise.get_future().get();
  std::promise<void> ended;
  loop.Post([&] {
    calls.reset();
    ended.set_value();
  });
  ended.get_future().get();
  if (!answer) {
    return base::Error{base::ErrorCode::kUnavailable,
                       Address(config) + " 上没有应答：服务没有运行，或 server.operations_listen 不是这个地址（" +
                           answer.error().message + "）"};
  }
  if (answer->status != 200) {
    return base::Error{base::ErrorCode::kUpstream, Address(config) + " 回答了 " + std::to_string(answer->status) +
                                                       "：" + answer->body.substr(0, 300)};
  }
  return answer->body;
}

}  // namespace yingda::app
