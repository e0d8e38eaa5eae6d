// SPDX-License-Identifier: MIT
#include "bot/answer_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace yingda::bot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string Sentences(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "第" + std::to_string(i) + "句不长不短的话。";
  return text;
}

TEST(AnswerTextTest, ShortAnswerIsThePageItself) {
  const TextPage page = NextPage("你好。", 0, {}, {});
  EXPECT_EQ(page.text, "你好。");
  EXPECT_EQ(page.taken_bytes, std::string("你好。").size());
  EXPECT_FALSE(page.more);
}

TEST(AnswerTextTest, PagesOfALongAnswerKeepTheLimitAndJoinToTheAnswer) {
  const Texts texts;
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::string answer = Sentences(static_cast<int>(random() % 500) + 60);
    PageStyle style;
    style.limit_bytes = 300 + random() % 1748;
    style.made_by_model = (random() & 1) != 0;
    style.page_url = (random() & 1) != 0 ? "https://bot.example.com/a/0123456789abcdef" : "";
    std::string joined;
    std::string_view rest = answer;
    int64_t given = 0;
    std::string last_mark;
    while (!rest.empty()) {
      const TextPage page = NextPage(rest, given, texts, style);
      EXPECT_LE(page.text.size(), style.limit_bytes);
      ASSERT_GT(page.taken_bytes, 0u);
      EXPECT_EQ(page.more, page.taken_bytes < rest.size());
      EXPECT_EQ(page.text.find(texts.continue_hint) != std::string::npos, page.more);
      if (given > 0 || page.more) {
        const size_t slash = page.text.rfind('/');
        EXPECT_NE(slash, std::string::npos);
        EXPECT_THAT(page.text, HasSubstr("(" + std::to_string(given + 1) + "/"));
      }
      joined += rest.substr(0, page.taken_bytes);
      rest.remove_prefix(page.taken_bytes);
      ++given;
      if (!page.more && given > 1) {
        last_mark = "(" + std::to_string(given) + "/" + std::to_string(given) + ")";
        EXPECT_THAT(page.text, HasSubstr(last_mark)) << "the last page is the last of as many as were promised";
      }
    }
    EXPECT_EQ(joined, answer);
  }
}

TEST(AnswerTextTest, NumberOfPagesIsPromisedFromTheFirstOn) {
  const std::string answer = Sentences(300);
  const Texts texts;
  std::string_view rest = answer;
  const TextPage first = NextPage(rest, 0, texts, {});
  int64_t pages = 1;
  for (rest.remove_prefix(first.taken_bytes); !rest.empty(); ++pages) {
    rest.remove_prefix(NextPage(rest, pages, texts, {}).taken_bytes);
  }
  EXPECT_THAT(first.text, HasSubstr("(1/" + std::to_string(pages) + ")"));
}

TEST(AnswerTextTest, RestOfAnAnswerIsMarkedAsSuch) {
  EXPECT_THAT(NextPage("后面的内容。", 1, {}, {}).text, HasSubstr("(2/2)"));
}

TEST(AnswerTextTest, FooterHasPageLinkAndLabelWhereTheyAreWanted) {
  Texts texts;
  texts.ai_label = "（内容由AI生成）";
  PageStyle style;
  style.page_url = "https://bot.example.com/a/1";
  style.made_by_model = true;
  const TextPage page = NextPage("答案。", 0, texts, style);
  EXPECT_EQ(page.text, "答案。\n\n<a href=\"https://bot.example.com/a/1\">在网页上看完整回答</a>\n（内容由AI生成）");
  style.made_by_model = false;
  EXPECT_THAT(NextPage("抱歉。", 0, texts, style).text, Not(HasSubstr("AI")));
}

TEST(AnswerTextTest, HintAsLongAsThePageLeavesRoomForTheAnswer) {
  Texts texts;
  texts.continue_hint = std::string(5000, 'x');
  PageStyle style;
  style.limit_bytes = 400;
  const std::string answer = Sentences(100);
  EXPECT_GE(NextPage(answer, 0, texts, style).taken_bytes, 50u);
}

TEST(AnswerTextTest, GivenSentencesKeepTheLimitWithTheirHint) {
  const Texts texts;
  PageStyle style;
  style.page_url = "https://bot.example.com/a/0123456789abcdef";
  const std::string said = Sentences(300);
  const size_t givable = GivableBytes(said, texts, style);
  EXPECT_GT(givable, 1000u);
  const std::string reply = PartReply(std::string_view(said).substr(0, givable), texts, style);
  EXPECT_LE(reply.size(), style.limit_bytes);
  EXPECT_THAT(reply, HasSubstr(texts.unfinished));
  EXPECT_EQ(GivableBytes(" \n", texts, style), 0u);
}

TEST(AnswerTextTest, PartWithoutSentencesIsTheThinkingText) {
  const Texts texts;
  EXPECT_THAT(PartReply("", texts, {}), StartsWith(texts.thinking));
  EXPECT_THAT(PartReply("", texts, {}), HasSubstr(texts.continue_hint));
  EXPECT_THAT(PartReply("第一句。", texts, {}), StartsWith("第一句。"));
}

TEST(AnswerTextTest, RestBeginsBehindWhatWasGiven) {
  EXPECT_EQ(RestAfter("第一句。第二句。", "第一句。"), "第二句。");
  EXPECT_EQ(RestAfter("第一句。第二句。", ""), "第一句。第二句。");
  EXPECT_EQ(RestAfter("全部。", "全部。"), "");
}

TEST(AnswerTextTest, RestOfAnAnswerThatReadsOtherwiseBeginsWithTheSentenceThatDoes) {
  EXPECT_EQ(RestAfter("第一句。第＊＊句。第三句。", "第一句。第二句。"), "第＊＊句。第三句。");
  EXPECT_EQ(RestAfter("别的话。", "第一句。"), "别的话。");
}

TEST(AnswerTextTest, EveryFailureHasAKindText) {
  const Texts texts;
  for (const auto failure :
       {model::ChatFailure::kTimeout, model::ChatFailure::kUnreachable, model::ChatFailure::kRateLimited,
        model::ChatFailure::kRefused, model::ChatFailure::kContentPolicy, model::ChatFailure::kBadAnswer,
        model::ChatFailure::kEmpty, model::ChatFailure::kOverloaded, model::ChatFailure::kCancelled}) {
    EXPECT_FALSE(FailureText(failure, texts).empty());
  }
}

}  // namespace
}  // namespace yingda::bot
