// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "model/chat_model.h"
#include "model/hedge_budget.h"
#include "model/route_policy.h"
#include "model/upstream.h"
#include "net/event_loop.h"

namespace yingda::model {

/// An account's model: several upstreams behind one door. A question goes to the first that is well; what may pass is
/// tried again, what may not goes on to the next, until the first word of an answer is there. When that is late, a
/// second upstream is asked beside the first (对冲), within a budget, and whoever speaks first is heard. All of it
/// within the request's deadline. The outcome is that of the upstream that answered, or of the last that failed.
/// Thread-safety, lifetime and events as OpenAiChatModel; the upstreams must outlive it.
class ModelRouter final : public ChatModel {
 public:
  struct Choice {
    Upstream* upstream = nullptr;
    unsigned weight = 0;  // see RouteChoice
  };

  ModelRouter(std::string account, const RouteOptions& options, const std::vector<Choice>& choices,
              net::EventLoop& loop, base::Logger& log, base::Metrics& metrics);
  ~ModelRouter() override;
  ModelRouter(const ModelRouter&) = delete;
  ModelRouter& operator=(const ModelRouter&) = delete;

  std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) override;
  /// Of the first upstream.
  double TokensPerEstimate() const override;

  size_t questions() const { return questions_.size(); }

 private:
  class Handle;
  struct Attempt;
  struct Routed;
  struct Meters;
  using QuestionId = uint64_t;
  using RoutedPointer = std::shared_ptr<Routed>;

  void Step(const RoutedPointer& routed);
  void Begin(const RoutedPointer& routed, size_t candidate, bool hedge);
  base::TimePoint HedgeTime(const Routed& routed, const Attempt& attempt) const;
  base::Duration Patience(const Routed& routed, const Attempt& attempt) const;
  void ArmPatience(const RoutedPointer& routed);
  void OnPatienceOver(const RoutedPointer& routed);
  static ChatOutcome OutcomeOfLoser(const Attempt& loser, const Attempt& winner);
  void OnText(const RoutedPointer& routed, const std::shared_ptr<Attempt>& attempt, std::string_view text);
  void OnDone(const RoutedPointer& routed, const std::shared_ptr<Attempt>& attempt, const ChatOutcome& outcome);
  void Close(const RoutedPointer& routed, const std::shared_ptr<Attempt>& attempt, const ChatOutcome& outcome);
  void Finish(const RoutedPointer& routed, ChatOutcome outcome);
  void Drop(QuestionId id);
  void Refresh(Routed& routed) const;
  ChatOutcome NobodyToAsk(base::TimePoint now, base::TimePoint deadline) const;
  void Report(const Routed& routed, const ChatOutcome& outcome) const;

  const std::string account_;
  const RouteOptions options_;
  std::vector<Upstream*> upstreams_;
  std::vector<RouteChoice> choices_;
  net::EventLoop& loop_;
  base::Logger& log_;
  const std::unique_ptr<Meters> meters_;
  HedgeBudget hedges_;
  QuestionId next_id_ = 1;
  std::unordered_map<QuestionId, RoutedPointer> questions_;
  std::shared_ptr<ModelRouter*> self_;  // what handles and posts hold weakly
};

}  // namespace yingda::model
