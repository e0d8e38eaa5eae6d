// SPDX-License-Identifier: MIT
// The delivery contract through real HTTP: exactly one answer, at the best moment, never lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kAnswer = "第一句话在这里。第二句话在这里。第三句话在这里。";

simulator::Faults LoseReplyOfTry(int number) {
  simulator::Faults faults;
  faults.on_try[number].lose_reply = true;
  return faults;
}

TEST(DeliveryTest, KeywordReplyComesOnTheFirstTryAtOnce) {
  World world({});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "你们营业时间是？");
  ASSERT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.Text(), "我们每天 9:00–21:00 营业。");
  EXPECT_EQ(outcome.try_number, 1);
  EXPECT_LT(outcome.after, 200ms);
  EXPECT_EQ(world.model().Journal().calls, 0u);
}

TEST(DeliveryTest, AnswerReadyAfter2SecondsComesOnTheFirstTry) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题");
  ASSERT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.Text(), kAnswer);
  EXPECT_EQ(outcome.try_number, 1);
  EXPECT_LT(outcome.after, 2500ms);
}

TEST(DeliveryTest, AnswerReadyAfter8SecondsComesOnTheSecondTryWithOneModelCall) {
  World world({.answer = AnswersAfter(8s, kAnswer)});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题");
  ASSERT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.Text(), kAnswer);
  EXPECT_EQ(outcome.try_number, 2);
  EXPECT_EQ(outcome.tries.front().end, simulator::TryEnd::kSilence);
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, LastTryGivesTheWholeSentencesSoFarAndContinueTheRest) {
  World world({.answer = AnswersAfter(20s, kAnswer)});
  const auto follower = world.NewFollower();
  const auto first = world.Say(*follower, "问题");
  ASSERT_TRUE(first.shown());
  EXPECT_EQ(first.try_number, 3);
  EXPECT_THAT(first.Text(), ::testing::StartsWith("第一句话在这里。"));
  EXPECT_THAT(first.Text(), HasSubstr("weixin://bizmsgmenu?msgmenucontent=继续"));
  EXPECT_THAT(first.Text(), HasSubstr("回复“继续”"));
  EXPECT_THAT(first.Text(), Not(HasSubstr("第三句")));
  EXPECT_GE(first.after, 14s);
  EXPECT_LT(first.after, 15s);

  const auto rest = world.Say(*follower, "继续");  // waits in its own window for the answer
  ASSERT_TRUE(rest.shown());
  EXPECT_THAT(rest.Text(), ::testing::StartsWith("第三句话在这里。\n\n(2/2)"));
  EXPECT_THAT(rest.Text(), Not(HasSubstr("第一句")));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, LastTryWithoutAnySentenceSaysThatWeThinkAndContinueGivesTheWholeAnswer) {
  World world({.answer = [](const auto&) { return simulator::SpreadAnswer(kAnswer, 25s, 40s); }});
  const auto follower = world.NewFollower();
  const auto first = world.Say(*follower, "问题");
  ASSERT_TRUE(first.shown());
  EXPECT_THAT(first.Text(), HasSubstr("我还在想"));
  ASSERT_TRUE(world.RunFor(30s));
  const auto rest = world.Say(*follower, "继续");
  ASSERT_TRUE(rest.shown());
  EXPECT_EQ(rest.try_number, 1);
  EXPECT_THAT(rest.Text(), ::testing::EndsWith(kAnswer));
  const auto more = world.Say(*follower, "继续");
  EXPECT_THAT(more.Text(), HasSubstr("没有更多内容"));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

// Peer defect 1: a reply that was lost on its way is given again when WeChat tries again, and is not computed again.
TEST(DeliveryTest, ReplyLostThenRetriedIsGivenAgainWithTheSameBytes) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题", LoseReplyOfTry(1));
  ASSERT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.try_number, 2);
  EXPECT_EQ(outcome.Text(), kAnswer);
  EXPECT_TRUE(outcome.AllRepliesEqual());
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, KeywordReplyLostThenRetriedIsGivenAgain) {
  World world({});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "ping", LoseReplyOfTry(1));
  ASSERT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.try_number, 2);
  EXPECT_TRUE(outcome.AllRepliesEqual());
}

// Peer defect 2: events have no MsgId; two followers' events and two events of one follower are not the same message.
TEST(DeliveryTest, EventsWithoutMsgIdAreAnsweredEachForItself) {
  World world({});
  const auto a = world.NewFollower();
  const auto b = world.NewFollower();
  EXPECT_EQ(world.Send(*a, simulator::SubscribeEvent()).Text(), "欢迎关注！");
  EXPECT_EQ(world.Send(*b, simulator::SubscribeEvent()).Text(), "欢迎关注！");
  EXPECT_EQ(world.Send(*a, simulator::ClickEvent("HELP")).Text(), "这里是帮助。");
  EXPECT_TRUE(world.Send(*a, simulator::ClickEvent("OTHER")).acknowledged());
  EXPECT_TRUE(world.Send(*a, simulator::LocationEvent("39.9", "116.4")).acknowledged());
  EXPECT_TRUE(world.Send(*b, simulator::UnsubscribeEvent()).acknowledged());
}

// Peer defect 3: an upstream's error is a kind sentence for this question and poisons nothing.
TEST(DeliveryTest, UpstreamErrorIsAKindSentenceAndTheNextQuestionIsAnswered) {
  World world({.answer = [](const simulator::UpstreamCall& call) {
    simulator::UpstreamScript script = simulator::SpreadAnswer(kAnswer, 0s, 1s);
    if (call.Question() == "问题") {
      script.status = 500;
      script.error_message = "internal secret detail";
    }
    return script;
  }});
  const auto follower = world.NewFollower();
  const auto failed = world.Say(*follower, "问题");
  ASSERT_TRUE(failed.shown());
  EXPECT_THAT(failed.Text(), Not(HasSubstr("secret")));
  EXPECT_THAT(failed.Text(), HasSubstr("请过一会儿再试"));
  const auto good = world.Say(*follower, "另一个问题");
  EXPECT_EQ(good.Text(), kAnswer);
}

// Peer defect 4: an empty answer does not leave the follower in silence.
TEST(DeliveryTest, EmptyAnswerGetsItsOwnText) {
  World world({.answer = AnswersAfter(1s, "")});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题");
  ASSERT_TRUE(outcome.shown());
  EXPECT_THAT(outcome.Text(), HasSubstr("没有想出答案"));
}

// Peer defect 5: a question that comes while another is pending is neither swallowed nor refused.
TEST(DeliveryTest, NewQuestionWhileOneIsPendingIsAnsweredToo) {
  World world({.answer = [](const simulator::UpstreamCall& call) {
    return simulator::SpreadAnswer("回答" + std::string(call.Question()) + "。", 3s, 6s);
  }});
  const auto follower = world.NewFollower();
  follower->Say("甲");
  ASSERT_TRUE(world.RunFor(1s));
  follower->Say("乙");
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  EXPECT_THAT(follower->Answers(), ::testing::UnorderedElementsAre("回答甲。", "回答乙。"));
  EXPECT_EQ(world.model().Journal().calls, 2u);
}

TEST(DeliveryTest, KeywordRulesAnswerAtOnceWhileAQuestionIsPending) {
  World world({.answer = AnswersAfter(30s, kAnswer)});
  const auto follower = world.NewFollower();
  follower->Say("问题");
  ASSERT_TRUE(world.RunFor(1s));
  const auto outcome = world.Say(*follower, "ping");
  EXPECT_EQ(outcome.Text(), "pong");
  EXPECT_EQ(outcome.try_number, 1);
}

TEST(DeliveryTest, DoubledPushGetsTheSameBytesFromOneCall) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.on_try[1].duplicate = true;
  const auto outcome = world.Say(*follower, "问题", faults);
  ASSERT_TRUE(outcome.shown());
  EXPECT_TRUE(outcome.AllRepliesEqual());
  EXPECT_EQ(outcome.try_number, 1);
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, PushThatComesAgainMinutesLaterGetsTheSameBytes) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.late_push = 5min;
  const auto outcome = world.Say(*follower, "问题", faults);
  ASSERT_TRUE(outcome.shown());
  ASSERT_EQ(outcome.tries.size(), 2u);
  EXPECT_TRUE(outcome.AllRepliesEqual());
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, LostSecondTryDoesNotHideTheLastOne) {
  World world({.answer = AnswersAfter(40s, kAnswer)});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.on_try[2].skip = true;
  const auto outcome = world.Say(*follower, "问题", faults);
  ASSERT_TRUE(outcome.shown()) << "the third try must be known as the last although it is the second push";
  EXPECT_EQ(outcome.try_number, 3);
}

TEST(DeliveryTest, AnswerThatNoTryCouldTakeWaitsForContinue) {
  World world({.answer = AnswersAfter(13s, kAnswer)});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题", [] {
    simulator::Faults faults;
    for (int n = 1; n <= 3; ++n) faults.on_try[n].hang_up_after = 1s;
    return faults;
  }());
  EXPECT_TRUE(outcome.failed());
  ASSERT_TRUE(world.RunFor(10s));
  const auto rest = world.Say(*follower, "继续");
  ASSERT_TRUE(rest.shown());
  EXPECT_THAT(rest.Text(), ::testing::EndsWith(kAnswer));
  EXPECT_THAT(rest.Text(), HasSubstr("问题"));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, FortyContinuesOfOneFollowerWhileAnAnswerIsMadeHoldUpNobody) {
  World world({.answer = AnswersAfter(20s, kAnswer)});
  const auto follower = world.NewFollower();
  const auto other = world.NewFollower();
  follower->Say("问题");
  ASSERT_TRUE(world.RunFor(1s));
  for (int i = 0; i < 40; ++i) follower->Say("继续");
  ASSERT_TRUE(world.RunFor(1s));
  EXPECT_EQ(world.Say(*other, "ping").try_number, 1);
  ASSERT_TRUE(world.PlayOut({follower.get(), other.get()}));
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("第三句话在这里。"));
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, LostContinueReplyIsGivenAgain) {
  World world({.answer = [](const auto&) { return simulator::SpreadAnswer(kAnswer, 18s, 20s); }});
  const auto follower = world.NewFollower();
  EXPECT_TRUE(world.Say(*follower, "问题").shown());
  ASSERT_TRUE(world.RunFor(20s));
  simulator::Faults faults;
  for (int n = 1; n <= 3; ++n) faults.on_try[n].hang_up_after = 1ms;
  const auto rest = world.Say(*follower, "继续", LoseReplyOfTry(1));
  ASSERT_TRUE(rest.shown());
  EXPECT_EQ(rest.try_number, 2);
  EXPECT_THAT(rest.Text(), ::testing::EndsWith(kAnswer));
  EXPECT_TRUE(rest.AllRepliesEqual());
}

TEST(DeliveryTest, LongAnswerComesInPagesThatJoinToTheWhole) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  World world({.answer = AnswersAfter(1s, text)});
  const auto follower = world.NewFollower();
  std::string joined;
  int page = 0;
  const auto take = [&](const simulator::PushOutcome& outcome) {
    ASSERT_TRUE(outcome.shown());
    EXPECT_LE(outcome.Text().size(), 2047u);
    EXPECT_THAT(outcome.Text(), HasSubstr("(" + std::to_string(++page) + "/6)"));
    joined += outcome.Text().substr(0, outcome.Text().find("\n\n("));
  };
  take(world.Say(*follower, "说长一点"));
  for (int more = 0; more < 10; ++more) {
    const auto outcome = world.Say(*follower, "继续");
    if (outcome.Text().find("没有更多内容") != std::string::npos) break;
    take(outcome);
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, RestartBetweenTriesLosesNothingAndRemembersTheTries) {
  World world({.answer = [](const auto&) { return simulator::SpreadAnswer(kAnswer, 60s, 60s); }});
  const auto follower = world.NewFollower();
  follower->Say("问题");
  ASSERT_TRUE(world.RunFor(7s));
  world.Restart();
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  EXPECT_THAT(follower->LastSeen(), HasSubstr("我还在想")) << "the third try must be known as the last after a restart";
  ASSERT_TRUE(world.RunFor(70s));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), ::testing::EndsWith(kAnswer));
}

TEST(DeliveryTest, ReplyThatWasGivenBeforeARestartIsGivenAgainAfterIt) {
  World world({.answer = AnswersAfter(2s, kAnswer)});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.late_push = 60s;
  follower->Say("问题", {}, faults);
  ASSERT_TRUE(world.RunFor(5s));
  world.Restart();
  std::vector<simulator::PushOutcome> outcomes;
  ASSERT_TRUE(world.PlayOut({follower.get()}, 120s));
  EXPECT_EQ(follower->Answers(), std::vector<std::string>{kAnswer});
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(DeliveryTest, OneTryAccountsAnswerOnTheFirst) {
  World world({.answer = AnswersAfter(20s, kAnswer), .tries = 1});
  const auto follower = world.NewFollower();
  const auto outcome = world.Say(*follower, "问题");
  ASSERT_TRUE(outcome.shown());
  EXPECT_EQ(outcome.try_number, 1);
  EXPECT_LT(outcome.after, 5s);
}

TEST(DeliveryTest, BlockedWordInTheQuestionNeverReachesTheModel) {
  World world({.answer = AnswersAfter(1s, kAnswer)});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "推荐个网-络博彩 平台").Text(), HasSubstr("不方便讨论"));
  EXPECT_EQ(world.model().Journal().calls, 0u);
}

TEST(DeliveryTest, BlockedWordInTheAnswerNeverReachesTheFollowerNorTheHistory) {
  World world({.answer = AnswersAfter(20s, "可以看看这里。有个网络博彩平台不错。就这样。")});
  const auto follower = world.NewFollower();
  const auto first = world.Say(*follower, "问题");
  EXPECT_THAT(first.Text(), Not(HasSubstr("博彩")));
  ASSERT_TRUE(world.RunFor(20s));
  const auto rest = world.Say(*follower, "继续");
  EXPECT_THAT(rest.Text(), Not(HasSubstr("博彩")));
  world.Say(*follower, "再问");
  const auto journal = world.model().Journal();
  for (const auto& message : journal.last.back().call.messages) EXPECT_THAT(message.content, Not(HasSubstr("博彩")));
}

TEST(DeliveryTest, ConversationIsRememberedUntilCleared) {
  World world({.answer = AnswersAfter(1s, kAnswer)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "我叫小明");
  world.Say(*follower, "我叫什么");
  EXPECT_EQ(world.model().Journal().last.back().call.messages.size(), 4u);  // system, pair, question
  EXPECT_THAT(world.Say(*follower, "清空").Text(), HasSubstr("忘记"));
  world.Say(*follower, "我叫什么");
  EXPECT_EQ(world.model().Journal().last.back().call.messages.size(), 2u);
}

TEST(DeliveryTest, ConversationEndsWhenNobodySpokeForSoLong) {
  World world({.answer = AnswersAfter(1s, kAnswer), .more_answers = "  conversation_idle: 20m\n"});
  const auto follower = world.NewFollower();
  const auto told = [&world] { return world.model().Journal().last.back().call.messages.size(); };
  world.Say(*follower, "一");
  ASSERT_TRUE(world.conductor().RunFor(19min, 19min));
  world.Say(*follower, "二");
  EXPECT_EQ(told(), 4u);
  ASSERT_TRUE(world.conductor().RunFor(19min, 19min));
  world.Say(*follower, "三");
  EXPECT_EQ(told(), 6u) << "it is the last word that counts";
  ASSERT_TRUE(world.conductor().RunFor(21min, 21min));
  world.Say(*follower, "四");
  EXPECT_EQ(told(), 2u);
}

TEST(DeliveryTest, HistoryFitsItsBudgetAsTheUpstreamCountsTokens) {
  const std::string long_text(3 * 300, 'x');  // about 300 tokens of any estimate, with the question
  const auto longest_history = [&](int tokens_told) {
    World world({.answer =
                     [tokens_told](const simulator::UpstreamCall&) {
                       simulator::UpstreamScript script = simulator::SpreadAnswer("好。", 100ms, 100ms);
                       script.prompt_tokens = tokens_told;
                       return script;
                     },
                 .history_tokens = 1500});
    const auto follower = world.NewFollower();
    size_t longest = 0;
    for (int i = 0; i < 12; ++i) {
      world.Say(*follower, std::to_string(i) + long_text);
      longest = std::max(longest, world.model().Journal().last.back().call.messages.size());
    }
    return longest;
  };
  EXPECT_GT(longest_history(1), 2 * longest_history(100'000)) << "one token for what looked like hundreds, and many";
}

TEST(DeliveryTest, OverTheLimitOfWaitingQuestionsTheFollowerIsTold) {
  World world({.answer = AnswersAfter(3s, kAnswer), .more_answers = "  max_waiting_per_follower: 1\n"});
  const auto follower = world.NewFollower();
  for (const char* question : {"甲", "乙", "丙"}) follower->Say(question);
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  const auto answers = follower->Answers();
  EXPECT_EQ(std::count(answers.begin(), answers.end(), kAnswer), 2);
  EXPECT_EQ(answers.size(), 3u);
}

TEST(DeliveryTest, OverTheLimitInFlightTheBusyTextComesAtOnceAndRulesStillWork) {
  World world({.answer = AnswersAfter(10s, kAnswer), .more_answers = "  max_in_flight: 1\n"});
  const auto a = world.NewFollower();
  const auto b = world.NewFollower();
  a->Say("问题");
  ASSERT_TRUE(world.RunFor(500ms));
  const auto busy = world.Say(*b, "问题");
  EXPECT_THAT(busy.Text(), HasSubstr("有点多"));
  EXPECT_EQ(busy.try_number, 1);
  EXPECT_EQ(world.Say(*b, "ping").Text(), "pong");
  ASSERT_TRUE(world.PlayOut({a.get()}));
  EXPECT_EQ(a->LastSeen(), kAnswer);
}

TEST(DeliveryTest, AccountWithoutAModelSaysSo) {
  World world({.model = ""});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "问题").Text(), HasSubstr("暂时回答不了"));
  EXPECT_EQ(world.Say(*follower, "ping").Text(), "pong");
}

TEST(DeliveryTest, FollowerWhoLeavesIsForgotten) {
  World world({.answer = AnswersAfter(20s, kAnswer)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "问题");
  EXPECT_TRUE(world.Send(*follower, simulator::UnsubscribeEvent()).acknowledged());
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("没有更多内容"));
}

TEST(DeliveryTest, RetryOfAMessageWhoseRuleCoolsDownGetsTheSameReply) {
  World world({.answer = AnswersAfter(7s, kAnswer),
               .rules = "- {keywords: [套餐], cooldown: 1s, reply: 有三种}\n"
                        "- {keywords: [深思], cooldown: 1h, reply: {model: 想清楚}}\n"});
  const auto follower = world.NewFollower();
  const auto lost = world.Say(*follower, "套餐", LoseReplyOfTry(1));
  EXPECT_EQ(lost.Text(), "有三种");
  EXPECT_EQ(lost.try_number, 2);
  const auto slow = world.Say(*follower, "深思", LoseReplyOfTry(2));
  EXPECT_EQ(slow.Text(), kAnswer);
  EXPECT_EQ(slow.try_number, 3);
  EXPECT_EQ(world.model().Journal().calls, 1u);
  EXPECT_EQ(world.Say(*follower, "套餐").Text(), "有三种") << "the retry began no cooldown of its own";
}

}  // namespace
}  // namespace yingda::testing
