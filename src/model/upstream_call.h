// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/chat_model.h"
#include "model/chat_stream.h"
#include "model/upstream_request.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::model {

/// One HTTP exchange with one upstream: bytes in, text and one outcome out, within the upstream's deadlines.
/// Thread-safety: on the loop. Lifetime: dropping the last pointer cancels the call and its events; client and
/// loop must outlive it.
class UpstreamCall : public std::enable_shared_from_this<UpstreamCall> {
 public:
  struct Events {
    std::function<void(std::string_view)> on_text;
    std::function<void(const ChatOutcome&)> on_done;
    /// After on_done: the connection is free for the next call, or was closed.
    std::function<void()> on_released;
  };

  UpstreamCall(const UpstreamOptions& options, bool hold_back_reasoning, net::HttpClient& client, net::EventLoop& loop,
               Events events);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  void Start(net::HttpClientRequest request, base::TimePoint deadline, base::Duration first_token_within);
  /// The answer is over in a way that shows the model leaves out the opening tag of its reasoning.
  bool reasoning_leaked() const { return stream_.reasoning_leaked(); }

 private:
  void OnHead(const net::HttpClientHead& head);
  void OnBody(std::string_view bytes);
  void OnTransportDone(const base::Result<void>& result);
  void Conclude(const base::Result<void>& result);
  void Emit(const std::string& text);
  void Progress();
  void Arm();
  void OnTimer();
  void Done(const ChatOutcome& outcome);
  void FailWith(ChatFailure failure, std::string detail);
  void Release();

  const UpstreamOptions& options_;
  net::HttpClient& client_;
  net::EventLoop& loop_;
  const Events events_;
  ChatStream stream_;
  net::HttpClient::CallId http_call_ = 0;
  net::EventLoop::TimerId timer_ = 0;
  base::TimePoint armed_for_;
  base::Duration first_token_within_{};
  base::TimePoint total_deadline_;
  base::TimePoint phase_deadline_;  // first token, then idle
  int status_ = 0;
  std::optional<base::Duration> retry_after_;
  std::string refused_member_;
  std::string error_body_;
  size_t progress_ = 0;
  bool text_given_ = false;
  bool done_ = false;
  bool released_ = false;
};

}  // namespace yingda::model
