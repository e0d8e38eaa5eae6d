// SPDX-License-Identifier: MIT
#include "rules/reply_template.h"

#include <gtest/gtest.h>

namespace yingda::rules {
namespace {

std::string Filled(std::string_view text, const std::vector<std::string_view>& groups) {
  const wechat::Reply reply = ReplyTemplate(wechat::TextReply{std::string(text)}).Fill({groups, {}, {}});
  return std::get<wechat::TextReply>(reply).content;
}

/// As a message at 2026-11-21 23:05 in China would fill it.
wechat::Reply Fill(const ReplyTemplate& pattern, const std::vector<std::string_view>& groups) {
  return pattern.Fill({groups, "o&1", base::WallTime(std::chrono::seconds(1'795'273'559))});
}

TEST(ReplyTemplateTest, FillsGroupsAndKeepsOtherBraces) {
  struct Case {
    std::string_view text, want;
  };
  const Case cases[] = {
      {"plain", "plain"},
      {"订单 {1}", "订单 甲"},
      {"{0}|{1}|{2}", "全|甲|乙"},
      {"{9}{10}", "壬癸"},
      {"{{1}}", "{1}"},
      {"{{{1}}}", "{甲}"},
      {"{ 1 } {a} {} { }", "{ 1 } {a} {} { }"},
      {"{1", "{1"},
      {"1}", "1}"},
      {"{123}", "{123}"},
      {"a{{b}}c", "a{b}c"},
      {"{99}", ""},
      {"{", "{"},
      {"{{", "{"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Filled(c.text, {"全", "甲", "乙", "", "", "", "", "", "", "壬", "癸"}), c.want) << c.text;
  }
}

TEST(ReplyTemplateTest, KnowsTheHighestGroup) {
  const auto highest = [](std::string text) {
    return ReplyTemplate(wechat::TextReply{std::move(text)}).HighestGroup();
  };
  EXPECT_EQ(highest("none {{1}} {x}"), -1);
  EXPECT_EQ(highest("{0}"), 0);
  EXPECT_EQ(highest("{12}{3}"), 12);
}

TEST(ReplyTemplateTest, FillsEveryTextOfANewsAndEncodesAddresses) {
  const ReplyTemplate news(wechat::NewsReply{{{"题 {1}", "述 {1}", "https://e.com/{1}.jpg", "https://e.com/o?x={1}"}}});
  EXPECT_EQ(Fill(news, {"", "a&b/订"}),
            wechat::Reply(wechat::NewsReply{{{"题 a&b/订", "述 a&b/订", "https://e.com/a%26b%2F%E8%AE%A2.jpg",
                                              "https://e.com/o?x=a%26b%2F%E8%AE%A2"}}}));
}

TEST(ReplyTemplateTest, FillsMusicAndVideoButNotTheirMediaIds) {
  const ReplyTemplate music(wechat::MusicReply{"{1}", "{1}", "http://e/{1}", "http://e/{1}", "{1}"});
  EXPECT_EQ(Fill(music, {"", "a b"}),
            wechat::Reply(wechat::MusicReply{"a b", "a b", "http://e/a%20b", "http://e/a%20b", "{1}"}));
  const ReplyTemplate video(wechat::VideoReply{"{1}", "{1}", "{{"});
  EXPECT_EQ(Fill(video, {"", "x"}), wechat::Reply(wechat::VideoReply{"{1}", "x", "{"}));
}

TEST(ReplyTemplateTest, EncodesWhatIsFilledIntoAnAddressInsideAText) {
  struct Case {
    std::string_view text, want;
  };
  const Case cases[] = {
      {"看 https://e.com/?q={1}&p={2}", "看 https://e.com/?q=%E8%AE%A2%22%26%20a&p=7"},
      {"<a href=\"https://e.com/{1}\">{1}</a>", "<a href=\"https://e.com/%E8%AE%A2%22%26%20a\">订\"& a</a>"},
      {"<a href='http://e.com/{2}?x={1}'>看</a>", "<a href='http://e.com/7?x=%E8%AE%A2%22%26%20a'>看</a>"},
      {"<a href=\"{1}\">看</a>", "<a href=\"%E8%AE%A2%22%26%20a\">看</a>"},
      {"他说\"{1}\"", "他说\"订\"& a\""},
      {"官网 https://e.com 编号{1}", "官网 https://e.com 编号订\"& a"},
      {"官网 https://e.com，编号{1}", "官网 https://e.com，编号订\"& a"},
      {"{1} https://e.com", "订\"& a https://e.com"},
      {"<a href=\"weixin://bizmsgmenu?msgmenucontent=查{1}&msgmenuid=1\">再查</a>",
       "<a href=\"weixin://bizmsgmenu?msgmenucontent=查订＂＆ a&msgmenuid=1\">再查</a>"},
  };
  for (const Case& c : cases) EXPECT_EQ(Filled(c.text, {"", "订\"& a", "7"}), c.want) << c.text;
}

TEST(ReplyTemplateTest, WhatAFollowerTypesIsNotATemplate) { EXPECT_EQ(Filled("{1}", {"", "{0}{{"}), "{0}{{"); }

TEST(ReplyTemplateTest, KnowsTheFollowerAndTheTimeInChina) {
  const ReplyTemplate text(wechat::TextReply{"{date} {time} {openid} {{date}} {name} {DATE}"});
  EXPECT_EQ(Fill(text, {}), wechat::Reply(wechat::TextReply{"2026-11-21 23:05 o&1 {date} {name} {DATE}"}));
  EXPECT_EQ(text.HighestGroup(), -1);
  const ReplyTemplate news(wechat::NewsReply{{{"{time}", "", "", "https://e.com/?u={openid}&t={time}"}}});
  EXPECT_EQ(Fill(news, {}), wechat::Reply(wechat::NewsReply{{{"23:05", "", "", "https://e.com/?u=o%261&t=23%3A05"}}}));
}

}  // namespace
}  // namespace yingda::rules
