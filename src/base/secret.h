// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace yingda::base {

/// Cryptographically strong random bytes from the kernel.
std::string RandomBytes(size_t count);
/// The same as lower-case hexadecimal; `count` is in bytes, the text is twice as long.
std::string RandomHex(size_t count);

/// Equality whose duration depends on the lengths only, for signatures and keys.
bool EqualInConstantTime(std::string_view a, std::string_view b);

/// Names a follower in logs without naming them: the first 8 hex digits of a keyed hash of account and OpenID. The key
/// is made anew in each process, so tags cannot be joined across restarts.
class FollowerTagger {
 public:
  FollowerTagger();
  std::string Tag(std::string_view account, std::string_view open_id) const;

 private:
  std::string key_;
};

}  // namespace yingda::base
