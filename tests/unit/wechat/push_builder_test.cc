// SPDX-License-Identifier: MIT
#include "wechat/push_builder.h"

#include <gtest/gtest.h>

#include "unit/wechat/vectors.h"

namespace yingda::wechat {
namespace {

TEST(PushBuilderTest, WhatWasBuiltParsesBackToItself) {
  const auto vectors = Vectors("incoming");
  for (const auto& test : vectors.at("cases")) {
    const Incoming message = *ParseIncoming(test.at("xml").get<std::string>());
    const auto from_xml = ParseIncoming(BuildPushXml(message));
    ASSERT_TRUE(from_xml) << test.at("id");
    EXPECT_EQ(*from_xml, message) << test.at("id") << "\n" << BuildPushXml(message);
    const auto from_json = ParseIncoming(BuildPushJson(message));
    ASSERT_TRUE(from_json) << test.at("id");
    EXPECT_EQ(from_json->content, message.content);
    EXPECT_EQ(from_json->msg_id, message.msg_id);
    EXPECT_EQ(from_json->event, message.event);
    EXPECT_EQ(from_json->fields.empty(), message.fields.empty());
  }
}

TEST(PushBuilderTest, AFollowersTextCannotBreakThePush) {
  for (const std::string content : {"]]>", "</xml>", "\"}", "\\", "a\x01"}) {
    const Incoming message = TextMessage(content);
    EXPECT_EQ(ParseIncoming(BuildPushXml(message))->content, content == "a\x01" ? "a" : content);
    EXPECT_EQ(ParseIncoming(BuildPushJson(message))->content, content);
  }
}

TEST(PushBuilderTest, FieldNamesThatAreNoXmlNamesAreLeftOut) {
  Incoming message = TextMessage("x");
  message.Add("a><b", "1");
  message.Add("Good", "2");
  EXPECT_EQ(ParseIncoming(BuildPushXml(message))->fields, (std::vector<Incoming::Field>{{"Good", "2"}}));
}

TEST(PushBuilderTest, NamesFullOfDotsDoNotNestBeyondWhatParses) {
  Incoming message = TextMessage("x");
  message.Add(std::string(5000, '.'), "1");
  message.Add("a.b.c.d", "2");
  const auto parsed = ParseIncoming(BuildPushJson(message));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->Get("a.b.c.d"), "2");
}

TEST(PushBuilderTest, TheQueryIsPercentEncodedAndLeavesOutWhatIsAbsent) {
  PushQuery query;
  query.signature = "ab";
  query.nonce = "a+b/c=&你";
  EXPECT_EQ(query.Text(), "signature=ab&nonce=a%2Bb%2Fc%3D%26%E4%BD%A0");
}

TEST(PushBuilderTest, NeedsAKeyOnlyWhenTheModeEncrypts) {
  EXPECT_TRUE(PushBuilder::Create({.token = kToken, .app_id = "", .encoding_aes_key = ""}));
  EXPECT_FALSE(PushBuilder::Create(
      {.token = kToken, .app_id = kOwnAppId, .encoding_aes_key = "short", .mode = CallbackMode::kSafe}));
}

}  // namespace
}  // namespace yingda::wechat
