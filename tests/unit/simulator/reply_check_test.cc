// SPDX-License-Identifier: MIT
#include "simulator/reply_check.h"

#include <gtest/gtest.h>

#include "simulator/messages.h"
#include "unit/simulator/accounts.h"
#include "wechat/envelope.h"
#include "wechat/passive_reply.h"

namespace yingda::simulator {
namespace {

using wechat::CallbackMode;

wechat::PushBuilder Builder(CallbackMode mode) { return *wechat::PushBuilder::Create(ConsoleAccount(mode)); }

wechat::Incoming Question() {
  wechat::Incoming message = TextMessage("在吗");
  message.to_user = "gh_account";
  message.from_user = "o_follower";
  return message;
}

std::string Text(const std::string& content) {
  return wechat::PassiveReplyXml(wechat::TextReply{content}, "o_follower", "gh_account", 1'800'000'000);
}

std::string Sealed(const wechat::PushBuilder& builder, const std::string& body) {
  return wechat::ReplyEnvelope(*builder.cipher(), body,
                               {builder.options().token, "1800000000", "42", "abcdefghijklmnop"}, false);
}

std::string ProblemOf(const std::string& body, CallbackMode mode = CallbackMode::kPlain) {
  const auto reply = CheckReply(Builder(mode), Question(), body);
  return reply ? std::string() : reply.error().message;
}

TEST(ReplyCheckTest, TakesATextReply) {
  const auto reply = CheckReply(Builder(CallbackMode::kPlain), Question(), Text("在的"));
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(*reply, wechat::Reply(wechat::TextReply{"在的"}));
}

TEST(ReplyCheckTest, TakesAcknowledgementsInEveryMode) {
  for (const CallbackMode mode : {CallbackMode::kPlain, CallbackMode::kCompatible, CallbackMode::kSafe}) {
    EXPECT_EQ(ProblemOf("success", mode), "");
    EXPECT_EQ(ProblemOf("", mode), "");
  }
}

TEST(ReplyCheckTest, SafeModeWantsAnEncryptedReply) {
  EXPECT_EQ(ProblemOf(Sealed(Builder(CallbackMode::kSafe), Text("好")), CallbackMode::kSafe), "");
  EXPECT_NE(ProblemOf(Text("好"), CallbackMode::kSafe), "");
}

TEST(ReplyCheckTest, CompatibleModeTakesBoth) {
  EXPECT_EQ(ProblemOf(Sealed(Builder(CallbackMode::kCompatible), Text("好")), CallbackMode::kCompatible), "");
  EXPECT_EQ(ProblemOf(Text("好"), CallbackMode::kCompatible), "");
}

TEST(ReplyCheckTest, TheLongestTextIs2047Bytes) {
  EXPECT_EQ(ProblemOf(Text(std::string(2047, 'a'))), "");
  EXPECT_NE(ProblemOf(Text(std::string(2048, 'a'))).find("2048 bytes"), std::string::npos);
}

TEST(ReplyCheckTest, NoticesWhatWeChatWouldNotShow) {
  const std::string good = Text("好");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string body = good;
    body.replace(body.find(from), from.size(), to);
    return body;
  };
  struct Case {
    const char* name;
    std::string body;
  };
  const Case cases[] = {
      {"an error page", "<html><body>502 Bad Gateway</body></html>"},
      {"plain text", "你好"},
      {"JSON that is no reply", R"({"errcode":0})"},
      {"success with a line end", "success\n"},
      {"blanks in front", " " + good},
      {"a BOM in front", "\xEF\xBB\xBF" + good},
      {"cut off", good.substr(0, good.size() / 2)},
      {"not swapped", wechat::PassiveReplyXml(wechat::TextReply{"好"}, "gh_account", "o_follower", 1'800'000'000)},
      {"another follower", wechat::PassiveReplyXml(wechat::TextReply{"好"}, "o_other", "gh_account", 1'800'000'000)},
      {"another account", wechat::PassiveReplyXml(wechat::TextReply{"好"}, "o_follower", "gh_b", 1'800'000'000)},
      {"no time", replaced("1800000000", "")},
      {"an unknown type", replaced("text", "texts")},
      {"an empty text", replaced("好", "")},
      {"only blanks", replaced("好", " \n")},
      {"a control character", replaced("好", "\x01")},
      {"half a character", replaced("好", "\xE5\xA5")},
      {"encrypted without need", Sealed(Builder(CallbackMode::kSafe), good)},
  };
  for (const Case& one : cases) EXPECT_NE(ProblemOf(one.body), "") << one.name;
}

TEST(ReplyCheckTest, OneArticleAnswersAMessageEightAnEvent) {
  wechat::NewsReply news;
  const auto body = [&] { return wechat::PassiveReplyXml(news, "o_follower", "gh_account", 1'800'000'000); };
  wechat::Incoming event = SubscribeEvent();
  event.to_user = "gh_account";
  event.from_user = "o_follower";
  news.articles.push_back({"t", "d", "", "https://example.com"});
  EXPECT_TRUE(CheckReply(Builder(CallbackMode::kPlain), Question(), body()));
  news.articles.push_back(news.articles.front());
  EXPECT_FALSE(CheckReply(Builder(CallbackMode::kPlain), Question(), body()));
  EXPECT_TRUE(CheckReply(Builder(CallbackMode::kPlain), event, body()));
}

}  // namespace
}  // namespace yingda::simulator
