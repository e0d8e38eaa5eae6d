// SPDX-License-Identifier: MIT
#include "wechat/callback.h"

#include <algorithm>
#include <charconv>

#include "base/secret.h"
#include "wechat/envelope.h"
#include "wechat/incoming_fields.h"
#include "wechat/passive_reply.h"
#include "wechat/signature.h"

namespace yingda::wechat {
namespace {

base::Error Invalid(std::string message) { return {base::ErrorCode::kInvalidArgument, std::move(message)}; }

bool HoldsBlank(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}

base::Result<MessageCipher> NamedCipher(std::string_view prefix, const std::string& key, const std::string& app_id) {
  auto cipher = MessageCipher::Create(key, app_id);
  if (cipher) return cipher;
  return cipher.error().Prefixed(prefix);
}

}  // namespace

const char* ToString(CallbackFailure failure) {
  switch (failure) {
    case CallbackFailure::kMissingParameter:
      return "missing_parameter";
    case CallbackFailure::kSignature:
      return "signature";
    case CallbackFailure::kMessageSignature:
      return "message_signature";
    case CallbackFailure::kTimestamp:
      return "timestamp";
    case CallbackFailure::kNotEncrypted:
      return "not_encrypted";
    case CallbackFailure::kUnexpectedlyEncrypted:
      return "unexpectedly_encrypted";
    case CallbackFailure::kDecrypt:
      return "decrypt";
    case CallbackFailure::kAppId:
      return "app_id";
    case CallbackFailure::kBadBody:
      return "bad_body";
  }
  return "unknown";
}

base::Result<Callback> Callback::Create(Options options) {
  if (options.token.empty()) return Invalid("token: is missing; it is the Token set in the WeChat console");
  if (HoldsBlank(options.token)) return Invalid("token: must not hold blanks or line ends");
  if (HoldsBlank(options.app_id)) return Invalid("app_id: must not hold blanks or line ends");
  if (options.timestamp_window.count() < 0) return Invalid("timestamp_window: must not be negative");
  Callback callback(std::move(options));
  const Options& set = callback.options_;
  if (set.mode == CallbackMode::kPlain) return callback;
  if (set.encoding_aes_key.empty()) {
    return Invalid("encoding_aes_key: is missing; modes compatible and safe need it");
  }
  YINGDA_TRY(callback.cipher_, MessageCipher::Create(set.encoding_aes_key, set.app_id));
  if (!set.previous_encoding_aes_key.empty()) {
    YINGDA_TRY(callback.previous_cipher_, NamedCipher("previous_", set.previous_encoding_aes_key, set.app_id));
  }
  return callback;
}

std::variant<std::string, CallbackFailure> Callback::VerifyUrl(const CallbackQuery& query, base::WallTime now) const {
  if (query.echostr.empty()) return CallbackFailure::kMissingParameter;
  if (const auto failure = CheckSignature(query, now)) return *failure;
  return std::string(query.echostr);
}

std::variant<OpenedPush, CallbackFailure> Callback::Open(const CallbackQuery& query, std::string_view body,
                                                         base::WallTime now) const {
  const bool says_encrypted = query.encrypt_type == "aes";
  if (options_.mode == CallbackMode::kPlain) {
    return says_encrypted ? CallbackFailure::kUnexpectedlyEncrypted : OpenPlain(query, body, now);
  }
  const bool must_be_encrypted = options_.mode == CallbackMode::kSafe;
  if (!says_encrypted) {
    if (must_be_encrypted) return CallbackFailure::kNotEncrypted;
    return OpenPlain(query, body, now);
  }
  // Which signature counts depends on whether there is an Encrypt, so the body is parsed before it is trusted.
  const auto outer = ParsePushBody(body);
  if (!outer) return CallbackFailure::kBadBody;
  const std::string_view encrypt = outer->message.Get("Encrypt");
  if (!encrypt.empty()) return OpenEncrypted(query, encrypt, now);
  if (must_be_encrypted) return CallbackFailure::kNotEncrypted;
  return OpenPlain(query, body, now);
}

std::variant<OpenedPush, CallbackFailure> Callback::OpenPlain(const CallbackQuery& query, std::string_view body,
                                                              base::WallTime now) const {
  if (const auto failure = CheckSignature(query, now)) return *failure;
  auto parsed = ParsePushBody(body);
  if (!parsed) return CallbackFailure::kBadBody;
  if (!IsComplete(parsed->message)) {
    const bool encrypted = !parsed->message.Get("Encrypt").empty();
    return encrypted ? CallbackFailure::kUnexpectedlyEncrypted : CallbackFailure::kBadBody;
  }
  OpenedPush push;
  push.message = std::move(parsed->message);
  push.json = parsed->json;
  return push;
}

std::variant<OpenedPush, CallbackFailure> Callback::OpenEncrypted(const CallbackQuery& query, std::string_view encrypt,
                                                                  base::WallTime now) const {
  if (query.msg_signature.empty() || query.timestamp.empty() || query.nonce.empty()) {
    return CallbackFailure::kMissingParameter;
  }
  if (!SignatureMatches(query.msg_signature, options_.token, query.timestamp, query.nonce, encrypt)) {
    return CallbackFailure::kMessageSignature;
  }
  if (!InWindow(query.timestamp, now)) return CallbackFailure::kTimestamp;
  OpenedPush push;
  push.encrypted = true;
  auto opened = cipher_->Open(encrypt);
  if (std::holds_alternative<DecryptFailure>(opened) && previous_cipher_) {
    auto by_previous = previous_cipher_->Open(encrypt);
    if (std::holds_alternative<std::string>(by_previous)) {
      opened = std::move(by_previous);
      push.by_previous_key = true;
    }
  }
  if (const auto* failure = std::get_if<DecryptFailure>(&opened)) {
    return *failure == DecryptFailure::kAppId ? CallbackFailure::kAppId : CallbackFailure::kDecrypt;
  }
  auto parsed = ParsePushBody(std::get<std::string>(opened));
  if (!parsed || !IsComplete(parsed->message)) return CallbackFailure::kBadBody;
  push.message = std::move(parsed->message);
  push.json = parsed->json;
  push.nonce = query.nonce;
  return push;
}

std::optional<CallbackFailure> Callback::CheckSignature(const CallbackQuery& query, base::WallTime now) const {
  if (query.signature.empty() || query.timestamp.empty() || query.nonce.empty()) {
    return CallbackFailure::kMissingParameter;
  }
  if (!SignatureMatches(query.signature, options_.token, query.timestamp, query.nonce)) {
    return CallbackFailure::kSignature;
  }
  if (!InWindow(query.timestamp, now)) return CallbackFailure::kTimestamp;
  return std::nullopt;
}

// Compared in seconds and without subtracting: a signed timestamp may be any number.
bool Callback::InWindow(std::string_view timestamp, base::WallTime now) const {
  if (options_.timestamp_window.count() == 0) return true;
  int64_t seconds = 0;
  const char* const end = timestamp.data() + timestamp.size();
  const auto [stop, error] = std::from_chars(timestamp.data(), end, seconds);
  if (error != std::errc() || stop != end) return false;
  const int64_t window = std::chrono::ceil<std::chrono::seconds>(options_.timestamp_window).count();
  const int64_t here = base::UnixSeconds(now);
  return seconds >= here - window && seconds <= here + window;
}

std::string Callback::Seal(std::string reply_body, const OpenedPush& push, base::WallTime now) const {
  const auto& cipher = push.by_previous_key ? previous_cipher_ : cipher_;
  if (!push.encrypted || !cipher || reply_body.empty() || reply_body == kSuccess) return reply_body;
  const std::string timestamp = std::to_string(base::UnixSeconds(now));
  const std::string random16 = base::RandomBytes(16);
  return ReplyEnvelope(*cipher, reply_body, {options_.token, timestamp, push.nonce, random16}, push.json);
}

}  // namespace yingda::wechat
