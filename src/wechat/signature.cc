// SPDX-License-Identifier: MIT
#include "wechat/signature.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "base/secret.h"

namespace yingda::wechat {
namespace {

using HexDigest = std::array<char, 40>;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// OpenSSL 3 looks an algorithm up by name on each one-shot call, which costs more than hashing 60 bytes: fetch it once,
// and keep one context a thread.
HexDigest Sha1(std::span<const std::string_view> parts) {
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  bool ok = EVP_DigestInit_ex(context.get(), sha1, nullptr) == 1;
  for (const std::string_view part : parts) ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1;
  HexDigest hex{};  // zero bytes match no signature, should the library ever refuse
  if (!ok) return hex;
  static constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < hex.size() / 2; ++i) {
    hex[2 * i] = kDigits[digest[i] >> 4];
    hex[2 * i + 1] = kDigits[digest[i] & 15];
  }
  return hex;
}

template <size_t count>
HexDigest SortedSha1(std::array<std::string_view, count> parts) {
  std::sort(parts.begin(), parts.end());
  return Sha1(parts);
}

std::string ToString(const HexDigest& hex) { return {hex.data(), hex.size()}; }
bool Matches(std::string_view given, const HexDigest& hex) {
  return base::EqualInConstantTime(given, {hex.data(), hex.size()});
}

}  // namespace

std::string Signature(std::string_view token, std::string_view timestamp, std::string_view nonce) {
  return ToString(SortedSha1<3>({token, timestamp, nonce}));
}

std::string Signature(std::string_view token, std::string_view timestamp, std::string_view nonce,
                      std::string_view encrypt) {
  return ToString(SortedSha1<4>({token, timestamp, nonce, encrypt}));
}

bool SignatureMatches(std::string_view given, std::string_view token, std::string_view timestamp,
                      std::string_view nonce) {
  return Matches(given, SortedSha1<3>({token, timestamp, nonce}));
}

bool SignatureMatches(std::string_view given, std::string_view token, std::string_view timestamp,
                      std::string_view nonce, std::string_view encrypt) {
  return Matches(given, SortedSha1<4>({token, timestamp, nonce, encrypt}));
}

std::string Sha1Hex(std::string_view bytes) { return ToString(SortedSha1<1>({bytes})); }

}  // namespace yingda::wechat
