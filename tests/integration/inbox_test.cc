// SPDX-License-Identifier: MIT
// Answers that come too late for their own push: they reach their follower with the next message, on 继续, or on the
// answer page, and exactly once. Accounts that can only reply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/world.h"
#include "support/wait.h"

namespace yingda::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string AnswerTo(const simulator::UpstreamCall& call) { return "答案" + std::string(call.Question()) + "。"; }

/// Each question gets an answer of its own: "答案<question>。", so late.
simulator::UpstreamAnswer Echoes(base::Duration after) {
  return [after](const simulator::UpstreamCall& call) { return simulator::SpreadAnswer(AnswerTo(call), after, after); };
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

/// Everything the follower has seen from the account.
std::string Chat(const simulator::Follower& follower) {
  std::string all;
  for (const std::string& text : follower.Answers()) all += text + "\n";
  return all;
}

TEST(InboxTest, NextQuestionBringsTheLateAnswerInFrontOfItsOwn) {
  World world({.answer = [](const simulator::UpstreamCall& call) {
    const bool slow = call.Question() == "慢问题";
    return simulator::SpreadAnswer(AnswerTo(call), slow ? 20s : 1s, slow ? 20s : 1s);
  }});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "慢问题").Text(), HasSubstr("我还在想"));
  ASSERT_TRUE(world.RunFor(20s));
  const auto next = world.Say(*follower, "快问题");
  EXPECT_EQ(next.Text(), "关于“慢问题”：\n答案慢问题。\n\n————\n答案快问题。");
  EXPECT_EQ(next.try_number, 1);
  EXPECT_EQ(world.Metric("yingda_answers_total{way=\"inbox\"}"), 1);
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("没有更多内容")) << "and it is not given twice";
}

TEST(InboxTest, KeywordMessageBringsTheLateAnswerInFrontOfItsReply) {
  World world({.answer = Echoes(20s)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_EQ(world.Say(*follower, "营业时间").Text(),
            "关于“慢问题”：\n答案慢问题。\n\n————\n我们每天 9:00–21:00 营业。");
  EXPECT_EQ(world.Say(*follower, "营业时间").Text(), "我们每天 9:00–21:00 营业。");
}

TEST(InboxTest, PictureAndMenuClickBringTheLateAnswerToo) {
  World world({.answer = Echoes(20s)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Send(*follower, simulator::ImageMessage("http://p/1", "M")).Text(),
              StartsWith("关于“慢问题”：\n答案慢问题。"));
  world.Say(*follower, "第二问");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_THAT(world.Send(*follower, simulator::ClickEvent("HELP")).Text(), StartsWith("关于“第二问”：\n答案第二问。"));
}

TEST(InboxTest, EventsThatShowNothingLeaveTheInboxAlone) {
  World world({.answer = Echoes(20s)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  EXPECT_TRUE(world.Send(*follower, simulator::LocationEvent("1", "2")).acknowledged());
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("答案慢问题。"));
}

TEST(InboxTest, ThreeQuestionsAtOnceAreAllAnsweredOnce) {
  World world({.answer = Echoes(6s)});
  const auto follower = world.NewFollower();
  for (const char* question : {"甲", "乙", "丙"}) follower->Say(question);
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  ASSERT_TRUE(world.RunFor(30s));
  for (int more = 0; more < 5; ++more) {
    if (world.Say(*follower, "继续").Text().find("没有更多内容") != std::string::npos) break;
  }
  const std::string chat = Chat(*follower);
  for (const char* question : {"答案甲。", "答案乙。", "答案丙。"}) EXPECT_EQ(Count(chat, question), 1u) << chat;
  EXPECT_EQ(world.model().Journal().calls, 3u);
}

TEST(InboxTest, NewQuestionWhileOneIsPendingIsAnsweredAndSoIsTheOldOne) {
  World world({.answer = [](const simulator::UpstreamCall& call) {
    const bool slow = call.Question() == "慢问题";
    return simulator::SpreadAnswer(AnswerTo(call), slow ? 18s : 1s, slow ? 18s : 1s);
  }});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "慢问题").Text(), HasSubstr("我还在想"));
  // The first one ends 3 s from now; the second waits for it, and takes it along.
  const auto second = world.Say(*follower, "快问题");
  ASSERT_TRUE(second.shown());
  EXPECT_EQ(second.Text(), "关于“慢问题”：\n答案慢问题。\n\n————\n答案快问题。");
}

TEST(InboxTest, OverTheBoundOfQuestionsTheFollowerIsTold) {
  World world({.answer = Echoes(60s), .more_answers = "  max_waiting_per_follower: 2\n"});
  const auto follower = world.NewFollower();
  for (const char* question : {"一", "二", "三"}) follower->Say(question);
  ASSERT_TRUE(world.RunFor(1s));
  EXPECT_THAT(world.Say(*follower, "四").Text(), HasSubstr("还在回答"));
}

TEST(InboxTest, ContinueTwiceGivesPageAfterPage) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  World world({.answer = AnswersAfter(1s, text)});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "长问题").Text(), HasSubstr("(1/3)"));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("(2/3)"));
  const std::string last = world.Say(*follower, "继续").Text();
  EXPECT_THAT(last, EndsWith("(3/3)"));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("没有更多内容"));
}

TEST(InboxTest, NineKilobytesArriveWholeAndMarked) {
  std::string text;
  for (int i = 0; text.size() < 9000; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  World world({.answer = AnswersAfter(1s, text)});
  const auto follower = world.NewFollower();
  std::string joined;
  auto page = world.Say(*follower, "长问题");
  for (int number = 1; number <= 5; ++number) {
    EXPECT_LE(page.Text().size(), 2047u);
    const std::string mark = "\n\n(" + std::to_string(number) + "/5)";
    ASSERT_THAT(page.Text(), HasSubstr(mark));
    EXPECT_EQ(Count(page.Text(), "msgmenucontent=继续"), number < 5 ? 1u : 0u);
    joined += page.Text().substr(0, page.Text().find(mark));
    if (number < 5) page = world.Say(*follower, "继续");
  }
  EXPECT_EQ(joined, text);
}

TEST(InboxTest, LongLateAnswerIsGivenInPartInFrontOfTheNextReplyAndTheRestStays) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "这是第" + std::to_string(i) + "句，写得长一点。";
  World world({.answer = [text](const auto&) { return simulator::SpreadAnswer(text, 20s, 20s); }});
  const auto follower = world.NewFollower();
  world.Say(*follower, "长问题");
  ASSERT_TRUE(world.RunFor(20s));
  const auto next = world.Say(*follower, "营业时间");
  EXPECT_LE(next.Text().size(), 2047u);
  EXPECT_THAT(next.Text(), StartsWith("关于“长问题”：\n这是第0句"));
  EXPECT_THAT(next.Text(), EndsWith("我们每天 9:00–21:00 营业。"));
  std::string chat = next.Text();
  for (int more = 0; more < 5; ++more) chat += world.Say(*follower, "继续").Text();
  for (int i = 0; i < 150; ++i) EXPECT_EQ(Count(chat, "第" + std::to_string(i) + "句"), 1u) << i;
}

std::string LongRule(size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "规则里的一句话。";
  return text;
}

TEST(InboxTest, LongRuleTextLeavesTheInboxToALaterReply) {
  World world({.answer = Echoes(20s), .rules = "- keywords: [长规则]\n  reply: " + LongRule(1900) + "\n"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  const std::string reply = world.Say(*follower, "长规则").Text();
  EXPECT_LE(reply.size(), 2047u);
  EXPECT_EQ(reply, LongRule(1900));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("答案慢问题。"));
}

TEST(InboxTest, RuleTextOverAPageComesInPages) {
  const std::string rule = LongRule(3000);
  World world({.answer = Echoes(1s), .rules = "- keywords: [长规则]\n  reply: " + rule + "\n"});
  const auto follower = world.NewFollower();
  const std::string first = world.Say(*follower, "长规则").Text();
  EXPECT_LE(first.size(), 2047u);
  EXPECT_THAT(first, HasSubstr("(1/2)"));
  const std::string second = world.Say(*follower, "继续").Text();
  EXPECT_EQ(first.substr(0, first.find("\n\n(")) + second.substr(0, second.find("\n\n(")), rule);
}

TEST(InboxTest, ContinueWaitsForEachAnswerThatIsStillBeingMade) {
  World world({.answer = [](const simulator::UpstreamCall& call) {
    const auto after = call.Question() == "甲" ? 16s : 5s;
    return simulator::SpreadAnswer(AnswerTo(call), after, after);
  }});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "甲").Text(), HasSubstr("我还在想"));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("答案甲。"));
  follower->Say("乙");
  follower->Say("丙");
  ASSERT_TRUE(world.RunFor(100ms));
  // 乙 is given in its own window while this waits; 丙, behind it, too.
  world.Say(*follower, "继续");
  ASSERT_TRUE(world.PlayOut({follower.get()}));
  const std::string chat = Chat(*follower);
  EXPECT_EQ(Count(chat, "答案乙。"), 1u) << chat;
  EXPECT_EQ(Count(chat, "答案丙。"), 1u) << chat;
}

TEST(InboxTest, ContinueWaitsInItsOwnWindowForAnAnswerThatIsBeingMade) {
  World world({.answer = Echoes(22s)});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "慢问题").Text(), HasSubstr("我还在想"));
  const auto rest = world.Say(*follower, "继续");  // asked at about 15 s
  EXPECT_EQ(rest.Text(), "关于“慢问题”：\n答案慢问题。");
  EXPECT_EQ(rest.try_number, 2);
}

TEST(InboxTest, ContinueGivesWhatIsReadyWithoutWaitingForANewerAnswer) {
  World world({.answer = [](const simulator::UpstreamCall& call) {
    const bool first = call.Question() == "甲";
    return simulator::SpreadAnswer(AnswerTo(call), first ? 16s : 5min, first ? 16s : 5min);
  }});
  const auto follower = world.NewFollower();
  world.Say(*follower, "甲");
  follower->Say("乙");
  ASSERT_TRUE(world.RunFor(4s));
  const auto ready = world.Say(*follower, "继续");
  EXPECT_THAT(ready.Text(), StartsWith("关于“甲”：\n答案甲。"));
  EXPECT_LT(ready.after, 1s);
}

TEST(InboxTest, AnswerInTheVeryMomentOfTheLastReplyIsGivenExactlyOnce) {
  for (const auto moment : {14300ms, 14400ms, 14500ms, 14600ms, 14700ms}) {
    World world({.answer = Echoes(moment)});
    const auto follower = world.NewFollower();
    const auto outcome = world.Say(*follower, "问题");
    ASSERT_TRUE(outcome.shown());
    ASSERT_TRUE(world.RunFor(5s));
    if (outcome.Text().find("继续") != std::string::npos) world.Say(*follower, "继续");
    EXPECT_EQ(Count(Chat(*follower), "答案问题。"), 1u) << Chat(*follower);
    EXPECT_EQ(world.model().Journal().calls, 1u);
  }
}

TEST(InboxTest, LostLastReplyIsGivenAgainOnContinue) {
  World world({.answer = Echoes(12s)});
  const auto follower = world.NewFollower();
  simulator::Faults faults;
  faults.on_try[3].lose_reply = true;
  const auto lost = world.Say(*follower, "问题", faults);
  EXPECT_TRUE(lost.failed()) << "the follower sees WeChat's own notice";
  ASSERT_TRUE(world.RunFor(3s));  // once the window is over
  EXPECT_EQ(world.Say(*follower, "继续").Text(), "再发一次上一条回答：\n答案问题。");
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("没有更多内容"));
  EXPECT_EQ(world.model().Journal().calls, 1u);
  EXPECT_EQ(world.Metric("yingda_answers_total{way=\"resend\"}"), 1);
}

TEST(InboxTest, ReplyThatWeChatWouldHaveTriedAgainIsNotGivenAgainOnContinue) {
  World world({.answer = Echoes(7s)});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "问题").try_number, 2);
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("没有更多内容"));
}

TEST(InboxTest, ResendGivesTheLastAnswerOnceMore) {
  World world({.answer = Echoes(1s)});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "重发").Text(), HasSubstr("没有可以重发的回答"));
  world.Say(*follower, "问题");
  EXPECT_EQ(world.Say(*follower, "重发").Text(), "再发一次上一条回答：\n答案问题。");
  EXPECT_EQ(world.model().Journal().calls, 1u);
}

TEST(InboxTest, LostReplyToTheNextMessageReturnsItsInboxTexts) {
  World world({.answer = Echoes(20s)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  simulator::Faults gone;
  for (int number = 1; number <= 3; ++number) gone.on_try[number].hang_up_after = 1us;
  world.Say(*follower, "营业时间", gone);
  ASSERT_TRUE(world.RunFor(30s));
  const std::string again = world.Say(*follower, "营业时间").Text();
  const std::string chat = Chat(*follower);
  EXPECT_EQ(Count(chat, "答案慢问题。"), 1u) << chat;
}

TEST(InboxTest, InboxSurvivesARestart) {
  World world({.answer = Echoes(20s)});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  world.Restart();
  EXPECT_THAT(world.Say(*follower, "营业时间").Text(), StartsWith("关于“慢问题”：\n答案慢问题。"));
}

TEST(InboxTest, UnreadAnswersExpireAndAreCounted) {
  World world({.answer = Echoes(20s), .more_answers = "  keep_unread: 1h\n"});
  const auto follower = world.NewFollower();
  world.Say(*follower, "慢问题");
  ASSERT_TRUE(world.RunFor(20s));
  ASSERT_TRUE(world.conductor().RunFor(65min, 10s));
  EXPECT_THAT(world.Say(*follower, "继续").Text(), HasSubstr("没有更多内容"));
  EXPECT_TRUE(WaitFor([&] { return world.Metric("yingda_inbox_expired_total") == 1; }));
}

TEST(InboxTest, MarkdownReachesTheFollowerAsPlainText) {
  World world({.answer = AnswersAfter(1s, "## 标题\n\n- **第一**\n- 第二\n\n见[官网](https://example.com)。")});
  const auto follower = world.NewFollower();
  const std::string text = world.Say(*follower, "问题").Text();
  EXPECT_THAT(text, HasSubstr("【标题】"));
  EXPECT_THAT(text, HasSubstr("• 第一"));
  EXPECT_THAT(text, HasSubstr("<a href=\"https://example.com\">官网</a>"));
  EXPECT_THAT(text, Not(HasSubstr("**")));
}

TEST(InboxTest, WordsHiddenByMarkupAreStoppedAllTheSame) {
  World world({.answer = AnswersAfter(1s, "来看看**网络**博彩平台吧。")});
  const auto follower = world.NewFollower();
  const std::string text = world.Say(*follower, "问题").Text();
  EXPECT_THAT(text, Not(HasSubstr("博彩")));
  EXPECT_THAT(text, HasSubstr("不方便显示"));
}

TEST(InboxTest, ModelAnswersCarryTheLabelThatIsConfiguredAndOtherTextsDoNot) {
  World world({.answer = AnswersAfter(1s, "答案。"), .more_account = "    texts: { ai_label: （内容由AI生成） }\n"});
  const auto follower = world.NewFollower();
  EXPECT_EQ(world.Say(*follower, "问题").Text(), "答案。\n\n（内容由AI生成）");
  EXPECT_THAT(world.Say(*follower, "营业时间").Text(), Not(HasSubstr("AI")));
}

TEST(InboxTest, ThinkingTextLinksToTheAnswerPageAndTheFinishedPageHasTheAnswer) {
  World world({.answer = Echoes(20s), .public_url = "https://bot.example.com"});
  const auto follower = world.NewFollower();
  const std::string thinking = world.Say(*follower, "慢问题").Text();
  const size_t at = thinking.find("https://bot.example.com/a/");
  ASSERT_NE(at, std::string::npos) << thinking;
  const std::string path = thinking.substr(at + std::string("https://bot.example.com").size(), 35);
  ASSERT_TRUE(world.RunFor(20s));
  const std::string page = world.Get(path);
  EXPECT_THAT(page, HasSubstr("答案慢问题。"));
  EXPECT_THAT(page, HasSubstr("慢问题"));
  EXPECT_THAT(world.Get("/a/00000000000000000000000000000000"), HasSubstr("404"));
}

TEST(InboxTest, AnswerReadOnItsPageIsNotGivenInTheChatAgain) {
  World world({.answer = Echoes(20s), .public_url = "https://bot.example.com"});
  const auto follower = world.NewFollower();
  const std::string thinking = world.Say(*follower, "慢问题").Text();
  const size_t at = thinking.find("https://bot.example.com/a/");
  ASSERT_NE(at, std::string::npos);
  const std::string path = thinking.substr(at + std::string("https://bot.example.com").size(), 35);
  ASSERT_TRUE(world.RunFor(20s));
  world.Get(path + "/read", "POST");
  EXPECT_EQ(world.Say(*follower, "营业时间").Text(), "我们每天 9:00–21:00 营业。");
  EXPECT_EQ(world.Metric("yingda_answers_total{way=\"page\"}"), 1);
}

TEST(InboxTest, WordsHiddenByMarkupAreMaskedOnThePageToo) {
  World world({.answer = AnswersAfter(1s, "| 项 | 值 |\n|---|---|\n| 甲 | 牛**皮**癣 |\n"),
               .deny_words = "牛皮癣|mask\n",
               .public_url = "https://bot.example.com"});
  const auto follower = world.NewFollower();
  const std::string text = world.Say(*follower, "表").Text();
  EXPECT_THAT(text, Not(HasSubstr("牛皮癣")));
  const size_t at = text.find("https://bot.example.com/a/");
  ASSERT_NE(at, std::string::npos) << text;
  const std::string page = world.Get(text.substr(at + std::string("https://bot.example.com").size(), 35));
  EXPECT_THAT(page, HasSubstr("200\n\n"));
  EXPECT_THAT(page, Not(HasSubstr("皮")));
}

TEST(InboxTest, LongAndTabularAnswersHaveAPageAndShortOnesHaveNot) {
  World world({.answer =
                   [](const simulator::UpstreamCall& call) {
                     const char* const table = "| 项 | 值 |\n|---|---|\n| 甲 | 1 |\n| 乙 | 2 |\n";
                     return simulator::SpreadAnswer(call.Question() == "表" ? table : "短答案。", 1s, 1s);
                   },
               .public_url = "https://bot.example.com"});
  const auto follower = world.NewFollower();
  EXPECT_THAT(world.Say(*follower, "表").Text(), HasSubstr("https://bot.example.com/a/"));
  EXPECT_EQ(world.Say(*follower, "短").Text(), "短答案。");
}

}  // namespace
}  // namespace yingda::testing
