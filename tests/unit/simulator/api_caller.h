// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/curl_http_client.h"
#include "net/event_loop.h"
#include "simulator/wechat_api.h"
#include "support/manual_clock.h"

namespace yingda::simulator {

struct ApiReply {
  int status = 0;      // 0: no answer
  int errcode = -999;  // 0 when the body has none
  std::string body;
  nlohmann::json json;
};

/// A fake of WeChat's API, and a program that calls it over HTTP.
class ApiStage {
 public:
  explicit ApiStage(WeChatApi::Options options = {})
      : client_({}, loop_), api(std::move(options), loop_, clock, *logger_, metrics_) {
    started = api.Start().has_value();
  }
  ~ApiStage() { loop_.Stop(); }

  std::future<ApiReply> Begin(std::string method, const std::string& path_and_query, std::string body = {}) {
    auto promise = std::make_shared<std::promise<ApiReply>>();
    auto reply = std::make_shared<ApiReply>();
    net::HttpClientRequest request;
    request.method = std::move(method);
    request.url = api.BaseUrl() + path_and_query;
    request.body = std::move(body);
    // On a kept connection that ends without a byte, libcurl sends the request once more by itself, POST or not.
    request.headers = {{"Connection", "close"}};
    net::HttpClientEvents events;
    events.on_head = [reply](const net::HttpClientHead& head) { reply->status = head.status; };
    events.on_body = [reply](std::string_view bytes) { reply->body += bytes; };
    events.on_done = [reply, promise](const base::Result<void>& result) {
      if (!result) reply->status = 0;
      reply->json = nlohmann::json::parse(reply->body, nullptr, false);
      if (result && reply->json.is_object()) reply->errcode = reply->json.value("errcode", 0);
      promise->set_value(*reply);
    };
    auto future = promise->get_future();
    loop_.Post([this, request = std::move(request), events = std::move(events)] { client_.Start(request, events); });
    return future;
  }
  ApiReply Call(std::string method, const std::string& path_and_query, std::string body = {}) {
    return Begin(std::move(method), path_and_query, std::move(body)).get();
  }

  ApiReply LegacyToken() {
    return Call("GET",
                "/cgi-bin/token?grant_type=client_credential&appid=" + account_.app_id + "&secret=" + account_.secret);
  }
  ApiReply StableToken(bool force = false) {
    const nlohmann::json body = {{"grant_type", "client_credential"},
                                 {"appid", account_.app_id},
                                 {"secret", account_.secret},
                                 {"force_refresh", force}};
    return Call("POST", "/cgi-bin/stable_token", body.dump());
  }
  static std::string TokenIn(const ApiReply& reply) { return reply.json.value("access_token", ""); }
  /// A new stable token, or the current one.
  std::string Token() { return TokenIn(StableToken()); }

  ApiReply Say(const std::string& token, const std::string& open_id, const std::string& text) {
    const nlohmann::json body = {{"touser", open_id}, {"msgtype", "text"}, {"text", {{"content", text}}}};
    return Call("POST", kSend + ("?access_token=" + token), body.dump());
  }
  int Typing(const std::string& token, const std::string& open_id, const std::string& command = "Typing") {
    const nlohmann::json body = {{"touser", open_id}, {"command", command}};
    return Call("POST", "/cgi-bin/message/custom/typing?access_token=" + token, body.dump()).errcode;
  }
  /// What any call says to this token.
  int Check(const std::string& token) { return Call("GET", "/cgi-bin/getcallbackip?access_token=" + token).errcode; }

  static inline const std::string kSend = "/cgi-bin/message/custom/send";

 private:
  const ApiAccountOptions account_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;

 public:
  testing::ManualClock clock;

 private:
  net::EventLoop loop_{clock};
  net::CurlHttpClient client_;

 public:
  WeChatApi api;
  bool started = false;
};

}  // namespace yingda::simulator
