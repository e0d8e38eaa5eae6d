// SPDX-License-Identifier: MIT
#include "simulator/messages.h"

#include <gtest/gtest.h>

#include "wechat/push_builder.h"

namespace yingda::simulator {
namespace {

using wechat::EventType;
using wechat::MessageType;

TEST(MessagesTest, EveryKindComesOutOfTheServersParserAsItWentIn) {
  const wechat::Incoming all[] = {
      TextMessage("在吗 <b> ]]> &amp; 😀"),
      TextMessage("满意", "101"),
      ImageMessage("http://mmbiz.qpic.cn/a?b=1&c=2", "M1"),
      VoiceMessage("M2", "你好"),
      VoiceMessage("M3"),
      VideoMessage("M4", "T4"),
      ShortVideoMessage("M5", "T5"),
      LocationMessage("39.9", "116.4", "北京市"),
      LinkMessage("标题", "摘要", "https://example.com/?a=1&b=2"),
      SubscribeEvent(),
      SubscribeEvent("door-7"),
      UnsubscribeEvent(),
      ScanEvent("door-7"),
      ClickEvent("HELP"),
      ViewEvent("https://example.com/?a=1&b=2"),
      LocationEvent("39.9", "116.4"),
      OtherEvent("scancode_waitmsg", "SCAN1", {{"ScanCodeInfo.ScanType", "qrcode"}, {"ScanCodeInfo.ScanResult", "x"}}),
      OtherEvent("TEMPLATESENDJOBFINISH", "", {{"MsgID", "3141592653589793"}, {"Status", "success"}}),
  };
  for (wechat::Incoming message : all) {
    message.to_user = "gh_account";
    message.from_user = "o_follower";
    message.create_time = 1'800'000'000;
    if (message.type != MessageType::kEvent) message.msg_id = "24521380012345678";
    for (const std::string& body : {wechat::BuildPushXml(message), wechat::BuildPushJson(message)}) {
      const auto parsed = wechat::ParseIncoming(body);
      ASSERT_TRUE(parsed) << parsed.error().message << "\n" << body;
      EXPECT_EQ(*parsed, message) << body;
    }
  }
}

TEST(MessagesTest, KindsAreWhatTheyAreCalled) {
  EXPECT_EQ(MiniProgramPageMessage("t", "wx1", "pages/x").type, MessageType::kMiniProgramPage);
  EXPECT_EQ(SubscribeEvent("a").scene(), "a");
  EXPECT_EQ(ScanEvent("a").event, EventType::kScan);
  EXPECT_EQ(LocationEvent("1", "2").event, EventType::kLocation);
  EXPECT_EQ(VoiceMessage("M", "你好").recognition(), "你好");
  EXPECT_EQ(TextMessage("继续", "7").menu_item_id(), "7");
}

}  // namespace
}  // namespace yingda::simulator
