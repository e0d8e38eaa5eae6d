// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "wechat/incoming.h"

namespace yingda::wechat {

/// The message key: what makes the tries of one message the same, and nothing else the same.
///   messages  account|m|ToUserName|FromUserName|MsgId
///   events    account|e|ToUserName|FromUserName|CreateTime|Event|EventKey
/// MsgId alone is not enough: it has been seen to repeat across followers. A message without a MsgId is told apart by
/// its time, type and contents (account|c|…). The MsgID of job events names the outgoing message and is never used.
/// Limits: '|', '%' and control characters inside a part are percent-encoded, and a part above 128 bytes is replaced by
/// its SHA-1, so that a key is below 1 KiB and no part can pose as another.
std::string MessageKey(std::string_view account, const Incoming& message);

}  // namespace yingda::wechat
