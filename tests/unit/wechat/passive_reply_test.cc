// SPDX-License-Identifier: MIT
#include "wechat/passive_reply.h"

#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "base/utf8.h"
#include "unit/wechat/vectors.h"
#include "wechat/envelope.h"

namespace yingda::wechat {
namespace {

constexpr char kFollower[] = "oABCD1234efgh5678IJKL9012mnQ";
constexpr char kAccount[] = "gh_a1b2c3d4e5f6";
constexpr int64_t kTime = 1717171720;

// The tree of a reply as the vectors write it: text, or an object of children.
nlohmann::json Tree(const pugi::xml_node& node) {
  nlohmann::json children;
  std::string text;
  for (const pugi::xml_node& child : node) {
    if (child.type() == pugi::node_element) {
      children[child.name()] = Tree(child);
    } else {
      text += child.value();
    }
  }
  return children.is_null() ? nlohmann::json(text) : children;
}

nlohmann::json Tree(const std::string& xml) {
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(xml.c_str())) << xml;
  return Tree(document.document_element());
}

// The reply that a vector asks for, read from its expected fields.
Reply ReplyOf(const nlohmann::json& fields) {
  const std::string type = fields.at("MsgType");
  if (type == "text") return TextReply{fields.at("Content")};
  if (type == "image") return ImageReply{fields.at("Image").at("MediaId")};
  if (type == "voice") return VoiceReply{fields.at("Voice").at("MediaId")};
  if (type == "video") {
    const auto& video = fields.at("Video");
    return VideoReply{video.at("MediaId"), video.at("Title"), video.at("Description")};
  }
  if (type == "music") {
    const auto& music = fields.at("Music");
    return MusicReply{music.at("Title"), music.at("Description"), music.at("MusicUrl"), music.at("HQMusicUrl"),
                      music.at("ThumbMediaId")};
  }
  if (type == "news") {
    const auto& item = fields.at("Articles").at("item");
    return NewsReply{{{item.at("Title"), item.at("Description"), item.at("PicUrl"), item.at("Url")}}};
  }
  if (type == "transfer_customer_service") {
    return TransferReply{fields.contains("TransInfo") ? fields.at("TransInfo").at("KfAccount").get<std::string>() : ""};
  }
  return NoReply{};
}

TEST(PassiveReplyTest, GivesTheTreesOfTheVectors) {
  const auto vectors = Vectors("replies");
  size_t compared = 0;
  for (const auto& test : vectors.at("cases")) {
    if (test.at("fields").at("MsgType") == "transfer_biz_ai_ivr") continue;  // not one of our replies
    const std::string xml = PassiveReplyXml(ReplyOf(test.at("fields")), kFollower, kAccount, kTime);
    EXPECT_EQ(Tree(xml), test.at("fields")) << test.at("id");
    EXPECT_EQ(xml, test.at("xml").get<std::string>()) << test.at("id");
    ++compared;
  }
  EXPECT_EQ(compared, vectors.at("cases").size() - 1);
}

TEST(PassiveReplyTest, TheEnvelopeOfTheVectorIsGivenByteForByte) {
  const auto vectors = Vectors("replies");
  for (const auto& test : vectors.at("encrypted")) {
    const auto cipher = MessageCipher::Create(kAesKey, kOwnAppId);
    const std::string timestamp = test.at("TimeStamp"), nonce = test.at("Nonce"), random16 = test.at("random16");
    EXPECT_EQ(ReplyEnvelope(*cipher, test.at("plain").get<std::string>(), {kToken, timestamp, nonce, random16}, false),
              test.at("xml").get<std::string>());
    const auto json = nlohmann::json::parse(
        ReplyEnvelope(*cipher, test.at("plain").get<std::string>(), {kToken, timestamp, nonce, random16}, true));
    EXPECT_EQ(json.at("Encrypt"), test.at("Encrypt"));
    EXPECT_EQ(json.at("MsgSignature"), test.at("MsgSignature"));
    EXPECT_EQ(json.at("TimeStamp"), kTime) << "a number";
    EXPECT_EQ(json.at("Nonce"), test.at("Nonce"));
  }
}

TEST(PassiveReplyTest, TextsThatWouldBreakTheXmlArriveWhole) {
  const std::pair<std::string, std::string> cases[] = {
      {"]]>", "]]>"},
      {"]]]]>>", "]]]]>>"},
      {"a]]>b]]>c]]>", "a]]>b]]>c]]>"},
      {"]]", "]]"},
      {"</Content></xml><![CDATA[ & &amp; <b>", "</Content></xml><![CDATA[ & &amp; <b>"},
      {std::string("a\0b\x01\x1B[0m\r\nc\td\x7F", 14), "ab[0m\nc\td"},
      {"a\xFF"
       "b\xE4\xBD",
       "a\xEF\xBF\xBD"
       "b\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"a\xEF\xBF\xBE"
       "b\xEF\xBF\xBF"
       "c",
       "abc"},
      {"👩‍👩‍👧 你好", "👩‍👩‍👧 你好"},
      {"]]\x01>", "]]>"},
      {std::string(40, '\x02') + "late", "late"},
  };
  for (const auto& [content, want] : cases) {
    const std::string xml = PassiveReplyXml(TextReply{content}, kFollower, kAccount, kTime);
    EXPECT_EQ(Tree(xml).at("Content"), want);
    EXPECT_TRUE(base::IsValidUtf8(xml));
    const auto json = nlohmann::json::parse(PassiveReplyJson(TextReply{content}, kFollower, kAccount, kTime));
    EXPECT_EQ(json.at("Content"), want);
  }
}

TEST(PassiveReplyTest, NothingToShowIsSuccess) {
  const Reply nothing[] = {NoReply{}, TextReply{}, TextReply{"\x01\x02"}, TextReply{"\xEF\xBF\xBF"}, NewsReply{}};
  for (const Reply& reply : nothing) {
    EXPECT_EQ(PassiveReplyXml(reply, kFollower, kAccount, kTime), "success");
    EXPECT_EQ(PassiveReplyJson(reply, kFollower, kAccount, kTime), "success");
  }
}

TEST(PassiveReplyTest, ArticlesBeyondTheEighthAreDropped) {
  NewsReply news;
  for (int i = 0; i < 10; ++i) news.articles.push_back({std::to_string(i), "d", "p", "u"});
  const std::string xml = PassiveReplyXml(news, kFollower, kAccount, kTime);
  EXPECT_NE(xml.find("<ArticleCount>8</ArticleCount>"), std::string::npos);
  EXPECT_NE(xml.find("<![CDATA[7]]>"), std::string::npos);
  EXPECT_EQ(xml.find("<![CDATA[8]]>"), std::string::npos);
}

TEST(PassiveReplyTest, JsonHasTheNamesOfTheXml) {
  const auto vectors = Vectors("replies");
  for (const auto& test : vectors.at("cases")) {
    const Reply reply = ReplyOf(test.at("fields"));
    if (std::holds_alternative<NoReply>(reply)) continue;
    auto json = nlohmann::json::parse(PassiveReplyJson(reply, kFollower, kAccount, kTime));
    auto want = test.at("fields");
    want["CreateTime"] = kTime;
    if (want.contains("Articles")) {
      want["ArticleCount"] = 1;
      want["Articles"] = nlohmann::json::array({want["Articles"]["item"]});
    }
    EXPECT_EQ(json, want) << test.at("id");
  }
}

TEST(PassiveReplyTest, HostileUserNamesCannotLeaveTheirElement) {
  const std::string xml = PassiveReplyXml(TextReply{"x"}, "o]]></ToUserName><MsgType>", kAccount, kTime);
  EXPECT_EQ(Tree(xml).at("ToUserName"), "o]]></ToUserName><MsgType>");
  EXPECT_EQ(Tree(xml).at("MsgType"), "text");
}

}  // namespace
}  // namespace yingda::wechat
