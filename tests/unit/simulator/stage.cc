// SPDX-License-Identifier: MIT
#include "unit/simulator/stage.h"

#include <gtest/gtest.h>

#include "unit/simulator/accounts.h"
#include "wechat/passive_reply.h"

namespace yingda::simulator {
namespace {

constexpr base::Duration kStep = std::chrono::milliseconds(500);
constexpr base::Duration kLongest = std::chrono::seconds(120);

net::HttpServer::Options ServerOptions() {
  net::HttpServer::Options options;
  options.threads = 2;
  return options;
}

net::CurlHttpClient::Options ClientOptions() {
  net::CurlHttpClient::Options options;
  options.max_calls = 4'096;
  return options;
}

wechat::CallbackQuery QueryOf(const net::HttpRequest& request) {
  wechat::CallbackQuery query;
  query.signature = request.Parameter("signature");
  query.timestamp = request.Parameter("timestamp");
  query.nonce = request.Parameter("nonce");
  query.msg_signature = request.Parameter("msg_signature");
  query.encrypt_type = request.Parameter("encrypt_type");
  query.echostr = request.Parameter("echostr");
  return query;
}

}  // namespace

ScriptedCallback::ScriptedCallback(wechat::CallbackMode mode, testing::ManualClock& clock, Script script)
    : clock_(clock),
      callback_(*wechat::Callback::Create(ServerAccount(mode))),
      script_(std::move(script)),
      server_(ServerOptions(), clock, *logger_, metrics_) {
  server_.Handle("GET", "/wx/main", [this](const net::HttpRequest& request, net::Responder responder) {
    Verify(request, std::move(responder));
  });
  server_.Handle("POST", "/wx/main", [this](const net::HttpRequest& request, net::Responder responder) {
    Receive(request, std::move(responder));
  });
  EXPECT_TRUE(server_.Start());
}

void ScriptedCallback::Verify(const net::HttpRequest& request, net::Responder responder) {
  const auto echo = callback_.VerifyUrl(QueryOf(request), clock_.WallNow());
  const auto* text = std::get_if<std::string>(&echo);
  responder.Send(text == nullptr ? net::HttpResponse{403, "text/plain", "", {}}
                                 : net::HttpResponse{200, "text/plain", *text, {}});
}

void ScriptedCallback::Receive(const net::HttpRequest& request, net::Responder responder) {
  const auto opened = callback_.Open(QueryOf(request), request.Body(), clock_.WallNow());
  ReceivedPush push;
  push.body = request.Body();
  push.query_signature = request.Parameter("signature");
  push.openid = request.Parameter("openid");
  if (const auto* good = std::get_if<wechat::OpenedPush>(&opened)) {
    push.opened = *good;
  } else {
    push.refused = ToString(std::get<wechat::CallbackFailure>(opened));
  }
  received_.With([&](std::vector<ReceivedPush>& all) {
    push.number = static_cast<int>(all.size()) + 1;
    all.push_back(push);
  });
  if (!push.opened) {
    responder.Send({403, "text/plain", "", {}});
    return;
  }
  script_(push, std::move(responder));
}

std::vector<ReceivedPush> ScriptedCallback::Received() const {
  return received_.With([](const std::vector<ReceivedPush>& all) { return all; });
}

void ScriptedCallback::Hold(net::Responder responder) {
  held_.With([&](std::vector<net::Responder>& held) { held.push_back(std::move(responder)); });
}

std::string ScriptedCallback::Answer(const wechat::OpenedPush& push, const wechat::Reply& reply) const {
  const wechat::Incoming& message = push.message;
  const int64_t now = base::UnixSeconds(clock_.WallNow());
  std::string body = push.json ? wechat::PassiveReplyJson(reply, message.from_user, message.to_user, now)
                               : wechat::PassiveReplyXml(reply, message.from_user, message.to_user, now);
  return callback_.Seal(std::move(body), push, clock_.WallNow());
}

Stage::Stage(ScriptedCallback::Script script, wechat::CallbackMode mode, bool json)
    : client_(ClientOptions(), loop_),
      mode_(mode),
      json_(json),
      callback_(mode, clock_, std::move(script)),
      conductor_(clock_, {[this] { return loop_.Idle(); }, [this] { return EveryRequestIsParked(); }}) {
  EXPECT_TRUE(Add(SimulatorOptions()));
}

base::Result<WeChatSimulator*> Stage::Add(WeChatSimulator::Options options) {
  YINGDA_TRY(auto simulator, WeChatSimulator::Create(std::move(options), loop_, client_));
  simulators_.push_back(std::move(simulator));
  return simulators_.back().get();
}

bool Stage::EveryRequestIsParked() const {
  size_t open = 0;
  for (const auto& simulator : simulators_) open += simulator->OpenRequests();
  return open == callback_.Parked();
}

WeChatSimulator::Options Stage::SimulatorOptions() const {
  WeChatSimulator::Options options;
  options.url = callback_.Url();
  options.original_id = "gh_account";
  options.account = ConsoleAccount(mode_, json_);
  options.seed = 1;
  return options;
}

PushOutcome Stage::Send(wechat::Incoming message, Faults faults) {
  base::Guarded<std::optional<PushOutcome>> outcome;
  message.from_user = "o_follower";
  wechat().Push(std::move(message), std::move(faults),
                [&outcome](PushOutcome result) { outcome.With([&](auto& value) { value = std::move(result); }); });
  const bool ended = conductor_.RunUntil(
      [&] { return outcome.With([](const auto& value) { return value.has_value(); }); }, kLongest, kStep);
  if (!ended) simulators_.clear();  // `outcome` must not be written to any more
  return outcome.With([](const auto& value) { return value.value_or(PushOutcome{}); });
}

base::Result<void> Stage::Verify(WeChatSimulator& wechat) {
  base::Guarded<std::optional<base::Result<void>>> result;
  wechat.VerifyUrl(
      [&](base::Result<void> verified) { result.With([&](auto& value) { value = std::move(verified); }); });
  conductor_.RunUntil([&] { return result.With([](const auto& value) { return value.has_value(); }); }, kLongest,
                      kStep);
  return result.With([](const auto& value) { return *value; });
}

void Stage::Reply(const ReceivedPush& push, net::Responder responder, const std::string& text) {
  responder.Send({200, "application/xml", callback_.Answer(*push.opened, wechat::TextReply{text}), {}});
}

}  // namespace yingda::simulator
