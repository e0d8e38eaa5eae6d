// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wechat/callback.h"
#include "wechat/incoming.h"
#include "wechat/message_cipher.h"

// WeChat's side of a push, for the simulator, the tests and the benchmarks.
namespace yingda::wechat {

/// The body of a push in clear. Dotted field names become nested elements again; ParseIncoming gives back what went in.
std::string BuildPushXml(const Incoming& message);
std::string BuildPushJson(const Incoming& message);

/// The query that WeChat appends to the configured URL.
struct PushQuery {
  std::string signature, timestamp, nonce, open_id, encrypt_type, msg_signature, echostr;

  /// "signature=…&timestamp=…", percent-encoded, absent ones left out.
  std::string Text() const;
  /// Lifetime: views into this object.
  CallbackQuery View() const { return {signature, timestamp, nonce, msg_signature, encrypt_type, echostr}; }
};

struct BuiltPush {
  PushQuery query;
  std::string body;
};

/// Signs and encrypts pushes as WeChat does for one account. Thread-safety: all members; immutable.
class PushBuilder {
 public:
  struct Options {
    std::string token;
    std::string app_id = {};
    std::string encoding_aes_key = {};
    CallbackMode mode = CallbackMode::kPlain;
    bool json = false;
  };
  /// What differs from push to push; random16 is used when the mode encrypts.
  struct Stamp {
    int64_t timestamp = 0;
    std::string nonce;
    std::string random16;
  };

  static base::Result<PushBuilder> Create(Options options);

  BuiltPush Build(const Incoming& message, const Stamp& stamp) const;
  /// The GET of the console's URL check.
  PushQuery BuildVerification(std::string echostr, const Stamp& stamp) const;

  /// nullptr in plain mode.
  const MessageCipher* cipher() const { return cipher_ ? &*cipher_ : nullptr; }
  const Options& options() const { return options_; }

 private:
  explicit PushBuilder(Options options) : options_(std::move(options)) {}
  PushQuery Sign(const Stamp& stamp) const;

  Options options_;
  std::optional<MessageCipher> cipher_;
};

}  // namespace yingda::wechat
