// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace yingda::wechat {

/// Why a message could not be decrypted. The difference is for the operator's log (a wrong AppID in the configuration
/// is the usual mistake); the other side must always see one and the same answer.
enum class DecryptFailure {
  kCorrupt,  // not base64, wrong key, wrong padding or wrong length
  kAppId,    // decrypted well, but made for another AppID
};

/// The message encryption of the safe mode (安全模式): AES-256-CBC with the first half of the key as IV, over
/// random16 | length | message | AppID, padded to 32 bytes (twice the cipher's block, so a library's own unpadding
/// refuses half of all messages). Verify msg_signature before decrypting: the cipher alone authenticates nothing.
/// Thread-safety: all members; immutable. Source: 公众号开发文档, 消息加解密说明.
class MessageCipher {
 public:
  /// Errors: kInvalidArgument when the EncodingAESKey is not 43 base64 characters or the AppID is empty; the message
  /// starts with the name of the configuration key and never quotes the secret.
  static base::Result<MessageCipher> Create(std::string_view encoding_aes_key, std::string app_id);

  /// The message inside an `Encrypt` element. Errors: kUnauthenticated, the same for every cause.
  base::Result<std::string> Decrypt(std::string_view base64) const;
  /// The same with the cause, for logs only.
  std::variant<std::string, DecryptFailure> Open(std::string_view base64) const;

  /// `random16` must be 16 fresh random bytes for each message: the IV never changes.
  std::string Encrypt(std::string_view message, std::string_view random16) const;

 private:
  MessageCipher(std::string key, std::string app_id) : key_(std::move(key)), app_id_(std::move(app_id)) {}

  std::string key_;
  std::string app_id_;
};

}  // namespace yingda::wechat
