// SPDX-License-Identifier: MIT
#include "wechat/message_key.h"

#include <gtest/gtest.h>

#include <set>

#include "unit/wechat/vectors.h"

namespace yingda::wechat {
namespace {

TEST(MessageKeyTest, IsTheRecommendedKeyBehindTheAccount) {
  const auto vectors = Vectors("incoming");
  ASSERT_EQ(vectors.at("cases").size(), 54u);
  for (const auto& test : vectors.at("cases")) {
    const auto message = ParseIncoming(test.at("xml").get<std::string>());
    ASSERT_TRUE(message) << test.at("id");
    EXPECT_EQ(MessageKey("main", *message), "main|" + test.at("dedup_key").get<std::string>()) << test.at("id");
  }
}

TEST(MessageKeyTest, TriesAreTheSameAndOthersDiffer) {
  const auto vectors = Vectors("dedup");
  for (const auto& test : vectors.at("cases")) {
    std::set<std::string> keys;
    for (const auto& push : test.at("pushes")) keys.insert(MessageKey("main", *ParseIncoming(push.get<std::string>())));
    EXPECT_EQ(keys.size(), test.at("distinct").get<size_t>()) << test.at("id");
  }
}

TEST(MessageKeyTest, AccountsAreKeptApart) {
  EXPECT_NE(MessageKey("a", TextMessage("x")), MessageKey("b", TextMessage("x")));
}

TEST(MessageKeyTest, NoPartCanPoseAsAnother) {
  Incoming first = TextMessage("x"), second = TextMessage("x");
  first.to_user = "gh|o1";
  first.from_user = "o2";
  second.to_user = "gh";
  second.from_user = "o1|o2";
  EXPECT_NE(MessageKey("a", first), MessageKey("a", second));
  second.to_user = "gh%7Co1";
  second.from_user = "o2";
  EXPECT_NE(MessageKey("a", first), MessageKey("a", second));
}

TEST(MessageKeyTest, StaysShortWhateverIsPushed) {
  Incoming message = TextMessage("x");
  for (std::string* part : {&message.to_user, &message.from_user, &message.msg_id}) part->assign(60'000, '\x01');
  EXPECT_LT(MessageKey(std::string(5000, 'a'), message).size(), 1024u);
  Incoming other = message;
  other.msg_id.back() = '\x02';
  EXPECT_NE(MessageKey("a", message), MessageKey("a", other));
}

TEST(MessageKeyTest, WithoutAnIdContentsTellMessagesApart) {
  for (const char* id : {"", "0"}) {
    Incoming first = TextMessage("你好"), second = TextMessage("再见");
    first.msg_id = second.msg_id = id;
    EXPECT_EQ(MessageKey("a", first), MessageKey("a", first));
    EXPECT_NE(MessageKey("a", first), MessageKey("a", second));
    second = first;
    second.Add("MediaId", "M");
    EXPECT_NE(MessageKey("a", first), MessageKey("a", second));
  }
}

TEST(MessageKeyTest, JobEventsAreNotKeyedByTheOutgoingMessage) {
  Incoming event = TextMessage("");
  event.type_name = "event";
  event.type = MessageType::kEvent;
  event.event_name = "TEMPLATESENDJOBFINISH";
  Incoming other = event;
  other.msg_id = "1";
  other.Add("MsgID", "2");
  EXPECT_EQ(MessageKey("a", event), MessageKey("a", other));
}

}  // namespace
}  // namespace yingda::wechat
