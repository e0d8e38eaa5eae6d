// SPDX-License-Identifier: MIT
#include "simulator/chat_text.h"

#include <gtest/gtest.h>

namespace yingda::simulator {
namespace {

constexpr const char* kWithTap =
    "还没写完。\n<a href=\"https://example.com/a/1?x=1&y=2\">网页</a>，<a "
    "href=\"weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=7\">点这里继续</a>，或回复“继续”。";

TEST(ChatTextTest, FindsLinksInOrder) {
  const auto links = LinksIn(kWithTap);
  ASSERT_EQ(links.size(), 2u);
  EXPECT_EQ(links[0].href, "https://example.com/a/1?x=1&y=2");
  EXPECT_EQ(links[0].label, "网页");
  EXPECT_EQ(links[1].label, "点这里继续");
}

TEST(ChatTextTest, ReadsWhatATapSends) {
  const auto tap = TapLinkIn(kWithTap);
  ASSERT_TRUE(tap);
  EXPECT_EQ(tap->content, "继续");
  EXPECT_EQ(tap->menu_item_id, "7");
  EXPECT_EQ(tap->label, "点这里继续");
}

TEST(ChatTextTest, DecodesAPercentEncodedTap) {
  const auto tap = TapLinkIn("<a href='weixin://bizmsgmenu?msgmenuid=1&msgmenucontent=%E7%BB%A7%E7%BB%AD%'>x</a>");
  ASSERT_TRUE(tap);
  EXPECT_EQ(tap->content, "继续%");
}

TEST(ChatTextTest, TakesTextsWithoutLinksAsTheyAre) {
  for (const char* text :
       {"", "a < b", "<a href=", "<a href=\"x\">open", "<a name=x>no</a>", "<a >", "1 <a 2 > 3</a>"}) {
    EXPECT_FALSE(TapLinkIn(text)) << text;
    EXPECT_TRUE(LinksIn(text).empty()) << text;
    EXPECT_EQ(WithoutLinks(text), text);
  }
}

TEST(ChatTextTest, ShowsLinksAsTheirLabels) {
  EXPECT_EQ(WithoutLinks(kWithTap), "还没写完。\n网页，点这里继续，或回复“继续”。");
}

TEST(ChatTextTest, DescribesWhatIsNotText) {
  EXPECT_EQ(ReplyAsText(wechat::ImageReply{"M1"}), "[图片] M1");
  EXPECT_EQ(ReplyAsText(wechat::NewsReply{{{"标题", "", "", "https://e.com"}}}), "[图文] 标题 https://e.com");
  EXPECT_EQ(ReplyAsText(wechat::NoReply{}), "");
}

}  // namespace
}  // namespace yingda::simulator
