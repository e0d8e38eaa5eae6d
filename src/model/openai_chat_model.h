// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "base/metrics.h"
#include "model/chat_model.h"
#include "model/upstream_call.h"
#include "model/upstream_request.h"
#include "net/event_loop.h"
#include "net/http_client.h"

namespace yingda::model {

/// A model behind one OpenAI-compatible endpoint. Never holds more calls open than `max_calls_in_flight`; up to
/// `max_queued` more wait, first come first served, and their waiting counts against their deadline; what is over that,
/// or would wait past its deadline as calls go now, fails with kOverloaded at once. One call is one request, but for a
/// member of it that the upstream turns out not to know: that is left out, said once more, and remembered. Retries,
/// fallback and the like are ModelRouter's. Thread-safety: construct anywhere; destroy on the loop or after
/// loop.Stop(), open calls then end without any event. Lifetime: all references must outlive it; calls may outlive it.
class OpenAiChatModel final : public ChatModel {
 public:
  using Options = UpstreamOptions;

  OpenAiChatModel(Options options, net::HttpClient& client, net::EventLoop& loop, base::Logger& log,
                  base::Metrics& metrics);
  ~OpenAiChatModel() override;
  OpenAiChatModel(const OpenAiChatModel&) = delete;
  OpenAiChatModel& operator=(const OpenAiChatModel&) = delete;

  std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) override;

  double TokensPerEstimate() const override { return tokens_per_estimate_; }

  size_t in_flight() const { return running_; }
  size_t queued() const { return queue_.size(); }

 private:
  class Handle;
  struct Asked;
  struct Meters;
  using CallId = uint64_t;

  void Run(CallId id);
  void Send(CallId id, Asked& asked);
  bool SaysOtherwise(Asked& asked, const ChatOutcome& outcome);
  bool WouldWaitTooLong(base::TimePoint deadline) const;
  void LearnChanges(const Asked& asked, const ChatOutcome& outcome);
  void LearnTokens(const Asked& asked, const ChatOutcome& outcome);
  void RunQueued();
  void OnText(CallId id, std::string_view text);
  void OnDone(CallId id, const ChatOutcome& outcome);
  void Release(CallId id);
  void Drop(CallId id);
  void FailUnsent(CallId id, ChatFailure failure, const char* detail);
  void Report(const Asked& asked, const ChatOutcome& outcome);

  const Options options_;
  net::HttpClient& client_;
  net::EventLoop& loop_;
  base::Logger& log_;
  const std::unique_ptr<Meters> meters_;
  bool hold_back_reasoning_ = false;
  UpstreamRequestMaker requests_;
  RequestChanges changes_;
  double tokens_per_estimate_ = 1;
  base::Duration usual_time_{};  // of a call, lately
  size_t running_ = 0;
  CallId next_id_ = 1;
  std::unordered_map<CallId, std::shared_ptr<Asked>> asked_;
  std::set<CallId> queue_;                  // ids grow, so the first is the oldest
  std::shared_ptr<OpenAiChatModel*> self_;  // what handles and posts hold weakly
};

}  // namespace yingda::model
