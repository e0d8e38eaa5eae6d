// SPDX-License-Identifier: MIT
#include "wechat/message_cipher.h"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/base64.h"

namespace yingda::wechat {
namespace {

constexpr size_t kEncodedKeyChars = 43;
constexpr size_t kKeyBytes = 32;
constexpr size_t kAesBlockBytes = 16;
constexpr size_t kPadBlockBytes = 32;
constexpr size_t kRandomBytes = 16;
constexpr size_t kHeaderBytes = kRandomBytes + 4;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const unsigned char* Bytes(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// CBC over whole blocks, in place: OpenSSL allows input and output to be the same buffer. The algorithm and the context
// are kept because looking them up costs more than a short message.
bool RunAes(const std::string& key, std::string& text, bool encrypt) {
  static EVP_CIPHER* const aes = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  int done = 0;
  const int size = static_cast<int>(text.size());
  return EVP_CipherInit_ex2(context.get(), aes, Bytes(key), Bytes(key), encrypt ? 1 : 0, nullptr) == 1 &&
         EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
         EVP_CipherUpdate(context.get(), Bytes(text), &done, Bytes(text), size) == 1 && done == size;
}

// How long the text is without its padding; nullopt when the padding is wrong. Every byte is looked at whatever the
// first ones were, so that the duration says nothing about them.
std::optional<size_t> UnpaddedSize(const std::string& text) {
  const auto pad = static_cast<unsigned char>(text.back());
  if (pad < 1 || pad > kPadBlockBytes || pad > text.size()) return std::nullopt;
  unsigned different = 0;
  for (size_t i = text.size() - pad; i < text.size(); ++i) different |= static_cast<unsigned char>(text[i]) ^ pad;
  if (different != 0) return std::nullopt;
  return text.size() - pad;
}

}  // namespace

base::Result<MessageCipher> MessageCipher::Create(std::string_view encoding_aes_key, std::string app_id) {
  const auto invalid = [](std::string message) {
    return base::Error{base::ErrorCode::kInvalidArgument, std::move(message)};
  };
  if (encoding_aes_key.size() != kEncodedKeyChars) {
    return invalid("encoding_aes_key: must be the 43 characters that the WeChat console shows, has " +
                   std::to_string(encoding_aes_key.size()));
  }
  std::optional<std::string> key = base::DecodeBase64(std::string(encoding_aes_key) + '=');
  if (!key || key->size() != kKeyBytes) {
    return invalid("encoding_aes_key: may hold letters and digits only, as the WeChat console shows it");
  }
  if (app_id.empty()) return invalid("app_id: is needed to check encrypted messages (wx and 16 hexadecimal digits)");
  return MessageCipher(std::move(*key), std::move(app_id));
}

base::Result<std::string> MessageCipher::Decrypt(std::string_view base64) const {
  auto opened = Open(base64);
  if (auto* message = std::get_if<std::string>(&opened)) return std::move(*message);
  return base::Error{base::ErrorCode::kUnauthenticated, "the message cannot be decrypted"};
}

std::variant<std::string, DecryptFailure> MessageCipher::Open(std::string_view base64) const {
  std::optional<std::string> text = base::DecodeBase64(base64);
  if (!text || text->empty() || text->size() % kAesBlockBytes != 0 || !RunAes(key_, *text, false)) {
    return DecryptFailure::kCorrupt;
  }
  const std::optional<size_t> size = UnpaddedSize(*text);
  if (!size || *size < kHeaderBytes) return DecryptFailure::kCorrupt;
  uint32_t length = 0;
  for (size_t i = kRandomBytes; i < kHeaderBytes; ++i) length = (length << 8) | static_cast<unsigned char>((*text)[i]);
  // Compared this way round because header + length can overflow 32 bits.
  if (length > *size - kHeaderBytes) return DecryptFailure::kCorrupt;
  const std::string_view tail = std::string_view(*text).substr(kHeaderBytes + length, *size - kHeaderBytes - length);
  if (tail != app_id_) return DecryptFailure::kAppId;
  text->resize(kHeaderBytes + length);
  text->erase(0, kHeaderBytes);
  return std::move(*text);
}

std::string MessageCipher::Encrypt(std::string_view message, std::string_view random16) const {
  const size_t size = kHeaderBytes + message.size() + app_id_.size();
  const size_t pad = kPadBlockBytes - size % kPadBlockBytes;
  std::string text;
  text.reserve(size + pad);
  text.append(random16.substr(0, kRandomBytes));
  text.resize(kRandomBytes, '0');
  for (int shift = 24; shift >= 0; shift -= 8) text.push_back(static_cast<char>(message.size() >> shift));
  text.append(message).append(app_id_).append(pad, static_cast<char>(pad));
  // Whole blocks with a 32-byte key: OpenSSL has nothing left to refuse. Were it to, nothing may leave in clear.
  if (!RunAes(key_, text, true)) return {};
  return base::EncodeBase64(text);
}

}  // namespace yingda::wechat
