// SPDX-License-Identifier: MIT
#include "bot/answer_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "text/markdown.h"

namespace yingda::bot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AnswerFilterTest : public ::testing::Test {
 protected:
  void SetWords(const std::string& deny, const std::string& allow = "") {
    AccountFiles files;
    files.words = filter::WordFilter::FromLists(
        {filter::ParseWordList(deny, "deny/a.txt", false), filter::ParseWordList(allow, "allow/a.txt", true)});
    account_.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
  }
  std::string SentencesOf(const std::string& answer) {
    AnswerFilter filter;
    filter.Look(account_, answer);
    return std::string(filter.Sentences());
  }

  Account account_;
  PassedTexts passed_{1000};
  Texts texts_;
};

TEST_F(AnswerFilterTest, SentencesEndBeforeWhatMayStillBecomeAWord) {
  SetWords("网络赌场|mask\n");
  EXPECT_EQ(SentencesOf("天气很好。我在上网。"), "天气很好。");
  EXPECT_EQ(SentencesOf("天气很好。我在上网。再说"), "天气很好。我在上网。") << "it goes on with no such word";
  EXPECT_EQ(SentencesOf("天气很好。我在上网。\n"), "天气很好。我在上网。\n") << "no word goes on in the next line";
  EXPECT_EQ(SentencesOf("天气很好。我在上网。络赌场"), "天气很好。");
}

TEST_F(AnswerFilterTest, ABlockedWordIsSeenWhileTheAnswerIsWritten) {
  SetWords("网络赌场\n");
  std::string answer;
  AnswerFilter filter;
  for (int i = 0; i < 40; ++i) answer += "这是一句很普通的话。";
  for (const std::string& piece : {answer, std::string("有个网络"), std::string("赌场。好的。")}) {
    if (&piece != &answer) answer += piece;
    filter.LookIfDue(account_, answer);
    EXPECT_FALSE(filter.blocked());
  }
  for (int i = 0; i < 40 && !filter.blocked(); ++i) {
    answer += "这是一句很普通的话。";
    filter.LookIfDue(account_, answer);
  }
  EXPECT_TRUE(filter.blocked()) << "at the latest when a quarter more has come";
  EXPECT_THAT(std::string(filter.Sentences()), IsEmpty());
  EXPECT_THAT(filter.Page(account_, answer), IsEmpty());
}

TEST_F(AnswerFilterTest, NewWordsJudgeAllOfItAnew) {
  SetWords("网络赌场\n");
  AnswerFilter filter;
  const std::string answer = "菠萝派很好吃。\n";
  EXPECT_THAT(filter.Page(account_, answer), HasSubstr("菠萝派"));
  SetWords("菠萝派|mask\n");
  EXPECT_EQ(filter.Page(account_, answer), "＊＊＊很好吃。\n");
  EXPECT_EQ(filter.Sentences(), "＊＊＊很好吃。\n");
}

TEST_F(AnswerFilterTest, PartsOfAWordBlockHoweverFarApartTheyAre) {
  SetWords("代办 && 证件\n大麻 && 出售|mask\n", "大麻烦\n");
  AnswerFilter filter;
  std::string answer = "代办一些事。出售旧书。\n\n";
  EXPECT_EQ(filter.Page(account_, answer), answer);
  EXPECT_EQ(filter.Sentences(), "代办一些事。出售旧书。\n");
  answer += "大麻烦，又是**大**麻。\n\n";
  filter.Look(account_, answer);
  EXPECT_THAT(std::string(filter.Sentences()), ::testing::EndsWith("大麻烦，又是＊＊。\n"));
  EXPECT_THAT(filter.Page(account_, answer), HasSubstr("＊＊旧书")) << "the page takes back what it showed";
  answer += "证";
  filter.Look(account_, answer);
  EXPECT_FALSE(filter.blocked());
  answer += "件办好了。\n\n";
  filter.Look(account_, answer);
  EXPECT_TRUE(filter.blocked());
  EXPECT_THAT(filter.Page(account_, answer), IsEmpty());
}

TEST_F(AnswerFilterTest, ALinkThatIsStillBeingWrittenIsNotShown) {
  filter::Options options;
  options.detectors.push_back({filter::DetectorKind::kUrl, {filter::Level::kMask, filter::Level::kMask}, 8});
  AccountFiles files;
  files.words = filter::WordFilter::FromLists({filter::ParseWordList("小?屋 => 那里", "deny/a.txt", false)}, options);
  account_.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
  EXPECT_EQ(SentencesOf("去小黑屋。看这里。www.exa"), "去那里。看这里。");
  EXPECT_EQ(SentencesOf("去小黑屋。看这里。www.example.com\n\n好"), "去那里。看这里。＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊\n");
}

/// Markdown of the kind that makes a filter's life hard, with words in pieces.
std::string DrawMarkdown(std::mt19937& random) {
  static const std::vector<std::string> pieces = {"网络",
                                                  "赌场",
                                                  "网",
                                                  "络",
                                                  "赌",
                                                  "场",
                                                  "大麻",
                                                  "烦",
                                                  "sm",
                                                  "oking",
                                                  "天气很好。",
                                                  "好。",
                                                  "\n",
                                                  "\n\n",
                                                  "**",
                                                  "*",
                                                  "`",
                                                  "```\n",
                                                  "- ",
                                                  "1. ",
                                                  "| 甲 | 乙 |\n|--|--|\n| 网 | 络 |\n",
                                                  "[网](http://a.b)",
                                                  "$x$",
                                                  " ",
                                                  "，",
                                                  "# ",
                                                  "~~",
                                                  ". "};
  std::string markdown;
  for (size_t left = 3 + random() % 20; left > 0; --left) markdown += pieces[random() % pieces.size()];
  return markdown;
}

TEST_F(AnswerFilterTest, WhatIsShownEarlyIsTheBeginningOfWhatIsShownInTheEnd) {
#ifdef YINGDA_SANITIZED
  constexpr int kRounds = 150;
#else
  constexpr int kRounds = 1'200;
#endif
  SetWords("网络赌场|mask\n大麻|mask\nsm|mask\n赌场络|mask\n", "大麻烦\n");
  std::mt19937 random(5);
  size_t shown = 0;
  int broken_promises = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string answer = DrawMarkdown(random);
    const std::string whole = account_.Readable(answer);
    AnswerFilter filter;
    for (size_t end = 0; end < answer.size();) {
      end += 1 + random() % 12;
      while (end < answer.size() && (static_cast<unsigned char>(answer[end]) & 0xC0) == 0x80) ++end;
      end = std::min(end, answer.size());
      const std::string so_far = answer.substr(0, end);
      filter.Look(account_, so_far);
      // StableMarkdown takes "- " below a line for an item; the parser takes it for a heading's underline.
      std::string stable = text::WeChatText(so_far.substr(0, text::StableMarkdown(so_far)));
      stable.resize(stable.find_last_not_of(" \n") + 1);
      const bool broken = !text::WeChatText(answer).starts_with(stable);
      broken_promises += broken ? 1 : 0;
      if (broken) break;
      std::string sentences(filter.Sentences());
      sentences.resize(sentences.find_last_not_of(" \n") + 1);
      ASSERT_TRUE(whole.starts_with(sentences))
          << ::testing::PrintToString(so_far) << "\nof " << ::testing::PrintToString(answer) << "\nshows\n"
          << sentences << "\nbut in the end\n"
          << whole;
      const std::string page = account_.Readable(filter.Page(account_, so_far));
      for (const char* word : {"网络赌场", "赌场络"}) ASSERT_EQ(page.find(word), std::string::npos) << so_far;
      shown += sentences.size();
    }
  }
  EXPECT_GT(shown, size_t{kRounds} * 20);
  EXPECT_LT(broken_promises, kRounds / 50);
}

TEST_F(AnswerFilterTest, StoredTextsMeetTheWordsOfNow) {
  SetWords("菠萝派\n小坏词|mask\n");
  store::InboxItem bad, masked, own;
  bad.text = "吃菠萝派", bad.made_by_model = true, bad.part = 1;
  masked.text = "是小坏词", masked.question = "谁是小坏词", masked.made_by_model = true;
  own.text = "我们的菠萝派";
  const auto items = ShownNow(account_, texts_, std::vector{bad, masked, own});
  EXPECT_EQ(items[0].text, texts_.blocked_rest);
  EXPECT_EQ(items[1].text, "是＊＊＊");
  EXPECT_EQ(items[1].question, "谁是＊＊＊");
  EXPECT_EQ(items[2].text, texts_.blocked_answer) << "whoever wrote it: a blocked word does not go out";
}

TEST_F(AnswerFilterTest, OurOwnLinkInAReplyIsNoFindAndTheAnswerOutlivesWhatStoodInFrontOfIt) {
  filter::Options options;
  options.detectors.push_back({filter::DetectorKind::kUrl, {filter::Level::kBlock, filter::Level::kBlock}});
  AccountFiles files;
  files.words = filter::WordFilter::FromLists({filter::ParseWordList("菠萝派\n", "deny/a.txt", false)}, options);
  account_.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
  const std::string pages = "https://bot.example.com/a/";
  const auto shown = [&](const std::string& reply, const std::string& text) {
    store::JobRecord record;
    record.kind = "model";
    record.reply = reply;
    record.reply_text = text;
    return ShownNow(account_, texts_, record, pages);
  };
  const std::string link = "\n<a href=\"" + pages + std::string(32, 'e') + "\">在网页上看完整回答</a>";
  EXPECT_EQ(shown("很长。" + link, "很长。").reply, "很长。" + link);
  EXPECT_EQ(shown("看 www.example.org" + link, "看 www.example.org").reply, texts_.blocked_answer);
  EXPECT_EQ(shown("菠萝" + link + "派", "").reply, "菠萝" + link + "派");
  EXPECT_EQ(shown("旧的菠萝派。\n————\n答案。" + link, "答案。").reply, "答案。") << "the front of it is blocked now";
  store::JobRecord rule;
  rule.kind = "reply";
  rule.question = "见 www.example.org";
  EXPECT_EQ(ShownNow(account_, texts_, rule, pages).question, rule.question) << "the admin's own link";
  rule.question = "吃菠萝派";
  EXPECT_EQ(ShownNow(account_, texts_, rule, pages).question, texts_.blocked_answer);
}

TEST_F(AnswerFilterTest, OurOwnLinkStaysBesideAMaskedWord) {
  filter::Options options;
  options.detectors.push_back({filter::DetectorKind::kUrl, {filter::Level::kPass, filter::Level::kMask}});
  AccountFiles files;
  files.words = filter::WordFilter::FromLists({filter::ParseWordList("小坏词|mask\n", "deny/a.txt", false)}, options);
  account_.files.Set(std::make_shared<const AccountFiles>(std::move(files)));
  const std::string pages = "https://bot.example.com/a/";
  const std::string link = pages + std::string(32, 'e');
  store::JobRecord record;
  record.kind = "model";
  record.reply = "小坏词。看 www.example.org。\n" + link;
  const std::string shown = ShownNow(account_, texts_, record, pages).reply;
  EXPECT_EQ(shown.find("＊＊＊。"), 0u);
  EXPECT_EQ(shown.find("www.example.org"), std::string::npos) << "a model's link";
  EXPECT_TRUE(shown.ends_with(link)) << shown;
}

TEST_F(AnswerFilterTest, AnInstructionIsMaskedWhereItsQuestionIs) {
  SetWords("小坏词|mask\n");
  const std::string masked = InstructionForModel(account_, "问小坏词", "他问小坏词");
  EXPECT_EQ(masked.find("小坏词"), std::string::npos);
  EXPECT_EQ(masked.find("他问"), 0u);
  EXPECT_EQ(InstructionForModel(account_, "好问题", "不要谈小坏词"), "不要谈小坏词")
      << "the admin's own words are meant";
}

TEST_F(AnswerFilterTest, TheModelIsSentNoTurnThatIsBlockedNow) {
  SetWords("菠萝派\n小坏词|mask\n");
  std::vector<model::ChatMessage> messages = {{"system", "说明"},
                                              {"user", "有菠萝派吗"},
                                              {"assistant", "有"},
                                              {"user", "问题"},
                                              {"assistant", "吃菠**萝派**"},
                                              {"user", "小坏词是谁"},
                                              {"assistant", "不知道"},
                                              {"user", "再问"}};
  std::vector<model::ChatMessage> again = messages;
  EXPECT_TRUE(FilterForModel(account_, passed_, messages));
  const std::vector<model::ChatMessage> want = {
      {"system", "说明"}, {"user", "＊＊＊是谁"}, {"assistant", "不知道"}, {"user", "再问"}};
  EXPECT_EQ(messages, want);
  EXPECT_TRUE(FilterForModel(account_, passed_, again));
  EXPECT_EQ(again, want);
  const auto known = [&](std::string_view role, std::string_view text) {
    return passed_.Has(passed_.Of(account_.files.Get()->words, role, text));
  };
  EXPECT_TRUE(known("user", "再问") && known("assistant", "不知道"));
  EXPECT_FALSE(known("user", "小坏词是谁")) << "what was masked is masked anew";
  EXPECT_FALSE(known("user", "有菠萝派吗") || known("assistant", "吃菠**萝派**"));
  SetWords("再问\n");
  EXPECT_FALSE(FilterForModel(account_, passed_, again)) << "under other words nothing has passed";
  SetWords("菠萝派\n");
  messages.back().content = "有菠萝派吗";
  EXPECT_FALSE(FilterForModel(account_, passed_, messages));
}

}  // namespace
}  // namespace yingda::bot
