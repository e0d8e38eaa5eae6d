// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "bot/account.h"
#include "wechat/incoming.h"

namespace yingda::server {

/// What would become of a message and why, for `yingda explain` and GET /test: the station that decides it, the rule or
/// word with its file and line, why others lost, and the reply when it needs no model.
struct Explanation {
  std::string json;  // one JSON object
  std::string text;  // the same for a terminal, Chinese
  bool asks_model = false;
  std::string question;     // what the model would be asked
  std::string instruction;  // of a rule, behind the system prompt
};
/// `now` decides about the hours and dates of rules. For a rule that cools down, as if nobody had got it yet.
Explanation Explain(const bot::Account& account, const wechat::Incoming& message, base::WallTime now);

/// A text message of an invented follower, for Explain.
wechat::Incoming TextMessage(std::string_view text);
/// An event of an invented follower. `name` as rules or WeChat write it; `key`: a menu's key, or the scene of a QR
/// code, with or without qrscene_.
wechat::Incoming EventMessage(std::string_view name, std::string_view key);

}  // namespace yingda::server
