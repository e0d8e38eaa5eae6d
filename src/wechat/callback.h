// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "wechat/incoming.h"
#include "wechat/message_cipher.h"

namespace yingda::wechat {

/// How the WeChat console is set to send (消息加解密方式): 明文模式, 兼容模式, 安全模式.
enum class CallbackMode { kPlain, kCompatible, kSafe };

/// The query parameters of a push, already percent-decoded; empty when absent. Views into the request.
struct CallbackQuery {
  std::string_view signature, timestamp, nonce, msg_signature, encrypt_type, echostr;
};

/// Why a push was refused. For logs and metrics only: whoever sent it gets the same empty 403 for all of them.
enum class CallbackFailure {
  kMissingParameter,
  kSignature,              // `signature` is wrong: another Token, or not WeChat
  kMessageSignature,       // `msg_signature` is wrong
  kTimestamp,              // well signed, but too old or too new: a replay, or a clock that is off
  kNotEncrypted,           // safe mode, but the push came in clear: a downgrade, or the console is set to another mode
  kUnexpectedlyEncrypted,  // plain mode, but the push came encrypted
  kDecrypt,                // the EncodingAESKey is another one
  kAppId,                  // decrypted, but made for another AppID
  kBadBody,                // malformed, or lacks what every push has
};
/// The name in lower case, e.g. "message_signature".
const char* ToString(CallbackFailure failure);

/// A push that passed every check. The last three members let Seal answer in kind.
struct OpenedPush {
  Incoming message;
  bool encrypted = false;
  bool json = false;
  bool by_previous_key = false;  // WeChat still uses the key before a rotation; so must the reply
  std::string nonce;             // only when encrypted
};

/// Verifies and opens the pushes of one account, and seals the replies.
/// Plain mode: `signature`. Compatible: `msg_signature` and the encrypted part when there is one, else `signature`.
/// Safe: `msg_signature` and the encrypted part, or nothing; `signature` covers neither body nor sender.
/// There is no memory of nonces: WeChat's second and third try may repeat them and must be answered.
/// Thread-safety: all members; immutable. Cost: microseconds; see bench/parse_bench.cc.
/// Source: 公众号开发文档, 接入概述 and 消息加解密说明.
class Callback {
 public:
  struct Options {
    std::string token;
    std::string app_id = {};                     // needed unless mode is plain
    std::string encoding_aes_key = {};           // needed unless mode is plain
    std::string previous_encoding_aes_key = {};  // during a key rotation; may be empty
    CallbackMode mode = CallbackMode::kPlain;
    base::Duration timestamp_window{0};  // how far a signed timestamp may be from now, both ways; 0: any
  };

  /// Errors: kInvalidArgument; the message starts with the option's name and never holds a secret.
  static base::Result<Callback> Create(Options options);

  /// Answers the GET that the console sends on saving: the echostr to send back as it is, as text/plain.
  std::variant<std::string, CallbackFailure> VerifyUrl(const CallbackQuery& query, base::WallTime now) const;

  std::variant<OpenedPush, CallbackFailure> Open(const CallbackQuery& query, std::string_view body,
                                                 base::WallTime now) const;

  /// The response body for `reply_body` (from PassiveReplyXml or …Json): encrypted when the push was. `success` and the
  /// empty body stay plain, as WeChat asks.
  std::string Seal(std::string reply_body, const OpenedPush& push, base::WallTime now) const;

  CallbackMode mode() const { return options_.mode; }

 private:
  explicit Callback(Options options) : options_(std::move(options)) {}

  std::optional<CallbackFailure> CheckSignature(const CallbackQuery& query, base::WallTime now) const;
  bool InWindow(std::string_view timestamp, base::WallTime now) const;
  std::variant<OpenedPush, CallbackFailure> OpenPlain(const CallbackQuery& query, std::string_view body,
                                                      base::WallTime now) const;
  std::variant<OpenedPush, CallbackFailure> OpenEncrypted(const CallbackQuery& query, std::string_view encrypt,
                                                          base::WallTime now) const;

  Options options_;
  std::optional<MessageCipher> cipher_;
  std::optional<MessageCipher> previous_cipher_;
};

}  // namespace yingda::wechat
