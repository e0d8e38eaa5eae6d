// SPDX-License-Identifier: MIT
#include "filter/fold.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/utf8.h"

namespace yingda::filter {
namespace {

std::string Folded(std::string_view text, FoldMode mode = FoldMode::kLetters) {
  std::string out;
  for (const char32_t code : FoldedCodes(text, mode)) base::AppendUtf8(out, code);
  return out;
}

struct FoldCase {
  const char* text;
  const char* want;
};

TEST(FoldTest, EveryWayOfWritingALetterFoldsToThePlainOne) {
  const FoldCase cases[] = {
      {"FUCK", "fuck"}, {"ｆｕｃｋ", "fuck"},  {"Ⓕⓤc⒦", "fuck"},
      {"𝓯𝓾𝓬𝓴", "fuck"}, {"🄵🅤🅲🅺", "fuck"},      {"🇫🇺🇨🇰", "fuck"},
      {"ꜰᴜᴄᴋ", "fuck"}, {"fùçk", "fuck"},      {"fu\u0300c\u0327k", "fuck"},
      {"ﬁne", "fine"},  {"Straße", "strasse"}, {"㎏", "kg"},
      {"Ⅷ", "viii"},
  };
  for (const FoldCase& c : cases) EXPECT_EQ(Folded(c.text), c.want) << c.text;
}

TEST(FoldTest, EveryStyleOfDigitFoldsToTheAsciiOne) {
  const FoldCase cases[] = {
      {"９₈⁷", "987"}, {"⒋⑸⑥", "456"},           {"⓿❶➁➂➍", "01234"}, {"⓵➊", "11"},
      {"⑿❿", "1210"},  {"1️⃣2️⃣", "12"}, {"٣๔", "34"},       {"𝟗𝟘", "90"},
  };
  for (const FoldCase& c : cases) EXPECT_EQ(Folded(c.text), c.want) << c.text;
}

TEST(FoldTest, TraditionalAndVariantCharactersFoldToSimplifiedOnes) {
  const FoldCase cases[] = {
      {"臺灣", "台湾"}, {"賭博", "赌博"},     {"愽彩", "博彩"}, {"裏裡", "里里"},
      {"幹", "干"},     {"㊀㈤㊄", "一五五"}, {"網絡", "网络"}, {"麼", "么"},
  };
  for (const FoldCase& c : cases) EXPECT_EQ(Folded(c.text), c.want) << c.text;
}

TEST(FoldTest, WhatLiesBetweenLettersIsLeftOut) {
  for (const char* text : {"傻-逼", "傻😀逼", "傻　逼", "傻\u200d逼", "傻\u00ad逼", "傻\u2060逼", "傻￥逼", "傻\n逼",
                           "傻\u3164逼", "傻\xFF逼", "傻\U000E0041逼", "傻\u0489逼", "傻_逼", "傻\U0001FAE8逼"}) {
    EXPECT_EQ(Folded(text), "傻逼") << text;
  }
}

TEST(FoldTest, LiteralModeKeepsSymbolsAndOneOfSeveralBlanks) {
  EXPECT_EQ(Folded("＋Ｖ", FoldMode::kLiteral), "+v");
  EXPECT_EQ(Folded("C++\u200b 　\n 語言", FoldMode::kLiteral), "c++ 语言");
  EXPECT_EQ(Folded("@@@@", FoldMode::kLiteral), "@@@@");
}

TEST(FoldTest, KeysOfTheSameQuestionAreEqual) {
  EXPECT_EQ(FoldedKey("  營業時間？ "), FoldedKey("营业时间"));
  EXPECT_EQ(FoldedKey("ＰＩＮＧ！"), "ping");
  EXPECT_EQ(FoldedKey("你好 。 "), "你好");
  EXPECT_EQ(FoldedKey("？"), "?");
  EXPECT_EQ(FoldedKey("1+1"), "1+1");
  EXPECT_EQ(FoldedKey("new   york"), "new york");
  EXPECT_EQ(FoldedKey(""), "");
  EXPECT_EQ(FoldedKey(" 　"), "");
}

TEST(FoldTest, PlacesPointIntoTheOriginal) {
  const std::string text = "a-賭\r\n㎏b";
  FoldedText folded;
  folded.Fold(text, FoldMode::kLetters);
  ASSERT_EQ(folded.size(), 5u);  // a 赌 k g b
  EXPECT_EQ(folded.Begin(1), 2u);
  EXPECT_EQ(folded.End(1), 5u);
  EXPECT_EQ(folded.Begin(2), folded.Begin(3));
  EXPECT_EQ(folded.End(3), 10u);
  EXPECT_EQ(folded.GapBefore(1).visible, 1u);
  EXPECT_FALSE(folded.GapBefore(1).blank);
  EXPECT_TRUE(folded.GapBefore(2).newline);
  EXPECT_EQ(folded.GapBefore(3).visible, 0u);
  EXPECT_EQ(folded.GapBefore(5).visible, 0u);
}

TEST(FoldTest, AnInvisibleCharacterBehindBelongsToTheOneBefore) {
  const std::string text = "1\uFE0F\u20E3-";
  FoldedText folded;
  folded.Fold(text, FoldMode::kLetters);
  EXPECT_EQ(folded.End(0), 1u);
  EXPECT_EQ(folded.EndWithInvisible(0), text.size() - 1);
}

TEST(FoldTest, BrokenBytesCountAsSymbolsOneByOne) {
  FoldedText folded;
  folded.Fold(
      "\xED\xA0\x90"  // a surrogate
      "a\xE4\xB8z\xC0\x80\xF8\xE4",
      FoldMode::kLiteral);
  std::u32string codes(folded.Codes(), folded.size());
  EXPECT_EQ(codes, U"\uFFFD\uFFFD\uFFFDa\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(FoldTest, FoldingTwiceChangesNothing) {
  for (char32_t code = 1; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    std::string text;
    base::AppendUtf8(text, code);
    const std::string once = Folded(text);
    ASSERT_EQ(Folded(once), once) << "U+" << std::hex << static_cast<uint32_t>(code);
  }
}

TEST(FoldTest, LongExpansionsAndRandomBytesStayWithinTheText) {
  std::mt19937 random(1);
  FoldedText folded;
  std::string text;
  for (int round = 0; round < 2'000; ++round) {
    text.clear();
    while (text.size() < random() % 200) {
      switch (random() % 3) {
        case 0:
          base::AppendUtf8(text, 0xFDFA);  // one character, fifteen letters
          break;
        case 1:
          base::AppendUtf8(text, static_cast<char32_t>(random() % 0x110000));
          break;
        default:
          text.push_back(static_cast<char>(random() % 256));
      }
    }
    const std::string exact = text;
    folded.Fold(exact, round % 2 == 0 ? FoldMode::kLetters : FoldMode::kLiteral);
    for (size_t at = 0; at < folded.size(); ++at) {
      ASSERT_LT(folded.Begin(at), folded.End(at));
      ASSERT_LE(folded.End(at), exact.size());
      ASSERT_LE(folded.Begin(at > 0 ? at - 1 : at), folded.Begin(at));
      ASSERT_NE(folded[at], 0u);
    }
  }
}

}  // namespace
}  // namespace yingda::filter
