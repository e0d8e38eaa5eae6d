// SPDX-License-Identifier: MIT
#include "bot/passed_texts.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/secret.h"

namespace yingda::bot {
namespace {

constexpr size_t kKeyBytes = 32;
/// Looked through for words that are gone when there are more: one is in force for each account.
constexpr size_t kManyWords = 64;

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

PassedTexts::PassedTexts(size_t texts)
    : key_(base::RandomBytes(kKeyBytes)), table_((texts + Bucket().size() - 1) / Bucket().size()) {}

bool PassedTexts::Has(const Digest& digest) const {
  if (table_.empty()) return false;
  const Bucket& bucket = table_[digest.first % table_.size()];
  return std::find(bucket.begin(), bucket.end(), digest) != bucket.end();
}

void PassedTexts::Add(const Digest& digest) {
  if (table_.empty()) return;
  Bucket& bucket = table_[digest.first % table_.size()];
  std::shift_right(bucket.begin(), bucket.end(), 1);
  bucket.front() = digest;
}

PassedTexts::Digest PassedTexts::Of(const std::shared_ptr<const filter::WordFilter>& words, std::string_view role,
                                    std::string_view text) {
  if (table_.empty()) return {};
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
  // Of fixed lengths but for the last, so that no two ways of dividing the bytes are the same.
  const std::array<uint64_t, 2> frame{NumberOf(words), role.size()};
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int length = 0;
  const bool whole = EVP_DigestInit_ex(context.get(), sha256, nullptr) == 1 &&
                     EVP_DigestUpdate(context.get(), key_.data(), key_.size()) == 1 &&
                     EVP_DigestUpdate(context.get(), frame.data(), sizeof frame) == 1 &&
                     EVP_DigestUpdate(context.get(), role.data(), role.size()) == 1 &&
                     EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1 &&
                     EVP_DigestFinal_ex(context.get(), bytes.data(), &length) == 1;
  if (!whole) return {next_number_++, 0};  // should the library ever refuse: none that is known
  Digest digest;
  std::memcpy(&digest, bytes.data(), sizeof digest);
  return digest;
}

uint64_t PassedTexts::NumberOf(const std::shared_ptr<const filter::WordFilter>& words) {
  if (known_.size() > kManyWords && !known_.contains(words.get())) {
    std::erase_if(known_, [](const auto& each) { return each.second.words.expired(); });
  }
  Known& known = known_[words.get()];
  if (known.number == 0 || known.words.lock() != words) known = {words, next_number_++};
  return known.number;
}

}  // namespace yingda::bot
