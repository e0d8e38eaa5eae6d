// SPDX-License-Identifier: MIT
#include "rules/lint.h"

#include <gmock/gmock.h>

#include <chrono>
#include <random>

#include "base/utf8.h"
#include "filter/word_list.h"
#include "rules/reply_lint.h"
#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> LintText(std::string_view yaml, const LintOptions& options = {}) {
  return Lint(RulesFrom(yaml), options);
}

std::string RuleOf(std::string_view keywords, std::string_view match, int priority, std::string_view reply = "x") {
  return "- keywords: [" + std::string(keywords) + "]\n  match: " + std::string(match) +
         "\n  priority: " + std::to_string(priority) + "\n  reply: " + std::string(reply) + "\n";
}

struct HiddenCase {
  const char *first_keywords, *first_match;
  int first_priority;
  const char *keywords, *match;
  bool hidden;
};

class HiddenKeywordTest : public testing::TestWithParam<HiddenCase> {};

TEST_P(HiddenKeywordTest, IsToldOnlyWhenItsTurnNeverComes) {
  const HiddenCase& c = GetParam();
  const auto lines =
      LintText(RuleOf(c.first_keywords, c.first_match, c.first_priority) + RuleOf(c.keywords, c.match, 0));
  if (c.hidden) {
    EXPECT_THAT(lines, ElementsAre(AllOf(StartsWith("a.yml:5:14: "), HasSubstr("轮不到"), HasSubstr("a.yml:1"))));
  } else {
    EXPECT_THAT(lines, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, HiddenKeywordTest,
    testing::Values(
        // contains
        HiddenCase{"营业", "contains", 1, "营业时间", "contains", true},
        HiddenCase{"营业", "contains", 0, "营业时间", "contains", false},  // the longer one goes first
        HiddenCase{"营业", "contains", 1, "營業時間", "exact", true},
        HiddenCase{"营业", "contains", 0, "营业时间", "exact", false},
        HiddenCase{"营业", "contains", 1, "营", "contains", false},
        HiddenCase{"营业", "contains", 1, "什么时候营业", "suffix", true},
        HiddenCase{"营业", "contains", 1, "营业时间", "prefix", true},
        HiddenCase{"营业", "contains", 1, "几点, 营业时间", "all_of", true},
        HiddenCase{"几点营业", "contains", 1, "几点, 营业", "all_of", false},
        HiddenCase{"\"好吗？\"", "contains", 1, "\"好吗？\"", "exact", false},  // a message 好吗 is the second one's
        // prefix, suffix
        HiddenCase{"营业", "prefix", 1, "营业时间", "prefix", true},
        HiddenCase{"营业", "prefix", 1, "营业", "exact", true},
        HiddenCase{"营业", "prefix", 0, "营业时间", "prefix", false},
        HiddenCase{"营业", "prefix", 1, "营业时间", "contains", false},
        HiddenCase{"时间", "suffix", 1, "营业时间", "suffix", true},
        HiddenCase{"时间", "suffix", 1, "营业时间。", "exact", true},
        HiddenCase{"时间", "suffix", 1, "时间", "prefix", false},
        // all_of goes before contains by itself
        HiddenCase{"营业, 时间", "all_of", 0, "营业时间", "contains", true},
        HiddenCase{"营业, 时间", "all_of", 0, "营业", "contains", false},
        HiddenCase{"营业, 时间", "all_of", 1, "时间, 营业, 周末", "all_of", true},
        HiddenCase{"营业", "exact", 9, "营业", "contains", false},
        // expressions that contain a keyword: any keyword goes before them
        HiddenCase{"订单", "contains", 0, "'订单号?(\\d+)'", "regex", true},
        HiddenCase{"订单, 单号", "contains", 0, "'(订单|单号)\\d+'", "regex", true},
        HiddenCase{"订单", "contains", 0, "'(订单|单号)\\d+'", "regex", false},
        HiddenCase{"ABC", "contains", 0, "'ab[cC]\\d'", "regex", true},
        HiddenCase{"订单", "exact", 0, "'订单号?(\\d+)'", "regex", false},
        HiddenCase{"订单", "contains", 0, "'\\d{6}'", "regex", false},
        // expressions that go before a keyword
        HiddenCase{"'营业|开门'", "regex", 1, "营业时间", "contains", true},
        HiddenCase{"'^营业'", "regex", 1, "营业时间", "contains", false},
        HiddenCase{"'^营业'", "regex", 1, "营业时间", "prefix", true},
        HiddenCase{"'^营业时间$'", "regex", 1, "营业时间", "exact", false},  // 营业时间。 is an exact match, too
        HiddenCase{"'^营业时间'", "regex", 1, "营业时间", "exact", true}));

TEST(LintTest, AHiddenKeywordIsExplainedWithWhatToDo) {
  EXPECT_THAT(
      LintText(RuleOf("营业", "contains", 5) + RuleOf("几点, 营业时间", "contains", 0)),
      ElementsAre("a.yml:5:18: “营业时间”永远轮不到：命中它的消息，也命中 a.yml:1 的 contains“营业”，由那一条先回复，"
                  "因为它的 priority 是 5，这里是 0。请把这里的 priority 调高，或删掉其中一个"));
  EXPECT_THAT(LintText(RuleOf("订单", "contains", 0) + RuleOf("'订单(\\d+)'", "regex", 0)),
              ElementsAre(AllOf(HasSubstr("contains 排在 regex 前面"), HasSubstr("更高的 priority"))));
}

TEST(LintTest, AKeyOfAnEventIsHiddenByARuleForAllKeysOfHigherPriority) {
  const std::string key = "- event: click\n  key: A\n  reply: a\n";
  EXPECT_THAT(LintText(key + "- event: click\n  reply: b\n"), IsEmpty());
  EXPECT_THAT(LintText(key + "- event: click\n  priority: 1\n  reply: b\n"),
              ElementsAre(AllOf(StartsWith("a.yml:1:"), HasSubstr("a.yml:4"))));
  EXPECT_THAT(LintText("- event: subscribe\n  key: qrscene_door-7\n  reply: b\n"), ElementsAre(HasSubstr("“door-7”")));
}

TEST(LintTest, ARuleWithAConditionHidesNothing) {
  const std::string late = RuleOf("营业时间", "contains", 0);
  for (const char* condition : {"exclude: [不]", "hours: [\"9:00-18:00\"]", "cooldown: 10m", "days: [周一]"}) {
    EXPECT_THAT(LintText(RuleOf("营业", "contains", 1) + "  " + condition + "\n" + late), IsEmpty()) << condition;
  }
}

TEST(LintTest, AnExcludedWordInsideTheKeywordIsTold) {
  EXPECT_THAT(LintText("- keywords: [营业时间, 几点开]\n  exclude: [营業, 不]\n  reply: x\n"),
              ElementsAre(AllOf(StartsWith("a.yml:2:13: "), HasSubstr("有这个关键词的消息都不算"))));
}

TEST(LintTest, ExpressionsThatMatchEverythingAreToldOnceAndNotAgainForEachKeyword) {
  const auto lines = LintText(RuleOf("'.+'", "regex", 1) + RuleOf("a1, b2, c3", "contains", 0));
  EXPECT_THAT(lines, ElementsAre(AllOf(StartsWith("a.yml:1:14: "), HasSubstr("几乎什么消息都会命中"))));
}

TEST(LintTest, KeywordsThatTakeACommandAwayAreTold) {
  LintOptions options;
  options.commands = {"继续", "清空"};
  EXPECT_THAT(LintText(RuleOf("继续教育", "contains", 0), options), IsEmpty());
  EXPECT_THAT(LintText(RuleOf("续, 继续教育", "contains", 0), options),
              ElementsAre(AllOf(StartsWith("a.yml:1:14: "), HasSubstr("抢走指令“继续”"))));
  EXPECT_THAT(LintText(RuleOf("'^清.$'", "regex", 0), options), ElementsAre(HasSubstr("抢走指令“清空”")));
}

TEST(LintTest, ARuleWhoseTimeIsOverIsTold) {
  LintOptions options;
  options.now = TimeOfMinute(*ParseMinute("2026-11-12", false));
  const std::string rule = "- keywords: [优惠]\n  reply: x\n  until: ";
  EXPECT_THAT(LintText(rule + "2026-11-11\n", options),
              ElementsAre("a.yml:3:10: 这条规则只用到 2026-11-11，已经过期，不会再回复：还要用请改日期，不用了请删掉"));
  EXPECT_THAT(LintText(rule + "2026-11-12\n", options), IsEmpty());
  EXPECT_THAT(LintText(rule + "\"2026-11-12 00:01\"\n", options), IsEmpty());
  EXPECT_THAT(LintText("- keywords: [优惠]\n  reply: x\n", options), IsEmpty());
  EXPECT_THAT(LintText(rule + "2026-11-11\n"), IsEmpty()) << "nobody said what time it is";
}

/// What lint calls hidden must never win, whatever is said: RuleSet is the judge.
TEST(LintTest, NoMessageIsEverAnsweredByAHiddenKeyword) {
  std::mt19937 random(7);
  const auto number = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  const std::vector<std::string> letters = {"a", "A", "ａ", "b", "国", "國", "？", "。", " ", "1"};
  const auto text = [&](int from, int to) {
    std::string made;
    while (made.find_first_not_of(' ') == std::string::npos) {
      made.clear();
      for (int i = number(from, to); i > 0; --i) made += letters[static_cast<size_t>(number(0, 9))];
    }
    return made;
  };
  const char* const kinds[] = {"exact", "prefix", "suffix", "all_of", "contains", "regex"};
  const char* const regexes[] = {"a+b", "^国", "国$", "(国|b)a", "ab", "b.?国"};
  size_t hidden = 0;
  for (int round = 0; round < 1500; ++round) {
    // One keyword a rule, so that a rule that is called hidden is wholly so.
    std::string yaml;
    const int rules = number(2, 6);
    for (int rule = 0; rule < rules; ++rule) {
      const std::string kind = kinds[number(0, 5)];
      std::string keywords = '"' + (kind == "regex" ? std::string(regexes[number(0, 5)]) : text(1, 4)) + '"';
      if (kind == "all_of") keywords += ", \"" + text(1, 2) + '"';
      yaml += RuleOf(keywords, kind, number(0, 3) == 0 ? 1 : 0, std::to_string(rule));
    }
    const std::vector<Rule> parsed = RulesFrom(yaml);
    std::vector<std::string> warnings;
    const RuleSet set(parsed, warnings);
    for (const std::string& line : Lint(parsed, {})) {
      if (line.find("永远轮不到") == std::string::npos) continue;
      ++hidden;
      const int at = (std::stoi(line.substr(line.find(':') + 1)) - 1) / 4;
      const Rule& rule = parsed[static_cast<size_t>(at)];
      for (int i = 0; i < 30; ++i) {
        std::string message = text(1, 3);
        for (const Keyword& keyword : rule.keywords)
          message += (rule.match == MatchKind::kRegex ? "ab国" : keyword.text) + text(1, 2);
        if (number(0, 1) == 0) message = rule.keywords.front().text + (number(0, 1) == 0 ? "。" : text(1, 3));
        if (number(0, 3) == 0) message = text(1, 3) + rule.keywords.back().text;
        EXPECT_NE(AnswerTo(set, TextInput(message)), std::to_string(at)) << yaml << message << "\n" << line;
      }
    }
  }
  EXPECT_GT(hidden, 100U);
}

TEST(LintTest, ThousandsOfOneKindDoNotBuryTheOthers) {
  std::string yaml = RuleOf("图", "contains", 1) + "- keywords: [某]\n  reply: {image: MEDIA_ID}\n";
  for (int i = 0; i < 250; ++i) yaml += RuleOf("图" + std::to_string(i), "contains", 0);
  const auto lines = LintText(yaml);
  ASSERT_EQ(lines.size(), 102U);
  EXPECT_EQ(lines.back(), "还有 150 个轮不到的关键词没有列出");
  EXPECT_THAT(lines, testing::Contains(HasSubstr("MEDIA_ID")));
}

TEST(LintTest, AHundredThousandRulesTakeASecondOrTwo) {
#ifdef YINGDA_SANITIZED
  constexpr int kRules = 10'000;
#else
  constexpr int kRules = 100'000;
#endif
  std::mt19937 random(3);
  std::vector<Rule> rules = RulesFrom(RuleOf("'(查|问)订单(\\d+)'", "regex", 1));
  const MatchKind kinds[] = {MatchKind::kExact, MatchKind::kContains, MatchKind::kPrefix, MatchKind::kSuffix};
  for (int i = 0; i < kRules; ++i) {
    std::string keyword;
    for (int k = 0; k < 5; ++k) {
      base::AppendUtf8(keyword, 0x4E00 + std::uniform_int_distribution<char32_t>(0, 3000)(random));
    }
    Rule& rule = rules.emplace_back();
    rule.file = "b.yml";
    rule.line = i + 1;
    rule.match = kinds[i % 4];
    rule.keywords.push_back({keyword, i + 1, 1, nullptr});
    rule.replies.emplace_back(wechat::TextReply{"好"});
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_LT(Lint(rules, {}).size(), 150U);
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  // Many times what it takes, on a busy machine and without optimization: a loop over pairs would take hours.
  EXPECT_LT(took, std::chrono::seconds(30));
}

TEST(LintWordsTest, RepliesAndKeywordsThatAWordListStopsAreTold) {
  const auto words = filter::WordFilter::FromLists(
      {filter::ParseWordList("代开发票|block\n点我|mask\n注意|review\n", "deny/a.txt", false)});
  LintOptions options;
  options.words = words.get();
  EXPECT_THAT(
      LintText("- keywords: [发票, 怎么代开发票]\n  replies:\n    - 我们代-开发票\n    - 请注意\n", options),
      testing::UnorderedElementsAre(
          AllOf(StartsWith("a.yml:"), HasSubstr("回复里有敏感词“代开发票”（deny/a.txt:1）：粉丝收不到这条回复")),
          AllOf(StartsWith("a.yml:1:18: "), HasSubstr("“怎么代开发票”里有敏感词"))));
  EXPECT_THAT(
      LintText("- event: click\n  reply: {news: [{title: 好, description: 点我, url: 'https://e.com'}]}\n", options),
      ElementsAre(HasSubstr("（deny/a.txt:2）：发出去时会打码。请换")));
}

TEST(ReplyLintTest, MediaIdsThatCannotBeOnesAreTold) {
  for (const char* good : {"NESsxgHEvAcg3egJTtYj4uG1PTL6iPhratdWKDLAXYErhN6oEEfMdVyblWtBY5vp", "a-_9"}) {
    EXPECT_EQ(MediaIdTrouble(good), "") << good;
  }
  for (const char* bad :
       {"MEDIA_ID", "your_media_id", "素材编号", "cover.jpg", "https://e.com/a.jpg", "a b", "ａｂ", "x\"y"}) {
    EXPECT_NE(MediaIdTrouble(bad), "") << bad;
  }
  EXPECT_THAT(LintText("- keywords: [图1]\n  reply: {music: {title: 歌, thumb_media_id: MEDIA_ID}}\n"),
              ElementsAre(HasSubstr("thumb_media_id 的素材编号还是示例")));
}

TEST(ReplyLintTest, LinksThatWeChatWouldNotShowAreTold) {
  for (const char* good : {"看<a href=\"https://e.com/?a=1&b=2\">这里</a>", "1 < 2, a<bc>d",
                           "<a href='http://e.com'>x</a>和<a href=\"weixin://dl\">y</a>",
                           "<a href=\"weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=1\">继续</a>",
                           "https://e.com/x", "<A HREF=\"https://e.com\">x</A>",
                           "<a href=\"x\" data-miniprogram-appid=\"wx1\" data-miniprogram-path=\"p\">小程序</a>",
                           "2**3", "<a href=\"https://e.com/{1}\">x</a>"}) {
    EXPECT_THAT(LinkTrouble(good), IsEmpty()) << good;
  }
  const std::vector<std::pair<const char*, const char*>> bad = {
      {"<a href=\"https://e.com\">这里", "没有配对"},
      {"<a href=\"https://e.com\">这里<a href=\"https://e.com\">x</a>", "没有配对"},
      {"这里</a>", "前面没有"},
      {"<a href=“https://e.com”>x</a>", "中文引号"},
      {"<a href=\"www.e.com\">x</a>", "https://"},
      {"<a href=https://e.com>x</a>", "引号"},
      {"<a href=\"https://e.com>x</a>", "少了一个引号"},
      {"<a>x</a>", "没有 href"},
      {"<a href=\"https://e.com\"> </a>", "没有文字"},
      {"<a href=\"weixin://bizmsgmenu?msgmenucontent=x\">x</a>", "msgmenuid=1"},
      {"第一行<br>第二行", "<br> 会原样显示"},
      {"[这里](https://e.com)", "Markdown"},
      {"**重要**", "不能加粗"},
      {"a&nbsp;b", "&nbsp;"},
      {"<a href=\"https://e.com\"", "缺少 >"},
      {"<a href=\"{1}\">x</a>", "网站不能由粉丝的话"},
      {"<a href=\"https://{1}/\">x</a>", "网站不能由粉丝的话"},
  };
  for (const auto& [text, trouble] : bad) EXPECT_THAT(LinkTrouble(text), testing::Contains(HasSubstr(trouble))) << text;
}

TEST(ReplyLintTest, TitlesThatAreCutOffAreTold) {
  std::string title;
  for (int i = 0; i < 65; ++i) title += "长";
  EXPECT_THAT(LintText("- event: click\n  reply: {news: [{title: " + title + ", url: 'https://e.com'}]}\n"),
              ElementsAre(HasSubstr("标题有 65 个字")));
}

}  // namespace
}  // namespace yingda::rules
