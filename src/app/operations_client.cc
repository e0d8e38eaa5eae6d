// SPDX-License-Identifier: MIT
#include "app/operations_client.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <string_view>
#include <utility>

#include "config/config.h"
#include "net/curl_http_client.h"

namespace yingda::app {
namespace {

constexpr base::Duration kAnswerWithin = std::chrono::seconds(10);
constexpr size_t kMostBytes = 64 << 20;
constexpr const char* kUsualListen = "127.0.0.1:9090";

/// `listen` is host:port, with an IPv6 host in brackets.
std::string Reachable(const std::string& listen) {
  const size_t colon = std::min(listen.rfind(':'), listen.size());
  std::string host = listen.substr(0, colon);
  if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "[::]") host = "[::1]";
  return "http://" + host + listen.substr(colon);
}

/// What follows `operations_listen:` in a file that may be no YAML any more. Empty: nothing that could be used.
std::string ListenInText(const std::string& file) {
  constexpr std::string_view kKey = "operations_listen:";
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t at = line.find(kKey);
    if (at == std::string::npos || line.find('#') < at) continue;
    const size_t begin = line.find_first_not_of(" \t\"'", at + kKey.size());
    if (begin == std::string::npos) continue;
    const std::string listen = line.substr(begin, line.find_first_of(" \t\r\"',}#", begin) - begin);
    const size_t port = listen.rfind(':');
    const bool plain = port != std::string::npos && port + 1 < listen.size() &&
                       listen.find_first_not_of("0123456789", port + 1) == std::string::npos &&
                       listen.find_first_of("$/@") == std::string::npos;
    if (plain) return listen;
  }
  return "";
}

}  // namespace

std::string OperationsUrl(const std::string& config_file) {
  if (const auto config = config::Load(config_file, config::ProcessEnvironment())) {
    std::string host = config->operations_server.host;
    if (host.find(':') != std::string::npos) host = "[" + host + "]";
    return Reachable(host + ":" + std::to_string(config->operations_server.port));
  }
  const std::string listen = ListenInText(config_file);
  std::string url = Reachable(listen.empty() ? kUsualListen : listen);
  std::fprintf(stderr, "%s 读不了或者有错（yingda check 会说明是哪里），向 %s 询问\n", config_file.c_str(),
               url.c_str());
  return url;
}

base::Result<platform::HttpAnswer> AskServer(const std::string& url, const std::string& path_and_query) {
  using Answer = base::Result<platform::HttpAnswer>;
  std::string_view place = url;
  while (place.ends_with('/')) place.remove_suffix(1);
  base::SystemClock clock;
  net::EventLoop loop(clock);
  net::CurlHttpClient client(net::CurlHttpClient::Options(), loop);
  auto calls = std::make_unique<platform::HttpCalls>(client, loop);
  std::promise<Answer> promise;
  loop.Post([&] {
    net::HttpClientRequest request;
    request.url = std::string(place) + path_and_query;
    request.max_response_bytes = kMostBytes;
    calls->Start(std::move(request), clock.Now() + kAnswerWithin,
                 [&promise](Answer answer) { promise.set_value(std::move(answer)); });
  });
  Answer answer = promise.get_future().get();
  std::promise<void> ended;
  loop.Post([&] {
    calls.reset();
    ended.set_value();
  });
  ended.get_future().get();
  if (answer) return answer;
  return base::Error{base::ErrorCode::kUnavailable,
                     std::string(place) + " 没有应答：服务没有运行，或 server.operations_listen 不是这个地址（" +
                         answer.error().message + "）"};
}

}  // namespace yingda::app
