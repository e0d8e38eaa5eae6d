// SPDX-License-Identifier: MIT
#include "server/callback_handler.h"

#include <utility>
#include <variant>

namespace yingda::server {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kBetweenRefusalLogs = 1s;

wechat::CallbackQuery QueryOf(const net::HttpRequest& request) {
  return {request.Parameter("signature"),     request.Parameter("timestamp"),    request.Parameter("nonce"),
          request.Parameter("msg_signature"), request.Parameter("encrypt_type"), request.Parameter("echostr")};
}

/// Seals each reply as its push was sealed.
class PushReply final : public bot::ReplyPort {
 public:
  PushReply(const wechat::Callback& callback, wechat::OpenedPush push, base::Clock& clock, std::string_view request_id,
            net::Responder responder)
      : callback_(callback),
        push_(std::move(push)),
        clock_(clock),
        request_id_(request_id),
        responder_(std::move(responder)) {}

  bool Send(const std::string& reply_body) override {
    net::HttpResponse response;
    response.content_type = push_.json ? "application/json; charset=utf-8" : "application/xml; charset=utf-8";
    response.body = callback_.Seal(reply_body, push_, clock_.WallNow());
    return responder_.Send(std::move(response));
  }
  void Close() override { responder_.Close(); }
  std::string_view RequestId() const override { return request_id_; }
  void OnClosed(std::function<void()> function) override { responder_.OnClosed(std::move(function)); }

 private:
  const wechat::Callback& callback_;
  const wechat::OpenedPush push_;  // how it was sealed; its message has gone to the bot
  base::Clock& clock_;
  const std::string request_id_;
  net::Responder responder_;
};

}  // namespace

CallbackHandler::CallbackHandler(const bot::Account& account, wechat::Callback callback, bot::Bot& bot,
                                 base::Clock& clock, base::Logger& logger, base::Metrics& metrics)
    : account_(account),
      callback_(std::move(callback)),
      bot_(bot),
      clock_(clock),
      logger_(logger),
      metrics_(metrics),
      verified_(metrics.Counter("yingda_url_verifications_total", "URL verifications that passed",
                                {{"account", account.name}})) {}

void CallbackHandler::Serve(net::HttpServer& server, const std::string& path) {
  server.Handle("GET", path, [this](const auto& request, auto responder) { Verify(request, std::move(responder)); });
  server.Handle("POST", path, [this](const auto& request, auto responder) { Receive(request, std::move(responder)); });
}

void CallbackHandler::Verify(const net::HttpRequest& request, net::Responder responder) {
  auto result = callback_.VerifyUrl(QueryOf(request), clock_.WallNow());
  if (const auto* failure = std::get_if<wechat::CallbackFailure>(&result)) {
    Refuse(request, std::move(responder), *failure);
    return;
  }
  verified_.Add();
  logger_.Info("url_verified", {{"account", account_.name}, {"request", request.Id()}});
  // Plain text, never HTML: the echo is the caller's own words.
  responder.Send({200, "text/plain; charset=utf-8", std::get<std::string>(std::move(result)), {}});
}

void CallbackHandler::Receive(const net::HttpRequest& request, net::Responder responder) {
  auto result = callback_.Open(QueryOf(request), request.Body(), clock_.WallNow());
  if (const auto* failure = std::get_if<wechat::CallbackFailure>(&result)) {
    Refuse(request, std::move(responder), *failure);
    return;
  }
  auto& push = std::get<wechat::OpenedPush>(result);
  const wechat::Incoming message = std::move(push.message);
  const bool json = push.json;
  bot_.Receive(account_, message, json,
               std::make_shared<PushReply>(callback_, std::move(push), clock_, request.Id(), std::move(responder)));
}

base::Counter& CallbackHandler::FailureCounter(wechat::CallbackFailure failure) {
  return metrics_.Counter("yingda_refused_pushes_total", "Requests to a callback address that a check refused",
                          {{"account", account_.name}, {"check", wechat::ToString(failure)}});
}

void CallbackHandler::Refuse(const net::HttpRequest& request, net::Responder responder,
                             wechat::CallbackFailure failure) {
  FailureCounter(failure).Add();
  const int64_t now = clock_.Now().time_since_epoch().count();
  int64_t next = next_log_ns_.load();
  if (now >= next && next_log_ns_.compare_exchange_strong(next, now + kBetweenRefusalLogs.count())) {
    logger_.Warning("push_refused", {{"account", account_.name},
                                     {"check", wechat::ToString(failure)},
                                     {"method", request.Method()},
                                     {"from", request.RemoteAddress()},
                                     {"request", request.Id()},
                                     {"not_logged_before", unlogged_.exchange(0)}});
  } else {
    ++unlogged_;
  }
  responder.Send({403, "text/plain; charset=utf-8", "", {}});
}

}  // namespace yingda::server
