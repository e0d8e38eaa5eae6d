// SPDX-License-Identifier: MIT
#include "simulator/follower.h"

#include <gtest/gtest.h>

#include "simulator/chat_text.h"
#include "unit/simulator/stage.h"

namespace yingda::simulator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kTapText = "未完。<a href=\"weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=3\">点这里继续</a>";

class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() {
    stage_ = std::make_unique<Stage>(
        [this](const ReceivedPush& push, net::Responder responder) { Answer(push, std::move(responder)); });
    follower_ = std::make_unique<Follower>(stage_->wechat(), "o_li", stage_->clock());
  }
  ~FollowerTest() override {
    follower_.reset();
    stage_.reset();
  }

  void Answer(const ReceivedPush& push, net::Responder responder) {
    const wechat::Incoming& message = push.opened->message;
    if (message.content == "沉默" || message.event == wechat::EventType::kView) {
      return stage_->callback().Hold(std::move(responder));
    }
    if (message.content == "收到") {
      responder.Send({200, "text/plain", "success", {}});
      return;
    }
    // Slow: nothing on the first try.
    if (message.content == "慢" && !seen_slow_.With([](bool& seen) { return std::exchange(seen, true); })) {
      return stage_->callback().Hold(std::move(responder));
    }
    stage_->Reply(push, std::move(responder), message.content == "长" ? kTapText : "答：" + message.content);
  }
  bool PlayOut() {
    return stage_->conductor().RunUntil([this] { return follower_->Waiting() == 0; }, seconds(60), milliseconds(500));
  }

  std::unique_ptr<Stage> stage_;
  std::unique_ptr<Follower> follower_;
  base::Guarded<bool> seen_slow_;
};

TEST_F(FollowerTest, SeesTheAnswerBelowTheQuestion) {
  follower_->Say("在吗");
  ASSERT_TRUE(PlayOut());
  const auto chat = follower_->Chat();
  ASSERT_EQ(chat.size(), 2u);
  EXPECT_EQ(chat[0].from, ChatLine::From::kFollower);
  EXPECT_EQ(chat[0].text, "在吗");
  EXPECT_EQ(chat[1].from, ChatLine::From::kAccount);
  EXPECT_EQ(chat[1].text, "答：在吗");
  EXPECT_EQ(chat[1].message, chat[0].message);
  EXPECT_EQ(follower_->LastSeen(), "答：在吗");
}

TEST_F(FollowerTest, SeesTheFaultNoticeWhenTheAccountIsSilent) {
  follower_->Say("沉默");
  ASSERT_TRUE(PlayOut());
  EXPECT_EQ(follower_->Chat().back().from, ChatLine::From::kWeChat);
  EXPECT_EQ(follower_->LastSeen(), "该公众号提供的服务出现故障，请稍后再试");
  EXPECT_TRUE(follower_->Answers().empty());
}

TEST_F(FollowerTest, SeesNothingForAnAcknowledgementNorForAQuietEvent) {
  follower_->Say("收到");
  follower_->Send(ViewEvent("https://example.com"));
  ASSERT_TRUE(PlayOut());
  EXPECT_EQ(follower_->LastSeen(), "");
  EXPECT_EQ(follower_->Chat().size(), 2u);
}

TEST_F(FollowerTest, SeesAnswersInTheOrderTheyCome) {
  follower_->Say("慢");
  ASSERT_TRUE(stage_->conductor().Settle());
  follower_->Say("快");
  ASSERT_TRUE(PlayOut());
  EXPECT_EQ(follower_->Answers(), (std::vector<std::string>{"答：快", "答：慢"}));
}

TEST_F(FollowerTest, ATapSendsWhatTheLinkSays) {
  follower_->Say("长");
  ASSERT_TRUE(PlayOut());
  ASSERT_TRUE(follower_->Tap());
  ASSERT_TRUE(PlayOut());
  EXPECT_EQ(follower_->LastSeen(), "答：继续");
  EXPECT_EQ(stage_->callback().Received().back().opened->message.menu_item_id(), "3");
}

TEST_F(FollowerTest, CannotTapWhereNoLinkIs) {
  follower_->Say("在吗");
  ASSERT_TRUE(PlayOut());
  EXPECT_FALSE(follower_->Tap());
}

TEST_F(FollowerTest, SendsVoiceAndEvents) {
  follower_->Send(VoiceMessage("M1", "你好"));
  follower_->Send(SubscribeEvent());
  ASSERT_TRUE(PlayOut());
  const auto received = stage_->callback().Received();
  ASSERT_EQ(received.size(), 2u);
  EXPECT_EQ(follower_->Chat()[0].text, "[voice]");
  EXPECT_EQ(follower_->Chat()[1].text, "[subscribe]");
}

TEST_F(FollowerTest, MayLeaveBeforeTheAnswerComes) {
  follower_->Say("慢");
  follower_ = std::make_unique<Follower>(stage_->wechat(), "o_wang", stage_->clock());
  EXPECT_TRUE(stage_->conductor().RunUntil([this] { return stage_->wechat().InFlight() == 0; }, seconds(60),
                                           milliseconds(500)));
}

}  // namespace
}  // namespace yingda::simulator
