// SPDX-License-Identifier: MIT
#include "wechat/incoming.h"

#include <gtest/gtest.h>

#include <map>

#include "base/utf8.h"
#include "unit/wechat/vectors.h"
#include "wechat/push_builder.h"

namespace yingda::wechat {
namespace {

std::string Wrapped(const std::string& fields) {
  return "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1717171717</CreateTime>"
         "<MsgType>text</MsgType>" +
         fields + "</xml>";
}

// What the members and fields hold, by WeChat's names.
std::string ValueOf(const Incoming& message, const std::string& name) {
  const std::map<std::string, std::string> members = {
      {"ToUserName", message.to_user}, {"FromUserName", message.from_user},
      {"MsgType", message.type_name},  {"Event", message.event_name},
      {"EventKey", message.event_key}, {"MsgId", message.msg_id},
      {"Content", message.content},    {"CreateTime", std::to_string(message.create_time)}};
  const auto member = members.find(name);
  return member != members.end() ? member->second : std::string(message.Get(name));
}

void ExpectFields(const Incoming& message, const nlohmann::json& want, const std::string& prefix,
                  const std::string& id) {
  for (const auto& [name, value] : want.items()) {
    const std::string path = prefix + name;
    if (value.is_object()) {
      ExpectFields(message, value, path + ".", id);
    } else if (value.is_array()) {
      ExpectFields(message, value.at(0), path + ".", id);
      size_t repeats = 0;
      for (const auto& field : message.fields) repeats += field.name == path + "." + value.at(0).begin().key();
      EXPECT_EQ(repeats, value.size()) << id;
    } else if (id == "text_pretty" && name == "Content") {
      EXPECT_EQ(message.content, "  two  spaces\nline2 ") << "blanks at the ends are content";
    } else {
      EXPECT_EQ(ValueOf(message, path), value.is_null() ? "" : value.get<std::string>()) << id << " " << path;
    }
  }
}

TEST(IncomingTest, ReadsEveryFieldOfEveryKindOfPush) {
  const auto vectors = Vectors("incoming");
  ASSERT_EQ(vectors.at("cases").size(), 54u);
  for (const auto& test : vectors.at("cases")) {
    const std::string id = test.at("id");
    const auto message = ParseIncoming(test.at("xml").get<std::string>());
    ASSERT_TRUE(message) << id;
    ExpectFields(*message, test.at("fields"), "", id);
    EXPECT_EQ(message->type == MessageType::kEvent, test.at("kind") == "event") << id;
    EXPECT_EQ(message->event != EventType::kNone, test.at("kind") == "event") << id;
    if (test.at("kind") == "event") {
      EXPECT_EQ(ShowsReply(message->event), test.at("reply_shown_to_user") == "yes") << id;
    }
  }
}

TEST(IncomingTest, JsonGivesTheSameAsXml) {
  const auto vectors = Vectors("incoming");
  for (const auto& test : vectors.at("cases")) {
    nlohmann::json json = test.at("fields");
    json["CreateTime"] = 1717171717;
    const auto message = ParseIncoming(json.dump());
    ASSERT_TRUE(message) << test.at("id");
    const auto from_xml = ParseIncoming(test.at("xml").get<std::string>());
    EXPECT_EQ(message->type, from_xml->type) << test.at("id");
    EXPECT_EQ(message->event, from_xml->event) << test.at("id");
    EXPECT_EQ(message->msg_id, from_xml->msg_id);
    EXPECT_EQ(message->create_time, from_xml->create_time);
    for (const auto& field : from_xml->fields) EXPECT_EQ(message->Get(field.name), from_xml->Get(field.name));
  }
}

TEST(IncomingTest, TypesAreKnownByNameWhateverTheirCase) {
  EXPECT_EQ(MessageTypeOf("Text"), MessageType::kText);
  EXPECT_EQ(MessageTypeOf("location"), MessageType::kLocation);
  EXPECT_EQ(MessageTypeOf("hologram"), MessageType::kUnknown);
  EXPECT_EQ(EventTypeOf("SCAN"), EventType::kScan);
  EXPECT_EQ(EventTypeOf("scan"), EventType::kScan);
  EXPECT_EQ(EventTypeOf("scan_"), EventType::kOther);
  EXPECT_EQ(EventTypeOf(""), EventType::kOther);
}

TEST(IncomingTest, TheSceneIsTheSameWhetherOneFollowsOrScans) {
  Incoming message;
  message.event = EventType::kSubscribe;
  message.event_key = "qrscene_qrscene_7";
  EXPECT_EQ(message.scene(), "qrscene_7") << "the prefix goes once";
  message.event_key = "last_trade_no_4000012345";
  EXPECT_EQ(message.scene(), "");
  message.event = EventType::kScan;
  message.event_key = "qrscene_7";
  EXPECT_EQ(message.scene(), "qrscene_7") << "SCAN has no prefix to strip";
}

TEST(IncomingTest, PlacesComeFromMessagesAndEventsAlike) {
  const auto vectors = Vectors("incoming");
  size_t seen = 0;
  for (const auto& test : vectors.at("cases")) {
    if (test.at("id") != "location" && test.at("id") != "LOCATION" && test.at("id") != "location_select") continue;
    const auto message = ParseIncoming(test.at("xml").get<std::string>());
    EXPECT_EQ(message->latitude().substr(0, 6), "39.908") << test.at("id");
    EXPECT_EQ(message->longitude().substr(0, 7), "116.397") << test.at("id");
    ++seen;
  }
  EXPECT_EQ(seen, 3u);
}

TEST(IncomingTest, SplitAndMixedTextsAreJoined) {
  const auto message = ParseIncoming(Wrapped("<Content>a<![CDATA[b]]]]><![CDATA[>c]]>&lt;d&gt;<!-- no --></Content>"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->content, "ab]]>c<d>");
}

TEST(IncomingTest, NumbersBeyond64BitsKeepTheirDigits) {
  const std::string id = "123456789012345678901234567890";
  EXPECT_EQ(ParseIncoming(Wrapped("<MsgId>" + id + "</MsgId>"))->msg_id, id);
  const std::string head =
      R"({"ToUserName":"g","FromUserName":"o","CreateTime":"1620963428","MsgType":"text","MsgId":)";
  EXPECT_EQ(ParseIncoming(head + id + "}")->msg_id, id);
  EXPECT_EQ(ParseIncoming(head + "9007199254740993}")->msg_id, "9007199254740993");
  EXPECT_EQ(ParseIncoming(head + "-1}")->msg_id, "-1");
  EXPECT_EQ(ParseIncoming(head + R"("49d7_1555684067"})")->msg_id, "49d7_1555684067");
  EXPECT_EQ(ParseIncoming(head + "1}")->create_time, 1620963428) << "numbers may be strings";
}

TEST(IncomingTest, JsonListsOfOneAndOfSeveralReadAlike) {
  const std::string head = R"({"ToUserName":"g","FromUserName":"o","CreateTime":1,"MsgType":"event","Event":"e",)";
  const auto one = ParseIncoming(head + R"("List":{"TemplateId":"A"},"After":true})");
  const auto two = ParseIncoming(head + R"("List":[{"TemplateId":"A"},{"TemplateId":"B"}],"After":null})");
  ASSERT_TRUE(one && two);
  EXPECT_EQ(one->Get("List.TemplateId"), "A");
  EXPECT_EQ(two->Get("List.TemplateId"), "A");
  EXPECT_EQ(one->Get("After"), "true");
  EXPECT_EQ(two->fields.size(), 3u);
}

TEST(IncomingTest, DamagedTextIsRepairedNotRefused) {
  for (const std::string& body : {Wrapped("<Content><![CDATA[a\xFF\xE4\xBD b]]></Content>"),
                                  std::string("{\"ToUserName\":\"g\",\"FromUserName\":\"o\",\"MsgType\":\"text\","
                                              "\"Content\":\"a\xFF\xE4\xBD b\"}")}) {
    const auto message = ParseIncoming(body);
    ASSERT_TRUE(message) << body;
    EXPECT_EQ(message->content, "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD b");
  }
  const auto surrogate = ParseIncoming(Wrapped("<Content>a&#xD800;b&#0;c</Content>"));
  ASSERT_TRUE(surrogate);
  EXPECT_TRUE(base::IsValidUtf8(surrogate->content)) << "a character reference to half a surrogate pair";
}

TEST(IncomingTest, ControlCharactersAreTolerated) {
  std::string body = Wrapped(
      "<Content><![CDATA[a\x01\x08?\x1F"
      "b]]></Content>");
  body[body.find('?')] = '\0';
  const auto message = ParseIncoming(body);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->content,
            "a\x01\x08 \x1F"
            "b");
}

TEST(IncomingTest, BlanksAndByteOrderMarksInFrontAreSkipped) {
  EXPECT_TRUE(ParseIncoming("\xEF\xBB\xBF\r\n " + Wrapped("")));
  EXPECT_TRUE(ParseIncoming("\xEF\xBB\xBF {\"ToUserName\":\"g\",\"FromUserName\":\"o\",\"MsgType\":\"text\"}"));
  EXPECT_TRUE(ParseIncoming("<?xml version=\"1.0\" encoding=\"GBK\"?>" + Wrapped("")));
}

TEST(IncomingTest, RefusesWhatIsNotAPush) {
  const std::string cases[] = {
      "",
      "  \n",
      "hello",
      "<xml>",
      "<xml></xml>",
      "<xml><ToUserName>gh_1</ToUserName></xml>",
      "<xml><ToUserName>gh_1</FromUserName></xml>",
      "<xml><![CDATA[",
      "{",
      "{}",
      "[]",
      "[1]",
      "{\"ToUserName\":",
      "{\"ToUserName\":\"\\ud800\"}",
      "{\"action\":\"CheckContainerPath\"}",
      "null",
      "success",
      std::string("\0\0\0\0", 4),
      std::string("<\0x\0m\0l\0>\0", 10),
      "\xFF\xFE<\0",
  };
  for (const std::string& body : cases) {
    const auto message = ParseIncoming(body);
    ASSERT_FALSE(message) << body;
    EXPECT_EQ(message.error().code, base::ErrorCode::kInvalidArgument) << body;
  }
}

TEST(IncomingTest, RefusesDoctypes) {
  const std::string bomb =
      "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;\">"
      "<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
  EXPECT_FALSE(ParseIncoming(bomb + Wrapped("<Content>&lol2;&x;</Content>")));
  EXPECT_FALSE(ParseIncoming("<!DOCTYPE xml>" + Wrapped("")));
  EXPECT_EQ(ParseIncoming(Wrapped("<Content>&lol2;&x;</Content>"))->content, "&lol2;&x;") << "nothing is expanded";
}

std::string Nested(const std::string& open, const std::string& close, size_t depth) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text += open;
  for (size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(IncomingTest, DeepNestingIsHarmless) {
  constexpr size_t kDepth = 10'000;
  const auto deep = ParseIncoming(Wrapped(Nested("<a>", "</a>", kDepth)));
  ASSERT_TRUE(deep) << "levels too deep are dropped";
  EXPECT_TRUE(deep->fields.empty());
  EXPECT_FALSE(ParseIncoming(Nested("<a>", "", kDepth)));
  EXPECT_FALSE(ParseIncoming("<!DOCTYPE " + Nested("<!", ">", kDepth) + ">" + Wrapped("")));
  const std::string head = R"({"ToUserName":"g","FromUserName":"o","MsgType":"text","X":)";
  EXPECT_FALSE(ParseIncoming(head + Nested("[", "]", kDepth) + "}"));
  EXPECT_FALSE(ParseIncoming(head + Nested("{\"a\":", "}", kDepth) + "}"));
  EXPECT_FALSE(ParseIncoming(Nested("{\"a\":", "", kDepth)));
}

TEST(IncomingTest, ManyFieldsAreBounded) {
  std::string fields;
  for (int i = 0; i < 5000; ++i) fields += "<F>1</F>";
  const auto message = ParseIncoming(Wrapped(fields + "<Content>still read</Content>"));
  ASSERT_TRUE(message);
  EXPECT_LE(message->fields.size(), 64u);
  EXPECT_EQ(message->content, "still read");
}

TEST(IncomingTest, LargeBodiesAreReadUpToALimit) {
  const std::string content(64 * 1024, 'x');
  EXPECT_EQ(ParseIncoming(Wrapped("<Content>" + content + "</Content>"))->content, content);
  const auto too_large = ParseIncoming(Wrapped("<Content>" + std::string(kMaxPushBytes, 'x') + "</Content>"));
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().code, base::ErrorCode::kTooLarge);
}

TEST(IncomingTest, TheFirstOfTwoEqualFieldsCounts) {
  EXPECT_EQ(ParseIncoming(Wrapped("<Content>first</Content><Content>second</Content>"))->content, "first");
}

TEST(IncomingTest, EveryTruncationIsSafe) {
  const auto vectors = Vectors("incoming");
  for (const auto& test : vectors.at("cases")) {
    const std::string xml = test.at("xml"), json = test.at("fields").dump();
    for (size_t size = 0; size < xml.size(); size += 3) (void)ParseIncoming(xml.substr(0, size)).has_value();
    for (size_t size = 0; size < json.size(); size += 3) EXPECT_FALSE(ParseIncoming(json.substr(0, size)));
  }
}

}  // namespace
}  // namespace yingda::wechat
