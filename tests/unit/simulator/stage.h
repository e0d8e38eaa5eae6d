// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/curl_http_client.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "simulator/messages.h"
#include "simulator/wechat_simulator.h"
#include "support/conductor.h"
#include "support/manual_clock.h"
#include "wechat/callback.h"

namespace yingda::simulator {

/// One push as it came to the callback, with the right to answer it.
struct ReceivedPush {
  int number = 0;  // from 1, over all pushes
  std::optional<wechat::OpenedPush> opened;
  std::string refused;  // when it did not open: why
  std::string body;
  std::string query_signature;
  std::string openid;
};

/// A callback that does what a test says, on a real server.
class ScriptedCallback {
 public:
  using Script = std::function<void(const ReceivedPush&, net::Responder)>;

  ScriptedCallback(wechat::CallbackMode mode, testing::ManualClock& clock, Script script);
  ~ScriptedCallback() { server_.Stop(std::chrono::seconds(1)); }

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(server_.Port()) + "/wx/main"; }
  std::vector<ReceivedPush> Received() const;
  size_t Parked() const { return server_.Parked(); }
  /// Keeps a responder open for as long as the callback lives.
  void Hold(net::Responder responder);
  /// The body that answers `push` with `reply`, sealed as the mode asks.
  std::string Answer(const wechat::OpenedPush& push, const wechat::Reply& reply) const;

 private:
  void Verify(const net::HttpRequest& request, net::Responder responder);
  void Receive(const net::HttpRequest& request, net::Responder responder);

  testing::ManualClock& clock_;
  const wechat::Callback callback_;
  const Script script_;
  std::unique_ptr<base::Logger> logger_ = base::MakeNullLogger();
  base::Metrics metrics_;
  base::Guarded<std::vector<ReceivedPush>> received_;
  base::Guarded<std::vector<net::Responder>> held_;
  net::HttpServer server_;
};

/// The simulator against a scripted callback, with a clock that the test moves.
class Stage {
 public:
  explicit Stage(ScriptedCallback::Script script, wechat::CallbackMode mode = wechat::CallbackMode::kPlain,
                 bool json = false);

  testing::ManualClock& clock() { return clock_; }
  net::EventLoop& loop() { return loop_; }
  ScriptedCallback& callback() { return callback_; }
  WeChatSimulator& wechat() { return *simulators_.front(); }
  testing::Conductor& conductor() { return conductor_; }
  WeChatSimulator::Options SimulatorOptions() const;
  /// Another simulator on the same loop, with options of its own.
  base::Result<WeChatSimulator*> Add(WeChatSimulator::Options options);
  /// Ends the simulator that was added last.
  void RemoveLast() { simulators_.pop_back(); }

  /// Sends one message from o_follower, and plays until its outcome is there.
  PushOutcome Send(wechat::Incoming message, Faults faults = {});
  PushOutcome Say(const std::string& text, Faults faults = {}) { return Send(TextMessage(text), std::move(faults)); }
  base::Result<void> Verify(WeChatSimulator& wechat);
  /// For scripts that answer with a text.
  void Reply(const ReceivedPush& push, net::Responder responder, const std::string& text);

 private:
  bool EveryRequestIsParked() const;

  testing::ManualClock clock_;
  net::EventLoop loop_{clock_};
  net::CurlHttpClient client_;
  const wechat::CallbackMode mode_;
  const bool json_;
  ScriptedCallback callback_;
  std::vector<std::unique_ptr<WeChatSimulator>> simulators_;
  testing::Conductor conductor_;
};

}  // namespace yingda::simulator
