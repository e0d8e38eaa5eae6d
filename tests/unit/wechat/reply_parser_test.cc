// SPDX-License-Identifier: MIT
#include "wechat/reply_parser.h"

#include <gtest/gtest.h>

#include "unit/wechat/vectors.h"
#include "wechat/passive_reply.h"

namespace yingda::wechat {
namespace {

const std::vector<Reply>& AllReplies() {
  static const std::vector<Reply> replies = {
      TextReply{"你好 ]]> <a href=\"https://e.cn\">x</a>\n再见"},
      ImageReply{"M1"},
      VoiceReply{"M2"},
      VideoReply{"M3", "标题", "说明"},
      MusicReply{"曲名", "", "https://e.cn/a.mp3", "", "T"},
      NewsReply{{{"一", "摘要", "https://e.cn/1.jpg", "https://e.cn/1"}}},
      NewsReply{{{"一", "", "", "u1"}, {"二", "d", "p", "u2"}, {"三", "", "", ""}}},
      TransferReply{},
      TransferReply{"test1@test"},
  };
  return replies;
}

TEST(ReplyParserTest, OpensWhatPassiveReplyWrote) {
  for (const Reply& reply : AllReplies()) {
    for (const bool json : {false, true}) {
      const std::string body =
          json ? PassiveReplyJson(reply, "o1", "gh_1", 7) : PassiveReplyXml(reply, "o1", "gh_1", 7);
      const auto opened = OpenReply(body);
      ASSERT_TRUE(opened) << body << opened.error().message;
      EXPECT_EQ(opened->reply, reply) << body;
      EXPECT_EQ(opened->to_user, "o1");
      EXPECT_EQ(opened->from_user, "gh_1");
      EXPECT_EQ(opened->create_time, 7);
      EXPECT_EQ(opened->json, json);
      EXPECT_FALSE(opened->encrypted);
    }
  }
}

TEST(ReplyParserTest, AcknowledgementsAreNoReplyInEveryMode) {
  for (const char* body : {"success", ""}) {
    const auto opened = OpenReply(body, {.require_encrypted = true});
    ASSERT_TRUE(opened);
    EXPECT_TRUE(std::holds_alternative<NoReply>(opened->reply));
  }
}

TEST(ReplyParserTest, RefusesWhatWeChatShowsItsFailureNoticeFor) {
  const char* const cases[] = {
      "success\n",
      " success",
      "ok",
      "\n<xml></xml>",
      "<html>502</html>",
      "<xml></xml>",
      "<xml><ToUserName>o</ToUserName><FromUserName>g</FromUserName><MsgType>text</MsgType></xml>",
      "<xml><ToUserName>o</ToUserName><FromUserName>g</FromUserName><MsgType>card</MsgType></xml>",
      "<xml><ToUserName>o</ToUserName><FromUserName>g</FromUserName><MsgType>image</MsgType></xml>",
      "<xml><ToUserName>o</ToUserName><FromUserName>g</FromUserName><MsgType>news</MsgType></xml>",
      "<xml><ToUserName>o</ToUserName><FromUserName>g</FromUserName><MsgType>news</MsgType><ArticleCount>2</"
      "ArticleCount>"
      "<Articles><item><Title>t</Title></item></Articles></xml>",
      "{\"error\":\"x\"}",
      "{",
  };
  for (const char* body : cases) EXPECT_FALSE(OpenReply(body)) << body;
}

TEST(ReplyParserTest, OpensTheEncryptedVectorAndRefusesItsForgeries) {
  const auto cipher = MessageCipher::Create(kAesKey, kOwnAppId);
  const ReplyKeys keys{kToken, &*cipher, true};
  const auto vectors = Vectors("replies");
  for (const auto& test : vectors.at("encrypted")) {
    const std::string xml = test.at("xml");
    const auto opened = OpenReply(xml, keys);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_TRUE(opened->encrypted);
    EXPECT_EQ(std::get<TextReply>(opened->reply).content, "你好");
    EXPECT_FALSE(OpenReply(xml, {"other", &*cipher, true}));
    EXPECT_FALSE(OpenReply(xml));
    std::string other_nonce = xml;
    other_nonce.replace(other_nonce.find("[1234567890]"), 12, "[1234567891]");
    EXPECT_FALSE(OpenReply(other_nonce, keys));
    EXPECT_FALSE(OpenReply(test.at("plain").get<std::string>(), keys)) << "in clear although safe mode";
    EXPECT_TRUE(OpenReply(test.at("plain").get<std::string>(), {kToken, &*cipher, false}));
  }
}

}  // namespace
}  // namespace yingda::wechat
