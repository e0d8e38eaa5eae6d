// SPDX-License-Identifier: MIT
#include "bot/inbox_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace yingda::bot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

store::InboxItem Item(int64_t id, std::string question, std::string text, int64_t part = 0) {
  store::InboxItem item;
  item.id = id;
  item.question = std::move(question);
  item.text = std::move(text);
  item.part = part;
  item.asked_ms = id * 1000;
  item.made_by_model = true;
  return item;
}

std::string Sentences(size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "一句不长不短的话。";
  return text;
}

TEST(InboxTextTest, LabelShortensTheQuestionAtACharacter) {
  EXPECT_EQ(LateLabel(" 几点\n开门 ", 0, {}), "关于“几点 开门”：\n");
  const std::string label = LateLabel(std::string(300, 'x') + "尾", 0, {});
  EXPECT_THAT(label, HasSubstr("…"));
  EXPECT_LT(label.size(), 120u);
  EXPECT_THAT(LateLabel("几点", 1, {}), HasSubstr("接上文"));
  EXPECT_EQ(LateLabel("", 0, {}), "") << "what answers no question has no label";
}

TEST(InboxTextTest, WhatFitsStandsInFrontOldestFirstEachWithItsQuestion) {
  const InboxShare share = FrontOfReply({Item(1, "甲", "答甲。"), Item(2, "乙", "答乙。")}, {}, 1000);
  EXPECT_EQ(share.text, "关于“甲”：\n答甲。\n\n关于“乙”：\n答乙。");
  ASSERT_EQ(share.claims.size(), 2u);
  EXPECT_EQ(share.claims[0].id, 1);
  EXPECT_EQ(share.claims[1].page, "答乙。");
  EXPECT_TRUE(share.claims[1].rest.empty());
  EXPECT_FALSE(share.more);
  EXPECT_TRUE(share.made_by_model);
}

TEST(InboxTextTest, WhatDoesNotFitStays) {
  const std::string big = Sentences(900);
  const InboxShare share =
      FrontOfReply({Item(1, "甲", "答甲。"), Item(2, "乙", big), Item(3, "丙", "答丙。")}, {}, 600);
  ASSERT_EQ(share.claims.size(), 1u) << "the second would have to be cut, and the third must not overtake it";
  EXPECT_TRUE(share.more);
}

TEST(InboxTextTest, OnlyTheOldestIsCut) {
  const InboxShare share = FrontOfReply({Item(1, "甲", Sentences(3000)), Item(2, "乙", "答乙。")}, {}, 900);
  ASSERT_EQ(share.claims.size(), 1u);
  EXPECT_EQ(share.claims[0].page + share.claims[0].rest, Sentences(3000));
  EXPECT_FALSE(share.claims[0].rest.empty());
  EXPECT_THAT(share.text, HasSubstr("(1/"));
  EXPECT_TRUE(share.more);
}

TEST(InboxTextTest, NothingIsCutIntoCrumbs) {
  const InboxShare share = FrontOfReply({Item(1, "甲", Sentences(3000))}, {}, 200);
  EXPECT_TRUE(share.empty());
  EXPECT_TRUE(share.more);
}

TEST(InboxTextTest, ReplyWithItsFrontKeepsTheLimitAndLosesNothing) {
  std::mt19937 random(11);
  const Texts texts;
  constexpr size_t kLimit = 2047;
  for (int round = 0; round < 500; ++round) {
    std::vector<store::InboxItem> unread;
    const size_t items = 1 + random() % 5;
    for (size_t i = 0; i < items; ++i) {
      unread.push_back(Item(static_cast<int64_t>(i) + 1, "问" + std::to_string(i), Sentences(30 + random() % 3000),
                            static_cast<int64_t>(random() % 3)));
    }
    const std::string own = Sentences(random() % 3000);
    const InboxShare front = FrontOfReply(unread, texts, RoomInFront(own.size(), true, kLimit, texts));
    PageStyle style;
    style.limit_bytes = RoomBehind(front, kLimit, texts);
    const TextPage page = NextPage(own, 0, texts, style);
    const std::string reply = JoinReply(front, page.text, texts);
    EXPECT_LE(reply.size(), kLimit) << "items " << items << ", own " << own.size();
    ASSERT_LE(front.claims.size(), unread.size());
    for (size_t i = 0; i < front.claims.size(); ++i) {
      EXPECT_EQ(front.claims[i].id, unread[i].id) << "oldest first, none left out";
      EXPECT_EQ(front.claims[i].page + front.claims[i].rest, unread[i].text);
    }
  }
}

TEST(InboxTextTest, NextPageIsOfTheOldestOnly) {
  const InboxShare share = NextInboxPage({Item(1, "甲", "答甲。"), Item(2, "乙", "答乙。")}, {}, {}, true);
  EXPECT_THAT(share.text, StartsWith("关于“甲”：\n答甲。"));
  EXPECT_THAT(share.text, Not(HasSubstr("答乙")));
  EXPECT_THAT(share.text, HasSubstr("还有没看完的内容")) << "and says that there is more";
  EXPECT_EQ(share.claims.size(), 1u);
  EXPECT_TRUE(share.more);
}

TEST(InboxTextTest, PagesOfOneTextFollowEachOtherWithTheirMarks) {
  const std::string text = Sentences(9000);
  std::string rest = text;
  std::string joined;
  for (int64_t part = 0; !rest.empty(); ++part) {
    const InboxShare share = NextInboxPage({Item(1, "长", rest, part)}, {}, {}, part == 0);
    ASSERT_EQ(share.claims.size(), 1u);
    EXPECT_LE(share.text.size(), 2047u);
    EXPECT_THAT(share.text, HasSubstr("(" + std::to_string(part + 1) + "/"));
    joined += share.claims[0].page;
    rest = share.claims[0].rest;
    ASSERT_LT(part, 20);
  }
  EXPECT_EQ(joined, text);
}

TEST(InboxTextTest, ShortWholeAnswerNeedsNoLinkToItsPage) {
  PageStyle style;
  style.page_url = "https://bot.example.com/a/1";
  EXPECT_THAT(NextInboxPage({Item(1, "甲", "答甲。")}, {}, style, true).text, Not(HasSubstr("https://")));
  EXPECT_THAT(NextInboxPage({Item(1, "甲", Sentences(5000))}, {}, style, true).text, HasSubstr("https://"));
}

TEST(InboxTextTest, FrontAloneSaysWhenMoreIsLeft) {
  InboxShare front = FrontOfReply({Item(1, "甲", "答甲。")}, {}, 1000);
  EXPECT_EQ(JoinReply(front, "", {}), front.text);
  front.more = true;
  EXPECT_THAT(JoinReply(front, "", {}), HasSubstr("继续"));
  EXPECT_EQ(JoinReply({}, "自己的", {}), "自己的");
}

}  // namespace
}  // namespace yingda::bot
