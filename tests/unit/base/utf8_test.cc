// SPDX-License-Identifier: MIT
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

namespace yingda::base {
namespace {

/// One row of the Unicode standard's table 3-7 (well-formed UTF-8 byte sequences): the ranges of its bytes. Another way
/// to say what is valid than the decoder's, which computes the value and then looks at it.
struct WellFormed {
  size_t length;
  std::array<std::pair<int, int>, 4> bytes;
};
constexpr WellFormed kTable[] = {
    {1, {{{0x00, 0x7F}}}},
    {2, {{{0xC2, 0xDF}, {0x80, 0xBF}}}},
    {3, {{{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}}}},
    {3, {{{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}}}},
    {3, {{{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}}}},
    {3, {{{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}}}},
    {4, {{{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}}},
    {4, {{{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}}},
    {4, {{{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}}}},
};

CodePoint Oracle(std::string_view text, size_t at) {
  for (const WellFormed& row : kTable) {
    if (at + row.length > text.size()) continue;
    bool fits = true;
    for (size_t i = 0; i < row.length; ++i) {
      const int byte = static_cast<unsigned char>(text[at + i]);
      fits = fits && byte >= row.bytes[i].first && byte <= row.bytes[i].second;
    }
    if (!fits) continue;
    constexpr std::array<int, 5> kLeadBits = {0, 7, 5, 4, 3};
    char32_t value = static_cast<unsigned char>(text[at]) % (1U << static_cast<unsigned>(kLeadBits[row.length]));
    for (size_t i = 1; i < row.length; ++i) value = value * 64 + static_cast<unsigned char>(text[at + i]) % 64;
    return {value, static_cast<uint8_t>(row.length), true};
  }
  return {0xFFFD, 1, false};
}

void ExpectAsOracle(std::string_view text, size_t at) {
  const CodePoint got = DecodeUtf8(text, at);
  const CodePoint want = Oracle(text, at);
  ASSERT_TRUE(got.value == want.value && got.length == want.length && got.valid == want.valid)
      << testing::PrintToString(text) << " at " << at;
}

/// Bytes among which sequences, and almost sequences, are frequent.
std::string RandomText(std::mt19937& random, size_t size) {
  static constexpr std::array<unsigned char, 24> kBytes = {0x00, 0x20, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                                           0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE3,
                                                           0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xFE, 0xFF};
  std::string text;
  while (text.size() < size) {
    const unsigned roll = random() % 4;
    text.push_back(static_cast<char>(roll == 0   ? random() % 256
                                     : roll == 1 ? 0x80 + random() % 64
                                                 : kBytes[random() % 24]));
  }
  return text;
}

TEST(Utf8Test, EveryCodePointIsDecodedAsItWasWritten) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    std::string text;
    AppendUtf8(text, c);
    const CodePoint decoded = DecodeUtf8(text, 0);
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    ASSERT_EQ(decoded.valid, !surrogate) << std::hex << static_cast<uint32_t>(c);
    ASSERT_EQ(IsValidUtf8(text), !surrogate);
    if (surrogate) continue;
    ASSERT_EQ(decoded.value, c);
    ASSERT_EQ(decoded.length, text.size());
    ExpectAsOracle(text, 0);
  }
}

TEST(Utf8Test, EveryPairOfBytesIsJudgedAsByTheStandard) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (const std::string_view rest : {"", "\x80", "\xBF\xBF", "\xBF\xBFx", "x"}) {
        std::string text = {static_cast<char>(first), static_cast<char>(second)};
        text += rest;
        ExpectAsOracle(text, 0);
      }
    }
  }
}

TEST(Utf8Test, RandomBytesAreJudgedAsByTheStandard) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same texts every time
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = RandomText(random, 1 + random() % 12);
    bool valid = true;
    for (size_t at = 0; at < text.size(); ++at) ExpectAsOracle(text, at);
    for (size_t at = 0; at < text.size(); at += Oracle(text, at).length) valid = valid && Oracle(text, at).valid;
    ASSERT_EQ(IsValidUtf8(text), valid);
  }
}

TEST(Utf8Test, RepairedTextIsValidAndKeepsWhatWas) {
  std::mt19937 random(8);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = RandomText(random, random() % 12);
    const std::string repaired = ToValidUtf8(text);
    ASSERT_TRUE(IsValidUtf8(repaired));
    ASSERT_EQ(repaired == text, IsValidUtf8(text));
    ASSERT_EQ(ToValidUtf8(repaired), repaired);
  }
  EXPECT_EQ(ToValidUtf8("应\xE4\xBD答"), "应��答");
}

TEST(Utf8Test, PrefixIsTheLongestOfWholeCodePoints) {
  std::mt19937 random(9);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = RandomText(random, random() % 12);
    for (size_t limit = 0; limit <= text.size() + 1; ++limit) {
      size_t longest = 0;
      while (longest < text.size() && longest + Oracle(text, longest).length <= limit) {
        longest += Oracle(text, longest).length;
      }
      ASSERT_EQ(Utf8Prefix(text, limit), std::string_view(text).substr(0, longest))
          << testing::PrintToString(text) << " limit " << limit;
    }
  }
}

TEST(Utf8Test, PrefixOfChineseNeverSplitsACharacter) {
  EXPECT_EQ(Utf8Prefix("应答", 6), "应答");
  EXPECT_EQ(Utf8Prefix("应答", 5), "应");
  EXPECT_EQ(Utf8Prefix("应答", 2), "");
  EXPECT_EQ(Utf8Prefix("a😀", 4), "a");
}

TEST(Utf8Test, TrimTakesBlanksOfEveryKindFromBothEndsOnly) {
  for (const char32_t blank : {U' ', U'\t', U'\n', U'\v', U'\f', U'\r', U'\u00A0', U'\u2003', U'\u200B', U'\u2028',
                               U'\u2029', U'\u202F', U'\u205F', U'\u2060', U'\u3000', U'\uFEFF'}) {
    std::string one;
    AppendUtf8(one, blank);
    EXPECT_EQ(TrimBlanks(one), "");
    EXPECT_EQ(TrimBlanks(one + one + "应" + one + "答" + one), "应" + one + "答");
  }
  EXPECT_EQ(TrimBlanks(""), "");
  EXPECT_EQ(TrimBlanks("a"), "a");
}

TEST(Utf8Test, TrimTakesNothingThatCanBeSeen) {
  for (char32_t c = 0x21; c < 0x110000; c += c < 0x3100 ? 1 : 97) {
    const bool blank = c == 0xA0 || (c >= 0x2000 && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
                       c == 0x205F || c == 0x2060 || c == 0x3000 || c == 0xFEFF;
    if (blank) continue;
    std::string text;
    AppendUtf8(text, c);
    ASSERT_EQ(TrimBlanks(" " + text + " "), text) << std::hex << static_cast<uint32_t>(c);
  }
}

TEST(Utf8Test, TrimLeavesBytesThatAreNoText) {
  for (const std::string text : {"\x80", "\xE3\x80", "\xE3", "x\x80\x80", "\xFF"}) {
    EXPECT_EQ(TrimBlanks(" " + text + "\xE3\x80\x80"), text) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace yingda::base
