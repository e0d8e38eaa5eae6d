// SPDX-License-Identifier: MIT
#include "platform/customer_message.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace yingda::platform {
namespace {

using nlohmann::json;
constexpr auto kOfficial = MessageDialect::kOfficialAccount;
constexpr auto kMini = MessageDialect::kMiniProgram;
const std::string kOpenId = "oABCD1234efgh5678IJKL9012mnQ";

json Vector(const std::string& id) {
  std::ifstream in(std::string(YINGDA_TEST_DATA) + "/vectors/api_requests.json");
  const json all = json::parse(in, nullptr, false);
  for (const json& entry : all["cases"]) {
    if (entry["id"] == id) return entry["json"];
  }
  ADD_FAILURE() << "no vector " << id;
  return {};
}

json Body(const wechat::Reply& message, bool made_by_model = false, MessageDialect dialect = kOfficial) {
  const auto body = CustomerMessageBody(kOpenId, message, made_by_model, dialect);
  return body ? json::parse(*body) : json();
}

TEST(CustomerMessageTest, EachKindIsTheVectors) {
  EXPECT_EQ(Body(wechat::TextReply{"你好 <a href=\"https://example.com\">x</a>"}), Vector("kf_text"));
  EXPECT_EQ(Body(wechat::ImageReply{"MEDIA"}), Vector("kf_image"));
  EXPECT_EQ(Body(wechat::VoiceReply{"MEDIA"}), Vector("kf_voice"));
  EXPECT_EQ(Body(wechat::VideoReply{"MEDIA", "标题", "说明"}), Vector("kf_video"));
  EXPECT_EQ(
      Body(wechat::MusicReply{"曲名", "说明", "https://example.com/a.mp3", "https://example.com/hq.mp3", "THUMB"}),
      Vector("kf_music"));
  EXPECT_EQ(Body(wechat::NewsReply{{{"标题", "说明", "https://example.com/1.jpg", "https://example.com"}}}),
            Vector("kf_news"));
  EXPECT_EQ(json::parse(TypingBody(kOpenId)), Vector("kf_typing"));
}

TEST(CustomerMessageTest, WhatAModelWroteIsMarked) {
  EXPECT_EQ(Body(wechat::TextReply{"…"}, true), Vector("kf_text_ai_label"));
  EXPECT_FALSE(Body(wechat::TextReply{"…"}, true, kMini).contains("aimsgcontext")) << "mini-programs know no such mark";
}

TEST(CustomerMessageTest, BytesAreRawUtf8) {
  const auto body = CustomerMessageBody(kOpenId, wechat::TextReply{"你好😀 a/b <c>"}, false, kOfficial);
  ASSERT_TRUE(body);
  EXPECT_NE(body->find("你好😀 a/b <c>"), std::string::npos) << *body;
  EXPECT_EQ(body->find('\\'), std::string::npos) << *body;
}

TEST(CustomerMessageTest, NoStringOfAnyKindIsEscapedWithItsCodePoint) {
  const std::string damaged = "a\x01\x1b\r\x7f\nb";  // dump() would write \u0001 and \u001b: errcode 40033
  const wechat::Reply replies[] = {
      wechat::TextReply{damaged},
      wechat::ImageReply{damaged},
      wechat::VoiceReply{damaged},
      wechat::VideoReply{damaged, damaged, damaged},
      wechat::MusicReply{damaged, damaged, damaged, damaged, damaged},
      wechat::NewsReply{{{damaged, damaged, damaged, damaged}}},
  };
  for (const MessageDialect dialect : {kOfficial, kMini}) {
    for (const wechat::Reply& reply : replies) {
      const auto body = CustomerMessageBody("o\x02X", reply, false, dialect);
      if (!body) continue;  // no message in this dialect
      EXPECT_EQ(body->find("\\u"), std::string::npos) << *body;
      EXPECT_EQ(body->find("\\r"), std::string::npos) << *body;
      EXPECT_EQ(body->find('\x7f'), std::string::npos) << *body;
      EXPECT_NE(body->find("a\\nb"), std::string::npos) << *body;
      EXPECT_EQ(json::parse(*body)["touser"], "oX");
    }
  }
}

TEST(CustomerMessageTest, BrokenUtf8IsReplacedAndNotThrown) {
  const auto body = CustomerMessageBody(kOpenId, wechat::TextReply{"a\xff\xe4\xbd"}, false, kOfficial);
  ASSERT_TRUE(body);
  EXPECT_EQ(json::parse(*body)["text"]["content"], "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(CustomerMessageTest, OnlyTheFirstArticleGoesOut) {
  const json body = Body(wechat::NewsReply{{{"一", "", "", "https://a"}, {"二", "", "", "https://b"}}});
  ASSERT_EQ(body["news"]["articles"].size(), 1U);
  EXPECT_EQ(body["news"]["articles"][0]["title"], "一");
}

TEST(CustomerMessageTest, MiniProgramsTakeTextImageAndLink) {
  EXPECT_EQ(Body(wechat::TextReply{"hi"}, false, kMini)["msgtype"], "text");
  EXPECT_EQ(Body(wechat::ImageReply{"M"}, false, kMini)["msgtype"], "image");
  EXPECT_EQ(Body(wechat::NewsReply{{{"t", "d", "https://example.com/t.jpg", "https://example.com"}}}, false, kMini),
            Vector("kf_link_miniapp"));
  EXPECT_TRUE(Body(wechat::VoiceReply{"M"}, false, kMini).is_null());
  EXPECT_TRUE(Body(wechat::VideoReply{"M", "", ""}, false, kMini).is_null());
  EXPECT_TRUE(Body(wechat::MusicReply{}, false, kMini).is_null());
}

TEST(CustomerMessageTest, WhatIsNoMessageHasNoBody) {
  for (const MessageDialect dialect : {kOfficial, kMini}) {
    EXPECT_TRUE(Body(wechat::NoReply{}, false, dialect).is_null());
    EXPECT_TRUE(Body(wechat::TransferReply{}, false, dialect).is_null());
    EXPECT_TRUE(Body(wechat::NewsReply{}, false, dialect).is_null());
  }
}

}  // namespace
}  // namespace yingda::platform
