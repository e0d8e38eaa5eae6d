// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "model/chat_model.h"

namespace yingda::model {

/// A model whose calls a test answers by hand, on the loop's thread.
class FakeChatModel final : public ChatModel {
 public:
  std::unique_ptr<ChatCall> Ask(const ChatRequest& request, ChatEvents events) override {
    requests.push_back(request);
    open.emplace(requests.size(), std::move(events));
    return std::make_unique<Call>(*this, requests.size());
  }
  double TokensPerEstimate() const override { return 1.5; }

  /// Calls have the numbers 1, 2, … in the order of their questions. An event may drop its own call.
  void Say(size_t call, std::string_view text) {
    const ChatEvents events = open.at(call);
    events.on_text(text);
  }
  void End(size_t call, const ChatOutcome& outcome = {}) {
    const ChatEvents events = open.at(call);
    open.erase(call);
    events.on_done(outcome);
  }

  std::vector<ChatRequest> requests;
  std::map<size_t, ChatEvents> open;
  size_t dropped = 0;

 private:
  class Call final : public ChatCall {
   public:
    Call(FakeChatModel& model, size_t number) : model_(model), number_(number) {}
    ~Call() override { model_.dropped += model_.open.erase(number_); }

   private:
    FakeChatModel& model_;
    const size_t number_;
  };
};

inline ChatOutcome Failed(ChatFailure failure) {
  ChatOutcome outcome;
  outcome.failure = failure;
  outcome.detail = "scripted";
  return outcome;
}

}  // namespace yingda::model
