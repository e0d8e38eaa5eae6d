// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "model/chat_model.h"
#include "net/event_loop.h"

namespace yingda::model {

/// Around one upstream that unloads its model when nobody asks (Ollama and other local servers), and then takes far
/// longer than a follower waits to load it again: from Start on, whenever no call has been under way for `every`, it
/// asks a one-word question itself. One at a time, and dropped at the answer's first word: by then the model is
/// loaded. What goes wrong is counted, and logged at most once an hour. Thread-safety: construct anywhere; all else,
/// and the end, on the loop or after loop.Stop(). Lifetime: the references outlive it; calls may outlive it.
class KeepWarm final : public ChatModel {
 public:
  struct Options {
    std::string upstream;    // for the log and metrics
    base::Duration every{};  // 0: never
    /// Of its own question. Loading takes minutes, where the disk is slow.
    base::Duration deadline = std::chrono::minutes(5);
  };

  KeepWarm(Options options, std::unique_ptr<ChatModel> model, net::EventLoop& loop, base::Logger& log,
           base::Metrics& metrics);
  ~KeepWarm() override;
  KeepWarm(const KeepWarm&) = delete;
  KeepWarm& operator=(const KeepWarm&) = delete;

  /// Asks only while this says so: a question of its own to an upstream that refuses our key is one too many.
  void AskOnlyWhile(std::function<bool()> may_ask) { may_ask_ = std::move(may_ask); }
  /// The first question comes at once: after a start the model may be cold.
  void Start();
  /// Drops its own question, and asks no other. Followers' calls go on.
  void Stop();

  std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) override;
  double TokensPerEstimate() const override { return model_->TokensPerEstimate(); }

 private:
  class Handle;

  void Look();
  void LookAfter(base::Duration delay);
  void Warm();
  void Warmed(const std::optional<ChatOutcome>& failure);
  void CallEnded();

  const Options options_;
  const std::unique_ptr<ChatModel> model_;
  std::function<bool()> may_ask_;  // empty: always
  net::EventLoop& loop_;
  base::Logger& log_;
  base::Counter& warm_;
  base::Counter& failed_;
  bool running_ = false;
  size_t calls_ = 0;  // of followers, under way
  base::TimePoint last_used_;
  net::EventLoop::TimerId timer_ = 0;
  std::unique_ptr<ChatCall> own_call_;
  std::optional<base::TimePoint> last_complaint_;
  std::shared_ptr<KeepWarm*> self_;  // what handles and posts hold weakly
};

}  // namespace yingda::model
