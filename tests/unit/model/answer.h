// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "model/chat_model.h"
#include "support/gate.h"

namespace yingda::model {

/// What one question brought: written on the loop's thread, read by the test behind a gate.
struct Answer {
  std::string text;
  ChatOutcome outcome;
  testing::Gate text_came, done;
  net::EventLoop* loop = nullptr;
  std::unique_ptr<ChatCall> call;

  ~Answer() {
    if (loop != nullptr) testing::RunOn(*loop, [this] { call.reset(); });
  }
  ChatEvents Events() {
    return {[this](std::string_view piece) {
              text += piece;
              text_came.Open();
            },
            [this](const ChatOutcome& end) {
              outcome = end;
              done.Open();
            }};
  }
};

}  // namespace yingda::model
