// SPDX-License-Identifier: MIT
#include "base/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace yingda::base {
namespace {

constexpr size_t kTagBytes = 4;

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

}  // namespace

std::string RandomBytes(size_t count) {
  std::string out(count, '\0');
  for (size_t have = 0; have < count;) {
    const ssize_t got = ::getrandom(out.data() + have, count - have, 0);
    if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    if (got > 0) have += static_cast<size_t>(got);
  }
  return out;
}

std::string RandomHex(size_t count) { return Hex(RandomBytes(count)); }

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

FollowerTagger::FollowerTagger() : key_(RandomBytes(32)) {}

std::string FollowerTagger::Tag(std::string_view account, std::string_view open_id) const {
  std::string text(account);
  text.push_back('\0');
  text.append(open_id);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &length);
  return Hex({reinterpret_cast<const char*>(digest.data()), kTagBytes});
}

}  // namespace yingda::base
