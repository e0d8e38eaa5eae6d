// SPDX-License-Identifier: MIT
#include "wechat/clean_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace yingda::wechat {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;
constexpr uint64_t kDelete = 0x7F7F7F7F7F7F7F7F;
constexpr uint64_t kOnes = 0x0101010101010101;

bool IsControl(unsigned char byte) { return (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7F; }

// Eight ASCII bytes at once. `clean`: none of them a control character (line ends send them to the slow path).
bool IsPlainWord(const unsigned char* at, bool clean) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  if ((word & kHighBits) != 0) return false;
  if (!clean) return true;
  const uint64_t deletes = word ^ kDelete;
  return (((word - kOnes * 0x20) | (deletes - kOnes)) & kHighBits) == 0;
}

// Three bytes make nearly every Chinese character, so they are checked by hand: no overlong form, no surrogate, and if
// `clean` no noncharacter.
inline bool IsThreeBytes(const unsigned char* at, bool clean) {
  if (((at[1] ^ 0x80) | (at[2] ^ 0x80)) >= 0x40) return false;
  if (at[0] >= 0xE1 && at[0] <= 0xEC) return true;
  if (at[0] == 0xE0) return at[1] >= 0xA0;
  if (at[0] == 0xED) return at[1] < 0xA0;
  return !clean || at[0] != 0xEF || at[1] != 0xBF || at[2] < 0xBE;
}

template <bool clean>
bool Passes(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  while (at < end) {
    if (*at < 0x80) {
      if (end - at >= 8 && IsPlainWord(at, clean)) {
        at += 8;
        continue;
      }
      if (clean && IsControl(*at)) return false;
      ++at;
    } else if ((*at & 0xF0) == 0xE0 && end - at >= 3) {
      if (!IsThreeBytes(at, clean)) return false;
      at += 3;
    } else {
      const base::CodePoint c = base::DecodeUtf8(text, text.size() - static_cast<size_t>(end - at));
      if (!c.valid) return false;
      at += c.length;
    }
  }
  return true;
}

}  // namespace

std::string RepairedText(std::string_view text) {
  return Passes<false>(text) ? std::string(text) : base::ToValidUtf8(text);
}

bool IsCleanText(std::string_view text) { return Passes<true>(text); }

std::string CleanText(std::string_view text) {
  std::string clean = base::ToValidUtf8(text);
  const auto is_control = [](char c) { return IsControl(static_cast<unsigned char>(c)); };
  clean.erase(std::remove_if(clean.begin(), clean.end(), is_control), clean.end());
  for (const std::string_view unwanted : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (size_t at = clean.find(unwanted); at != std::string::npos; at = clean.find(unwanted, at)) {
      clean.erase(at, unwanted.size());
    }
  }
  return clean;
}

}  // namespace yingda::wechat
