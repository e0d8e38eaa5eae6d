// SPDX-License-Identifier: MIT
#pragma once

#include "wechat/callback.h"
#include "wechat/push_builder.h"

namespace yingda::simulator {

/// One account, as the console (the simulator's side) and as the server know it.
inline wechat::PushBuilder::Options ConsoleAccount(wechat::CallbackMode mode, bool json = false) {
  wechat::PushBuilder::Options options;
  options.token = "a-token-for-tests";
  options.app_id = "wx0123456789abcdef";
  options.encoding_aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
  options.mode = mode;
  options.json = json;
  return options;
}

inline wechat::Callback::Options ServerAccount(wechat::CallbackMode mode) {
  const wechat::PushBuilder::Options console = ConsoleAccount(mode);
  wechat::Callback::Options options;
  options.token = console.token;
  options.app_id = console.app_id;
  options.encoding_aes_key = console.encoding_aes_key;
  options.mode = mode;
  options.timestamp_window = std::chrono::minutes(10);
  return options;
}

}  // namespace yingda::simulator
