// SPDX-License-Identifier: MIT
// Any text as Encrypt: decryption ends without reading outside; any bytes encrypted come back.
#include <cstdint>

#include "base/base64.h"
#include "check.h"
#include "wechat/message_cipher.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace wechat = yingda::wechat;
  static const auto cipher =
      wechat::MessageCipher::Create("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "wx0123456789abcdef");
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  (void)cipher->Decrypt(input).has_value();
  // Damage deep inside is rarely found by changing base64, so the bytes are also taken as the ciphertext itself.
  (void)cipher->Decrypt(yingda::base::EncodeBase64(input)).has_value();
  const auto back = cipher->Decrypt(cipher->Encrypt(input, "0123456789abcdef"));
  Check(back.has_value() && *back == input, "what was encrypted decrypts");
  return 0;
}
