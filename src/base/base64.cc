// SPDX-License-Identifier: MIT
#include "base/base64.h"

#include <array>
#include <cstdint>

namespace yingda::base {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kInvalid = 0xFF;
constexpr uint8_t kBlank = 0xFE;

constexpr std::array<uint8_t, 256> MakeDigits() {
  std::array<uint8_t, 256> digits{};
  digits.fill(kInvalid);
  for (uint8_t i = 0; i < 64; ++i) digits[static_cast<uint8_t>(kAlphabet[i])] = i;
  for (const char blank : {' ', '\t', '\r', '\n'}) digits[static_cast<uint8_t>(blank)] = kBlank;
  return digits;
}
constexpr std::array<uint8_t, 256> kBase64Digits = MakeDigits();

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data();
  size_t at = 0;
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])); };
  for (; at + 3 <= bytes.size(); at += 3) {
    const uint32_t group = (byte(at) << 16) | (byte(at + 1) << 8) | byte(at + 2);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[(group >> 12) & 63];
    *to++ = kAlphabet[(group >> 6) & 63];
    *to++ = kAlphabet[group & 63];
  }
  const size_t rest = bytes.size() - at;
  if (rest == 0) return out;
  const uint32_t group = (byte(at) << 16) | (rest == 2 ? byte(at + 1) << 8 : 0);
  *to++ = kAlphabet[group >> 18];
  *to++ = kAlphabet[(group >> 12) & 63];
  if (rest == 2) *to = kAlphabet[(group >> 6) & 63];
  return out;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  char* to = out.data();
  uint32_t group = 0;
  size_t digits = 0;
  size_t padding = 0;
  const auto digit_at = [&](size_t i) { return kBase64Digits[static_cast<uint8_t>(text[i])]; };
  const auto write_group = [&](uint32_t bits) {
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  };
  for (size_t at = 0; at < text.size(); ++at) {
    // Four digits at once as long as nothing else comes between: nearly the whole way.
    while (digits % 4 == 0 && padding == 0 && at + 4 <= text.size()) {
      const uint8_t a = digit_at(at), b = digit_at(at + 1), c = digit_at(at + 2), d = digit_at(at + 3);
      if ((a | b | c | d) >= 64) break;
      write_group((uint32_t{a} << 18) | (uint32_t{b} << 12) | (uint32_t{c} << 6) | d);
      at += 4;
    }
    if (at >= text.size()) break;
    const uint8_t digit = digit_at(at);
    if (digit < 64 && padding == 0) {
      group = (group << 6) | digit;
      if (++digits % 4 == 0) write_group(group);
    } else if (text[at] == '=') {
      ++padding;
    } else if (digit != kBlank) {
      return std::nullopt;
    }
  }
  const size_t rest = digits % 4;
  if (rest == 1 || padding != (4 - rest) % 4) return std::nullopt;
  if (rest == 2) *to++ = static_cast<char>(group >> 4);
  if (rest == 3) {
    *to++ = static_cast<char>(group >> 10);
    *to++ = static_cast<char>(group >> 2);
  }
  out.resize(static_cast<size_t>(to - out.data()));
  return out;
}

}  // namespace yingda::base
