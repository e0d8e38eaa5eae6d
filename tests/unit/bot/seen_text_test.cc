// SPDX-License-Identifier: MIT
#include "bot/seen_text.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace yingda::bot {
namespace {

std::string Times(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string Place(const std::string& label, const std::string& latitude, const std::string& longitude) {
  wechat::Incoming message;
  message.type = wechat::MessageType::kLocation;
  message.Add("Location_X", latitude);
  message.Add("Location_Y", longitude);
  message.Add("Label", label);
  return LocationText(message);
}

std::string Link(const std::string& title, const std::string& description, const std::string& url) {
  wechat::Incoming message;
  message.type = wechat::MessageType::kLink;
  message.Add("Title", title);
  message.Add("Description", description);
  message.Add("Url", url);
  return LinkText(message);
}

TEST(SeenTextTest, PlaceIsSaidAsFarAsItIsKnown) {
  EXPECT_EQ(Place("海淀区中关村", "39.98", "-116.30"), "（我发来一个位置：海淀区中关村，纬度 39.98，经度 -116.30）");
  EXPECT_EQ(Place("", "39.98", "116.30"), "（我发来一个位置：纬度 39.98，经度 116.30）");
  EXPECT_EQ(Place("海淀区", "", ""), "（我发来一个位置：海淀区）");
  EXPECT_EQ(Place("海淀区", "39.98", ""), "（我发来一个位置：海淀区）");
  EXPECT_EQ(Place(" \n", "", ""), "");
  for (const char* odd : {"39,98", "1e9", "3-9", "北纬39", "-", ".", "39.9812345678901"}) {
    EXPECT_EQ(Place("", odd, "116.30"), "") << odd;
  }
}

TEST(SeenTextTest, LinkIsSaidAsFarAsItIsKnown) {
  EXPECT_EQ(Link("十个好去处", "周末去哪儿", "https://mp.weixin.qq.com/s?a=b&c"),
            "（我分享了一个链接：标题《十个好去处》，简介：周末去哪儿，网址 https://mp.weixin.qq.com/s?a=b&c）");
  EXPECT_EQ(Link("", "周末去哪儿", ""), "（我分享了一个链接：简介：周末去哪儿）");
  EXPECT_EQ(Link("", "", "http://a.cn"), "（我分享了一个链接：网址 http://a.cn）");
  EXPECT_EQ(Link("题", "", "javascript:alert(1)"), "（我分享了一个链接：标题《题》）");
  EXPECT_EQ(Link("", "", "weixin://x"), "");
  EXPECT_EQ(Link("", "\t", ""), "");
}

TEST(SeenTextTest, EveryPartIsOneLineWithoutControlCharacters) {
  EXPECT_EQ(Link("  甲\r\n\r\n乙\t丙\x01\x7F", "丁\xE2\x80\xAE戊\xE2\x80\xA8己\xEF\xBB\xBF", "http://a.cn\n/b"),
            "（我分享了一个链接：标题《甲 乙 丙》，简介：丁 戊 己，网址 http://a.cn /b）");
  EXPECT_EQ(Place("👨‍👩‍👧一家", "", ""), "（我发来一个位置：👨‍👩‍👧一家）")
      << "joiners belong to the character";
  EXPECT_EQ(Place("坏\xFF\xC2字", "", ""), "（我发来一个位置：坏 字）");
}

TEST(SeenTextTest, LongPartsAreCutAtACharacter) {
  EXPECT_EQ(Place(Times("京", 100), "", ""), "（我发来一个位置：" + Times("京", 100) + "）");
  EXPECT_EQ(Place(Times("京", 101), "", ""), "（我发来一个位置：" + Times("京", 100) + "…）");
  const std::string longest = Link(Times("😀", 9999), Times("说 ", 9999), "https://a.cn/" + Times("x", 9999));
  EXPECT_TRUE(base::IsValidUtf8(longest));
  EXPECT_LT(longest.size(), 80U * 4 + 200 * 3 + 300 + 120);
  EXPECT_NE(longest.find(Times("😀", 80) + "…》"), std::string::npos);
  EXPECT_NE(longest.find(Times("说 ", 99) + "说…"), std::string::npos) << longest;
  EXPECT_NE(longest.find("x…）"), std::string::npos);
}

}  // namespace
}  // namespace yingda::bot
