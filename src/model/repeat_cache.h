// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/metrics.h"
#include "model/chat_model.h"
#include "net/event_loop.h"

namespace yingda::model {

/// In front of one account's model: the first question of a conversation that was asked before, word for word, may be
/// answered as it was then, without asking the model. Only questions without history and pictures, and only answers
/// that came whole and ended well. Both stay in memory, without any follower's name, for `ttl`.
///
/// Questions that are the same at the same time each ask for themselves: were they to share one call, one follower's
/// deadline, cancelled question or bad luck would be another's. Thread-safety, lifetime and events as OpenAiChatModel.
class RepeatCache final : public ChatModel {
 public:
  struct Options {
    base::Duration ttl{};       // since the answer was whole; 0: nothing is remembered, every question passes
    size_t max_entries = 1000;  // over these the one that was asked for longest ago goes first
    size_t max_bytes = size_t{4} * 1024 * 1024;  // of prompts, questions and answers together
  };

  /// `account` is for the metrics.
  RepeatCache(const std::string& account, const Options& options, ChatModel& model, net::EventLoop& loop,
              base::Metrics& metrics);
  ~RepeatCache() override;
  RepeatCache(const RepeatCache&) = delete;
  RepeatCache& operator=(const RepeatCache&) = delete;

  std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) override;
  double TokensPerEstimate() const override { return model_.TokensPerEstimate(); }

  size_t entries() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  class Hit;
  struct Listener;
  struct Entry {
    std::string key;
    std::string text;
    std::string finish_reason;
    base::TimePoint expires;
    std::list<Entry*>::iterator by_use, by_age;
  };

  Entry* Find(const std::string& key);
  void Remember(std::string key, std::string text, const ChatOutcome& outcome);
  void ForgetExpired();
  void Forget(Entry& entry);

  const Options options_;
  ChatModel& model_;
  net::EventLoop& loop_;
  base::Counter& hits_;
  base::Counter& misses_;
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries_;  // the key's characters are the entry's
  std::list<Entry*> by_use_, by_age_;                                     // oldest first
  size_t bytes_ = 0;
  std::shared_ptr<RepeatCache*> self_;  // what calls hold weakly
};

}  // namespace yingda::model
