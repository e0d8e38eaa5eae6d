// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wechat/message_cipher.h"
#include "wechat/reply.h"

// WeChat's side of a passive reply, for the simulator and the tests: strict where WeChat is.
namespace yingda::wechat {

struct OpenedReply {
  Reply reply;            // NoReply for `success` and the empty body, which leave the rest empty
  std::string to_user;    // the follower
  std::string from_user;  // the account
  int64_t create_time = 0;
  bool encrypted = false;
  bool json = false;
};

/// What opens an encrypted reply. Without a cipher such a reply is an error; with `require_encrypted` one in clear is.
struct ReplyKeys {
  std::string_view token = {};
  const MessageCipher* cipher = nullptr;
  bool require_encrypted = false;
};

/// Errors: kUnauthenticated (MsgSignature, decryption, in clear although it must not be); kInvalidArgument (anything
/// that WeChat would answer with its failure notice: not XML, blanks before it, unknown MsgType, missing elements).
base::Result<OpenedReply> OpenReply(std::string_view body, const ReplyKeys& keys = {});

}  // namespace yingda::wechat
