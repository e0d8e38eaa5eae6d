// SPDX-License-Identifier: MIT
// Accounts that can write to their followers (客服消息), against a fake of WeChat's API over real HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kSend = "/cgi-bin/message/custom/send";

std::string AnswerTo(const simulator::UpstreamCall& call) { return "答案" + std::string(call.Question()) + "。"; }

simulator::UpstreamAnswer Echoes(base::Duration after) {
  return [after](const simulator::UpstreamCall& call) { return simulator::SpreadAnswer(AnswerTo(call), after, after); };
}

std::string LongText(int sentences) {
  std::string text;
  for (int i = 0; i < sentences; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  return text;
}

TEST(PushTest, FastAnswerIsThePassiveReply) {
  World world({.answer = Echoes(2s), .kind = "push"});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "问题").Text(), "答案问题。");
  ASSERT_TRUE(world.RunFor(10s));
  EXPECT_THAT(world.Pushed(*follower), IsEmpty());
}

TEST(PushTest, SlowAnswerIsAcknowledgedAndPushedWhenItIsDone) {
  World world({.answer = Echoes(30s), .kind = "push"});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题");
  EXPECT_TRUE(outcome.acknowledged());
  EXPECT_EQ(outcome.try_number, 1);
  EXPECT_GE(outcome.after, 4400ms);
  EXPECT_LT(outcome.after, 5s);
  EXPECT_THAT(world.api().Calls("/cgi-bin/message/custom/typing"), Not(IsEmpty())) << "meanwhile it shows typing";
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案问题。"));
  EXPECT_TRUE(world.api().Delivered(follower->open_id()).front().made_by_model);
  EXPECT_EQ(world.model().Journal().calls, 1u);
  EXPECT_EQ(world.Metric("yingda_follow_up_pages_total{end=\"delivered\"}"), 1);
}

TEST(PushTest, LostAcknowledgementIsGivenAgainAndTheAnswerOnlyOnce) {
  World world({.answer = Echoes(7s), .kind = "push"});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.on_try[1].lose_reply = true;
  EXPECT_TRUE(world.Say(*follower, "问题", faults).acknowledged());
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案问题。"));
}

TEST(PushTest, LongSlowAnswerIsPushedPageByPageInOrder) {
  const std::string text = LongText(150);
  World world({.answer = [&](const auto&) { return simulator::SpreadAnswer(text, 10s, 10s); }, .kind = "push"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "长问题");
  ASSERT_TRUE(world.RunFor(20s));
  std::string joined;
  int number = 0;
  for (const std::string& page : world.Pushed(*follower)) {
    const std::string mark = "\n\n(" + std::to_string(++number) + "/3)";
    ASSERT_THAT(page, HasSubstr(mark));
    EXPECT_THAT(page, Not(HasSubstr("msgmenu"))) << "the next page comes by itself";
    joined += page.substr(0, page.find(mark));
  }
  EXPECT_EQ(number, 3);
  EXPECT_EQ(joined, text);
}

TEST(PushTest, PagesBehindAFastFirstOneArePushed) {
  World world({.answer = AnswersAfter(1s, LongText(150)), .kind = "push"});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "长问题").Text(), HasSubstr("(1/3)"));
  ASSERT_TRUE(world.RunFor(5s));
  const auto pushed = world.Pushed(*follower);
  ASSERT_THAT(pushed, SizeIs(2));
  EXPECT_THAT(pushed[0], HasSubstr("(2/3)"));
  EXPECT_THAT(pushed[1], HasSubstr("(3/3)"));
}

TEST(PushTest, NoMoreThanFiveMessagesAreSentAndTheRestWaitsForTheFollower) {
  World world({.answer = [](const auto&) { return simulator::SpreadAnswer(LongText(400), 10s, 10s); }, .kind = "push"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "很长的问题");
  ASSERT_TRUE(world.RunFor(60s));
  const auto pushed = world.Pushed(*follower);
  ASSERT_THAT(pushed, SizeIs(5));
  EXPECT_THAT(pushed.back(), HasSubstr("继续")) << "the last one says how to go on";
  EXPECT_THAT(world.api().Calls(kSend), SizeIs(5)) << "and WeChat is not asked for more";
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("(6/"));
  ASSERT_TRUE(world.RunFor(60s));
  std::string all = world.Say(*follower, "继续").Text();
  EXPECT_THAT(all, HasSubstr("没有更多内容"));
}

TEST(PushTest, ClosedWindowLeavesTheAnswerToTheNextMessage) {
  for (const int errcode : {45015, 45047, 48002}) {
    World world({.answer = Echoes(10s), .kind = "push"});
    const auto follower = world.NewFollower();
    world.api().FailNext(kSend, errcode);
    EXPECT_TRUE(world.Say(*follower, "问题").acknowledged());
    ASSERT_TRUE(world.RunFor(60s));
    EXPECT_THAT(world.Pushed(*follower), IsEmpty()) << errcode;
    EXPECT_THAT(world.api().Calls(kSend), SizeIs(1)) << "it is not tried again";
    world.Say(*follower, "营业时间");
    ASSERT_TRUE(world.RunFor(5s));
    EXPECT_THAT(world.Pushed(*follower), SizeIs(1)) << "the follower wrote: the window is open again";
    EXPECT_THAT(world.Pushed(*follower).front(), HasSubstr("答案问题。"));
  }
}

TEST(PushTest, AccountThatTurnsOutUnverifiedMidwayGivesTheAnswerWithTheNextMessageAndRepliesPassivelyFromThenOn) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.api().Change([](simulator::ApiAccountOptions& account) { account.verified = false; });
  EXPECT_TRUE(world.Say(*follower, "问题").acknowledged());
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Pushed(*follower), IsEmpty());
  const auto next = world.Say(*follower, "营业时间");
  EXPECT_THAT(next.Text(), StartsWith("关于“问题”：\n答案问题。"));
  EXPECT_EQ(world.Say(*follower, "第二问").try_number, 3) << "now it is held, as for any account that can only reply";
}

TEST(PushTest, KindAutoFindsOutThatTheAccountCanPush) {
  World world({.answer = Echoes(10s), .kind = "auto"});
  ASSERT_TRUE(world.RunFor(1s));
  const auto follower = world.NewFollower();
  EXPECT_TRUE(world.Say(*follower, "问题").acknowledged());
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案问题。"));
}

TEST(PushTest, KindAutoFindsOutThatTheAccountCannotPush) {
  World world({.answer = Echoes(7s), .kind = "auto", .api_account = [](simulator::ApiAccountOptions& account) {
                 account.verified = false;
               }});
  ASSERT_TRUE(world.RunFor(1s));
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题");
  EXPECT_EQ(outcome.Text(), "答案问题。");
  EXPECT_EQ(outcome.try_number, 2);
  EXPECT_THAT(world.api().Calls(kSend), IsEmpty());
}

TEST(PushTest, BusyWeChatIsAskedAgain) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.api().FailNext(kSend, -1, 2);
  world.Say(*follower, "问题");
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案问题。"));
}

TEST(PushTest, WhileWeChatsApiFailsTheNextReplyBringsTheLateAnswer) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.api().FailNext(kSend, 45009, 100);
  world.Say(*follower, "问题");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Say(*follower, "营业时间").Text(), StartsWith("关于“问题”：\n答案问题。"));
  ASSERT_TRUE(world.RunFor(20min));
  EXPECT_THAT(world.Pushed(*follower), IsEmpty());
}

TEST(PushTest, OutageOfWeChatsApiDelaysTheAnswerAndLosesNothing) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "热身");
  ASSERT_TRUE(world.RunFor(20s));
  ASSERT_TRUE(world.api().SetNetwork(simulator::WeChatApi::Network::kRefuses));
  world.Say(*follower, "问题");
  ASSERT_TRUE(world.RunFor(60s));
  ASSERT_TRUE(world.api().SetNetwork(simulator::WeChatApi::Network::kWorks));
  ASSERT_TRUE(world.RunFor(11min));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案热身。", "答案问题。"));
}

TEST(PushTest, AnswerWhoseArrivalNobodyKnowsIsOnlyGivenAgainOnContinue) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.api().LoseNextAnswer(kSend);
  world.Say(*follower, "问题");
  ASSERT_TRUE(world.RunFor(60s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案问题。"));
  EXPECT_EQ(world.Say(*follower, "营业时间").Text(), "我们每天 9:00–21:00 营业。");
  ASSERT_TRUE(world.RunFor(10s));
  EXPECT_THAT(world.Pushed(*follower), SizeIs(1)) << "not twice by itself";
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("答案问题。")) << "but for who asks";
}

TEST(PushTest, ExpiredTokenUnderAHundredPushesIsRenewedOnce) {
  World world({.answer = Echoes(10s), .kind = "push"});
  std::vector<std::unique_ptr<simulator::Follower>> followers;
  std::vector<simulator::Follower*> all;
  for (int i = 0; i < 100; ++i) {
    followers.push_back(world.NewFollower());
    all.push_back(followers.back().get());
  }
  world.Say(*followers.front(), "热身");
  ASSERT_TRUE(world.RunFor(20s));
  const int before = world.api().TokensIssued();
  world.api().RevokeTokens();
  for (auto& follower : followers) {
    world.api().FollowerSpoke(follower->open_id());
    follower->Say("问题");
  }
  ASSERT_TRUE(world.PlayOut(all));
  ASSERT_TRUE(world.RunFor(60s));
  for (auto& follower : followers) EXPECT_THAT(world.Pushed(*follower), ::testing::Contains("答案问题。"));
  EXPECT_EQ(world.api().TokensIssued() - before, 1);
}

TEST(PushTest, TwoQuestionsAreAnsweredInOrderAndTheLaterAnswerSaysWhatItAnswers) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  follower->Say("甲");
  ASSERT_TRUE(world.RunFor(6s));
  world.api().FollowerSpoke(follower->open_id());
  follower->Say("乙");
  ASSERT_TRUE(world.RunFor(40s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("关于“甲”：\n答案甲。", "答案乙。"));
}

TEST(PushTest, RestartSendsWhatWasLeft) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "问题");  // acknowledged; the answer is being made
  world.Restart();
  ASSERT_TRUE(world.RunFor(60s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre(HasSubstr("答案问题。")));
}

TEST(PushTest, LeaverIsNotWrittenTo) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "问题");
  world.Send(*follower, simulator::UnsubscribeEvent());
  ASSERT_TRUE(world.RunFor(60s));
  EXPECT_THAT(world.api().Calls(kSend), IsEmpty());
}

TEST(PushTest, TextThatWeChatRefusesDoesNotStandInTheWayOfTheNext) {
  World world({.answer = Echoes(10s), .kind = "push"});
  const auto follower = world.NewFollower();
  world.api().FailNext(kSend, 87014);
  world.Say(*follower, "甲");
  ASSERT_TRUE(world.RunFor(20s));
  world.Say(*follower, "乙");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案乙。"));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("答案甲。")) << "a passive reply may carry it";
}

TEST(PushTest, TextThatIsTooLongForWeChatComesInSmallerPages) {
  const std::string text = LongText(30);
  World world({.answer = [&](const auto&) { return simulator::SpreadAnswer(text, 10s, 10s); },
               .kind = "push",
               .api_account = [](simulator::ApiAccountOptions& account) { account.max_text_bytes = 600; }});
  const auto follower = world.NewFollower();
  world.Say(*follower, "问题");
  ASSERT_TRUE(world.RunFor(30s));
  std::string joined;
  for (const std::string& page : world.Pushed(*follower)) joined += page.substr(0, page.find("\n\n("));
  EXPECT_EQ(joined, text);
}

TEST(PushTest, RetryAfterARestartOfAQuestionThatWasAcknowledgedAndAnsweredAsksNobodyAgain) {
  World world({.answer = Echoes(4600ms), .kind = "push"});
  const auto follower = world.NewFollower();
  world.api().FollowerSpoke(follower->open_id());
  simulator::Faults faults;
  faults.on_try[1].lose_reply = true;
  follower->Say("问题", {}, faults);
  ASSERT_TRUE(world.RunFor(4900ms));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("答案问题。"));
  world.Restart();
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(world.Pushed(*follower), SizeIs(1));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(PushTest, MiniProgramSendsPicturesOfRulesAndOutlivesKindsThatItHasNot) {
  World world({.answer = Echoes(1s),
               .json = true,
               .rules = "- keywords: [图片]\n  replies:\n    - image: MEDIA1\n"
                        "- keywords: [语音]\n  replies:\n    - voice: MEDIA2\n",
               .kind = "miniprogram"});
  world.api().AddMedia("MEDIA1");
  const auto follower = world.NewFollower();
  EXPECT_TRUE(world.Say(*follower, "语音").acknowledged());
  EXPECT_TRUE(world.Say(*follower, "图片").acknowledged());
  ASSERT_TRUE(world.RunFor(5s));
  const auto messages = world.api().Delivered(follower->open_id());
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages.front().type, "image");
}

TEST(PushTest, MiniProgramAnswersEverythingByCustomerServiceMessages) {
  for (const bool json : {true, false}) {
    World world({.answer = Echoes(2s), .json = json, .kind = "miniprogram"});
    const auto follower = world.NewFollower();
    EXPECT_TRUE(world.Say(*follower, "营业时间").acknowledged());
    EXPECT_TRUE(world.Say(*follower, "问题").acknowledged());
    ASSERT_TRUE(world.RunFor(10s));
    EXPECT_TRUE(world.Say(*follower, "继续").acknowledged());
    ASSERT_TRUE(world.RunFor(10s));
    const auto messages = world.api().Delivered(follower->open_id());
    ASSERT_THAT(messages, SizeIs(3));
    EXPECT_EQ(messages[0].text, "我们每天 9:00–21:00 营业。");
    EXPECT_FALSE(messages[0].made_by_model);
    EXPECT_EQ(messages[1].text, "答案问题。");
    EXPECT_THAT(messages[2].text, HasSubstr("没有更多内容"));
  }
}

constexpr const char* kAll = "- {keywords: [套餐], mode: all, replies: [一, {image: M1}, 三]}\n";

std::vector<std::string> Kinds(World& world, const simulator::Follower& follower) {
  std::vector<std::string> kinds;
  for (const auto& message : world.api().Delivered(follower.open_id())) kinds.push_back(message.type);
  return kinds;
}

TEST(PushTest, RuleThatSendsAllRepliesWithTheFirstAndSendsTheOthersInOrderOnce) {
  World world({.rules = kAll, .kind = "push"});
  world.api().AddMedia("M1");
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.on_try[1].lose_reply = true;
  const auto outcome = world.Say(*follower, "套餐", faults);
  EXPECT_EQ(outcome.Text(), "一");
  EXPECT_EQ(outcome.try_number, 2);
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(Kinds(world, *follower), ElementsAre("image", "text"));
  EXPECT_THAT(world.Pushed(*follower).back(), "三");
}

TEST(PushTest, RuleThatSendsAllSendsTheFirstOnlyWhereTheAccountMayNot) {
  World world({.rules = kAll, .kind = "passive"});
  world.api().AddMedia("M1");
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "套餐").Text(), "一");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(Kinds(world, *follower), IsEmpty());
  EXPECT_EQ(world.Metric("yingda_replies_left_out_total"), 2);
}

TEST(PushTest, RuleThatSendsAllGoesBehindTheRestOfALongFirstReply) {
  World world({.rules = "- {keywords: [套餐], mode: all, replies: [\"" + LongText(60) + "\", 二]}\n", .kind = "push"});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "套餐").Text(), HasSubstr("(1/2)"));
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre(HasSubstr("(2/2)"), "二"));
}

TEST(PushTest, MiniProgramGetsAllOfARuleAsMessagesInOrder) {
  for (const std::string replies : {"[一, {image: M1}, 三]", "[{image: M1}, 二]"}) {
    World world(
        {.json = true, .rules = "- {keywords: [套餐], mode: all, replies: " + replies + "}\n", .kind = "miniprogram"});
    world.api().AddMedia("M1");
    const auto follower = world.NewFollower();
    EXPECT_TRUE(world.Say(*follower, "套餐").acknowledged());
    ASSERT_TRUE(world.RunFor(20s));
    const bool text_first = replies[1] != '{';
    if (text_first) {
      EXPECT_THAT(Kinds(world, *follower), ElementsAre("text", "image", "text"));
    } else {
      EXPECT_THAT(Kinds(world, *follower), ElementsAre("image", "text"));
    }
  }
}

TEST(PushTest, EventRuleSendsWhatWeChatTakesAfterAnEventAndArticlesOneByOne) {
  World world({.rules = "- event: subscribe\n  mode: all\n  replies:\n    - 一\n    - news: [{title: 甲, url: "
                        "'https://a.cn'}, {title: 乙, url: 'https://b.cn'}]\n    - 四\n    - 五\n",
               .kind = "push"});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, simulator::SubscribeEvent()).Text(), "一");
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(Kinds(world, *follower), ElementsAre("news", "news", "text"));
  EXPECT_THAT(world.api().Calls(kSend), SizeIs(3)) << "WeChat is not asked for what it does not take";
}

TEST(PushTest, EventDoesNotLengthenTheTimeForMessages) {
  World world({.answer = Echoes(10s), .rules = "- {event: click, mode: all, replies: [一, 二]}\n", .kind = "push"});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Send(*follower, simulator::ClickEvent("K")).Text(), "一");
  ASSERT_TRUE(world.RunFor(5s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("二"));
  world.Say(*follower, "问题");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("二", "答案问题。"));
}

TEST(PushTest, RuleForAnEventWhoseReplyIsNotShownIsAnsweredByMessageOnce) {
  World world({.rules = "- {event: view, reply: 看到了}\n- {event: scancode_push, reply: 扫到了}\n", .kind = "push"});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.on_try[1].lose_reply = true;
  EXPECT_TRUE(world.Send(*follower, simulator::OtherEvent("scancode_push", "K"), faults).acknowledged());
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("扫到了"));
  EXPECT_TRUE(world.Send(*follower, simulator::ViewEvent("https://example.com")).acknowledged());
  ASSERT_TRUE(world.RunFor(30s));
  EXPECT_THAT(world.Pushed(*follower), ElementsAre("扫到了", "看到了"));
}

}  // namespace
}  // namespace yingda::testing
