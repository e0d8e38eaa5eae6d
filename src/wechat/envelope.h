// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "wechat/message_cipher.h"

namespace yingda::wechat {

/// What an encrypted reply goes out with. Views: they must live through the call.
struct EnvelopeSeal {
  std::string_view token;
  std::string_view timestamp;  // Unix seconds of our own clock
  std::string_view nonce;      // the push's own
  std::string_view random16;   // fresh for each message
};

/// The envelope of an encrypted passive reply: Encrypt, MsgSignature, TimeStamp, Nonce, as XML or JSON.
/// Source: 公众号开发文档, 消息加解密说明.
std::string ReplyEnvelope(const MessageCipher& cipher, std::string_view reply_body, const EnvelopeSeal& seal,
                          bool json);

}  // namespace yingda::wechat
