// SPDX-License-Identifier: MIT
#include "filter/word_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/utf8.h"

namespace yingda::filter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const WordFilter> Filter(std::string_view deny, std::string_view allow = "",
                                         const Options& options = {}) {
  return WordFilter::FromLists({ParseWordList(deny, "deny/a.txt", false), ParseWordList(allow, "allow/a.txt", true)},
                               options);
}

/// What the hits cover, in order.
std::vector<std::string> Found(const WordFilter& filter, const std::string& text) {
  Scratch scratch;
  std::vector<std::string> found;
  for (const WordHit& hit : filter.Check(text, Direction::kInbound, scratch).hits) {
    found.push_back(text.substr(hit.begin, hit.end - hit.begin));
  }
  return found;
}

struct Case {
  const char* words;
  const char* text;
};

TEST(WordFilterTest, DisguisedWordsAreFound) {
  const Case cases[] = {
      // What NFKC case folding and the pairs of traditional characters cover.
      {"fuck", "ｆｕｃｋ"},
      {"fuck", "Ⓕⓤc⒦"},
      {"fuck", "𝓯𝓾𝓬𝓴"},
      {"kg", "㎏"},
      {"一二五", "㊀㊁㈤"},
      {"fi赌", "ﬁ赌"},
      {"台湾", "臺灣"},
      {"赌", "賭"},
      {"里面", "裏面"},
      {"干活", "幹活"},
      // What may lie inside.
      {"傻逼", "傻-逼"},
      {"傻逼", "傻😀逼"},
      {"傻逼", "傻\u200b逼"},
      {"傻逼", "傻　逼"},
      {"傻逼", "傻\u00ad逼"},
      {"傻逼", "傻\u2060逼"},
      {"傻逼", "傻\u200d逼"},
      {"1212", "1️⃣2️⃣1️⃣2️⃣"},
      // What needs a table of its own.
      {"10086", "⓵⓿⓿❽➏"},
      {"456", "➃❺⒍"},
      {"111", "❶⓵１"},
      {"hello", "ʜᴇʟʟᴏ"},
      {"ab博", "🅰🅱博"},
      {"vx", "🇻🇽"},
      {"fuck", "fùçk"},
      {"fuck", "fuсk"},  // a Cyrillic letter that looks Latin
      {"cock", "СОСК"},  // nothing but such letters
      {"博彩", "愽彩"},
      {"fuck", "fυϲκ"},  // Greek ones
      // And what else was seen in the field.
      {"fuck", "ꜰᴜᴄᴋ"},
      {"fuck", "🅵🆄🅲🅺"},
      {"fuck", "🇫🇺🇨🇰"},
      {"fuck", "F.U.C.K"},
      {"fuck", "fuuuuck"},
      {"傻逼", "傻 . 逼"},
      {"傻逼", "傻傻逼"},
      {"傻逼", "傻傻傻逼逼逼"},
      {"12345", "1-2-3-4-5"},
      {"赌博", "tán 賭-愽"},
  };
  for (const Case& c : cases) EXPECT_FALSE(Found(*Filter(std::string(c.words) + "|=short"), c.text).empty()) << c.text;
}

TEST(WordFilterTest, ALetterInBetweenMakesAnotherWord) {
  EXPECT_THAT(Found(*Filter("加微信"), "加 V❤微.信"), IsEmpty());
  EXPECT_THAT(Found(*Filter("干你娘"), "幹妳你娘"), IsEmpty());
}

TEST(WordFilterTest, InnocentTextsPass) {
  const auto filter =
      Filter("大麻\n口交\n妈的\n他妈的\nsm\n69\nstar\ncunt\nass\nasso\n色情\n操你|block\n黄片\ngod\n彩色情",
             "大麻烦\n路口交通\n他妈妈的手机\n白色情人节\n广播体操你会吗\n三黄片");
  for (const char* text :
       {"遇到大麻烦了", "路口交通拥堵", "他妈妈的手机响了", "他妈妈来了", "Smoking kills",
        "the population is 695 billion", "6.9元", "five stars", "Scunthorpe", "classic assess", "as so",
        "白色情人节快乐", "广播体操你会吗", "三黄片一天三次", "good", "大\n麻", "大。。。。麻", "2069年", "6 9"}) {
    EXPECT_THAT(Found(*filter, text), IsEmpty()) << text;
  }
}

// houbb/sensitive-word #136 and #144: dropping repeated characters made words with doubled ones unfindable.
TEST(WordFilterRegressionTest, WordsWithDoubledCharactersAreFound) {
  const auto filter = Filter("嘻嘻哈哈\nasshole\n@@@@\n二二");
  for (const char* text : {"嘻嘻哈哈", "asshole", "@@@@", "二二", "嘻嘻嘻哈哈哈", "assshole", "二二二"}) {
    EXPECT_FALSE(Found(*filter, text).empty()) << text;
  }
}

// houbb/sensitive-word #138: a word inside another one was not reported.
TEST(WordFilterRegressionTest, WordsInsideWordsAreBothReported) {
  EXPECT_THAT(Found(*Filter("我的\n我的世界"), "我的世界"), ElementsAre("我的", "我的世界"));
  EXPECT_THAT(Found(*Filter("sex|=raw\nsexy"), "sexy"), ElementsAre("sex", "sexy"));
}

// houbb/sensitive-word #76 and #19: an allowed word helped only when it was equal to the denied one.
TEST(WordFilterRegressionTest, AnAllowedWordCoversTheDeniedOneInsideIt) {
  const auto filter = Filter("黄片", "三黄片");
  EXPECT_THAT(Found(*filter, "三黄片"), IsEmpty());
  EXPECT_THAT(Found(*filter, "三黄片和黄片"), ElementsAre("黄片"));
  EXPECT_THAT(Found(*filter, "三，黄片"), ElementsAre("黄片"));
}

// houbb/sensitive-word #105: with other characters inside a word its tags were lost.
TEST(WordFilterRegressionTest, ADisguisedWordKeepsItsLevelAndTags) {
  const auto filter = Filter("五星酒店|review|酒店, 价格");
  Scratch scratch;
  const Verdict verdict = filter->Check("五-星-酒-店", Direction::kInbound, scratch);
  ASSERT_EQ(verdict.hits.size(), 1u);
  EXPECT_EQ(verdict.level, Level::kReview);
  EXPECT_THAT(filter->Info(verdict.hits[0].word).tags, ElementsAre("酒店", "价格"));
}

// houbb/sensitive-word #119: ￥ was not among the characters that may lie inside.
TEST(WordFilterRegressionTest, AnySymbolMayLieInside) {
  for (const char* text : {"赌￥博", "赌¥博", "赌€博", "赌︻博", "赌⠀博", "赌♡博", "赌`博", "赌＿博"}) {
    EXPECT_FALSE(Found(*Filter("赌博"), text).empty()) << text;
  }
}

// houbb/sensitive-word #16: the text was folded but the word was not.
TEST(WordFilterRegressionTest, AWordOfOneLetterAndASymbolIsFoundAsWritten) {
  const auto filter = Filter("+V");
  EXPECT_THAT(Found(*filter, "有意＋v详聊"), ElementsAre("＋v"));
  EXPECT_THAT(Found(*filter, "V5 和 v"), IsEmpty());
}

// houbb/sensitive-word #77: 69 was found in 695.
TEST(WordFilterRegressionTest, ANumberIsNotFoundInALongerOne) {
  const auto filter = Filter("69");
  EXPECT_THAT(Found(*filter, "695 billion, 1969, a69, 6.9, 6,900"), IsEmpty());
  EXPECT_THAT(Found(*filter, "要69吗"), ElementsAre("69"));
}

// QuantumNous/new-api #5802: 大麻 in 大麻烦, SM in Smoking.
TEST(WordFilterRegressionTest, NewApiIssue5802) {
  const auto filter = Filter("大麻\nSM", "大麻烦");
  EXPECT_THAT(Found(*filter, "大麻烦 Smoking"), IsEmpty());
  EXPECT_THAT(Found(*filter, "大麻 S.M"), ElementsAre("大麻", "S.M"));
}

// zhayujie/bot-on-anything #202: an empty line in the list matched every message.
TEST(WordFilterRegressionTest, EmptyLinesMatchNothing) {
  EXPECT_THAT(Found(*Filter("\n\n   \n,\n，\r\n\xEF\xBB\xBF\n"), "随便说一句"), IsEmpty());
  EXPECT_THAT(Found(*Filter(""), "随便说一句"), IsEmpty());
  EXPECT_THAT(Found(*Filter("\n赌博\n\n"), "随便说一句"), IsEmpty());
}

// zhayujie/bot-on-anything #68: everything was refused, and nobody could find out by which word.
TEST(WordFilterRegressionTest, EveryHitNamesItsFileAndLine) {
  const auto filter = Filter("# 短词\n一起\n的话|review");
  const std::string text = "我们一起去的话";
  const auto all = filter->Explain(text, Direction::kInbound);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(filter->Describe(all[0], text), "“一起”对上 deny/a.txt:2 的“一起”：拦截");
  EXPECT_THAT(filter->Describe(all[1], text), HasSubstr("deny/a.txt:3"));
}

// hailin0/sensitive-word-filter #3: 路口交通 became 路**通.
TEST(WordFilterRegressionTest, AnAllowedPhraseIsNotMaskedInItsMiddle) {
  const auto filter = Filter("口交|mask", "路口交通");
  Scratch scratch;
  const std::string text = "前方路口交通拥堵";
  EXPECT_EQ(filter->Mask(text, filter->Check(text, Direction::kOutbound, scratch)), text);
}

// houbb/sensitive-word #108, sealdice #1532, zmexing/go-sensitive-word #9, houbb #19 again: allowed phrases around,
// before and behind denied words.
TEST(WordFilterRegressionTest, AnAllowedPhraseExcusesOnlyTheDeniedWordsInsideIt) {
  const auto filter = Filter("共产\n产党\n黄色", "共产党\n黄色的");
  EXPECT_THAT(Found(*filter, "共产党宣言，黄色的花"), IsEmpty());
  EXPECT_THAT(Found(*filter, "共產黨"), IsEmpty());
  EXPECT_THAT(Found(*filter, "共产，黄色书"), ElementsAre("共产", "黄色"));
  EXPECT_THAT(Found(*filter, "共产党与共产"), ElementsAre("共产"));
}

// houbb/sensitive-word #61: 女装, 装修 and 妹妹 were refused because public lists hold such words. Ours must not.
TEST(WordFilterRegressionTest, EverydayWordsAreNotInTheShippedList) {
  LoadReport report;
  const auto shipped = WordFilter::Load(YINGDA_SOURCE_DIR "/filters", report);
  ASSERT_TRUE(shipped) << shipped.error().message;
  for (const char* text :
       {"女装", "装修", "妹妹", "客服", "代理", "兼职", "招聘", "淘宝", "网络", "消息", "微信", "地震"}) {
    EXPECT_THAT(Found(**shipped, text), IsEmpty()) << text;
  }
}

// houbb/sensitive-word #61: 他妈妈 became **妈.
TEST(WordFilterRegressionTest, AMotherIsNoCurse) {
  EXPECT_THAT(Found(*Filter("他妈", "他妈妈"), "他妈妈来了，他妈"), ElementsAre("他妈"));
}

// houbb/sensitive-word #49: star was found in stars.
TEST(WordFilterRegressionTest, AnEnglishWordIsNotFoundInALongerOne) {
  EXPECT_THAT(Found(*Filter("star"), "stars, restart, star's, STAR."), ElementsAre("star", "STAR"));
}

// houbb/sensitive-word #48 asks that what lies between the characters be masked with them.
TEST(WordFilterRegressionTest, WhatLiesInsideIsMaskedToo) {
  const auto filter = Filter("赌博|mask|菠菜");
  Scratch scratch;
  const std::string text = "玩赌*-*博吗";
  const Verdict verdict = filter->Check(text, Direction::kOutbound, scratch);
  EXPECT_EQ(filter->Mask(text, verdict), "玩＊＊＊＊＊吗");
  EXPECT_THAT(filter->Info(verdict.hits.at(0).word).tags, ElementsAre("菠菜"));
}

// toolgood/ToolGood.Words #82: places were off by one behind \r\n.
TEST(WordFilterRegressionTest, PlacesAreRightBehindLineEnds) {
  const std::string text = "第一行\r\n第二行\r\n赌博\r\n";
  Scratch scratch;
  const Verdict verdict = Filter("赌博")->Check(text, Direction::kInbound, scratch);
  ASSERT_EQ(verdict.hits.size(), 1u);
  EXPECT_EQ(verdict.hits[0].begin, text.find("赌"));
  EXPECT_EQ(verdict.hits[0].end, text.find("赌") + std::string("赌博").size());
}

// houbb/sensitive-word #17, #21, #67, #40: detectors that nobody had asked for; #118: separators hid a number.
TEST(WordFilterRegressionTest, NumbersAndLinksPassUnlessADetectorIsWanted) {
  const std::string text = "订单 1380-0138-0001，见 https://example.com/a";
  EXPECT_THAT(Found(*Filter("赌博"), text), IsEmpty());
  Options options;
  options.detectors.push_back({DetectorKind::kDigits, {}, 11});
  EXPECT_THAT(Found(*Filter("赌博", "", options), text), ElementsAre("1380-0138-0001"));
}

TEST(WordFilterTest, BoundariesCanBeChosenPerWord) {
  EXPECT_THAT(Found(*Filter("sm|=raw"), "Smoking"), ElementsAre("Sm"));
  EXPECT_THAT(Found(*Filter("大麻|=word"), "大麻烦，大麻。不是大麻"), ElementsAre("大麻"));
  EXPECT_THAT(Found(*Filter("操|=short"), "体操"), ElementsAre("操"));
  EXPECT_THAT(Found(*Filter("操|=short|=word"), "体操，操！"), ElementsAre("操"));
  EXPECT_THAT(Found(*Filter("free money"), "get free money now"), ElementsAre("free money"));
  EXPECT_THAT(Found(*Filter("freemoney"), "get free money now"), IsEmpty());
}

TEST(WordFilterTest, AWildcardIsExactlyOneLetterOrDigit) {
  const auto filter = Filter("迷?药\n出??枪\nf?ck\n我?你妈|=word", "迷你药盒");
  for (const char* text : {"迷魂药", "迷1药", "迷 魂 药", "迷😀魂😀药", "谜魂药和迷幻藥", "迷迷药", "迷魂魂药和迷魂药"}) {
    EXPECT_EQ(Found(*filter, text).size(), 1u) << text;
  }
  for (const char* text :
       {"迷药", "迷魂魂药", "迷...药", "迷魂\n药", "迷魂", "药迷魂", "迷你药盒", "f ick", "fack1", "afuck"}) {
    EXPECT_THAT(Found(*filter, text), IsEmpty()) << text;
  }
  EXPECT_THAT(Found(*filter, "迷迷迷魂药"), ElementsAre("迷迷迷魂药", "迷魂药"));
  EXPECT_THAT(Found(*filter, "卖F-U-c-k"), ElementsAre("F-U-c-k"));
  EXPECT_THAT(Found(*filter, "出售冲枪，出枪，出卖枪"), ElementsAre("出售冲枪"));
  EXPECT_THAT(Found(*filter, "我草你妈，我草你妈的"), ElementsAre("我草你妈"));
}

TEST(WordFilterTest, PartsCountOnlyTogetherAndAnywhere) {
  const auto filter = Filter("加微信 && 刷?单\nab && +v && 领红包|mask", "不要加微信");
  EXPECT_THAT(Found(*filter, "刷个单，赚钱加-微信，加微信"), ElementsAre("刷个单", "加-微信", "加微信"));
  EXPECT_THAT(Found(*filter, "加微信聊聊"), IsEmpty());
  EXPECT_THAT(Found(*filter, "刷个单，不要加微信"), IsEmpty()) << "an allow word takes a part away";
  EXPECT_THAT(Found(*filter, "领红包 ＋V ab"), ElementsAre("领红包", "＋V", "ab"));
  EXPECT_THAT(Found(*filter, "领红包 ＋V abc"), IsEmpty());
  const std::string text = "加微信聊聊";
  const auto why = filter->Explain(text, Direction::kInbound);
  ASSERT_EQ(why.size(), 1u);
  EXPECT_EQ(why[0].fate, Fate::kPartMissing);
  EXPECT_EQ(filter->Describe(why[0], text),
            "“加微信”对上 deny/a.txt:1 的“加微信 && 刷?单”：不算，&& 连接的另一个词没有出现");
}

TEST(WordFilterTest, AReplacementStandsForTheWholeWord) {
  const auto filter = Filter("小黑屋 => 休息室\n黑屋子|mask\n空?词 =>\n甲乙 && 丙丁 => 某\n敏感\n敏感词 => 好词");
  Scratch scratch;
  const auto mask = [&](const std::string& text) {
    return filter->Mask(text, filter->Check(text, Direction::kOutbound, scratch));
  };
  EXPECT_EQ(mask("去小-黑屋吧"), "去休息室吧");
  EXPECT_EQ(mask("小黑屋子"), "＊＊＊＊") << "half a replacement beside stars would be nonsense";
  EXPECT_EQ(mask("说空空词了"), "说＊＊＊了") << "nothing in its place would join what stands around it";
  EXPECT_EQ(mask("丙丁和甲乙"), "某和某");
  EXPECT_EQ(mask("敏感词小黑屋"), "好词休息室");
  EXPECT_THAT(filter->Describe(filter->Explain("小黑屋", Direction::kInbound).at(0), "小黑屋"),
              HasSubstr("打码，换成“休息室”"));
}

std::string Masked(const WordFilter& filter, const std::string& text) {
  Scratch scratch;
  return filter.Mask(text, filter.Check(text, Direction::kOutbound, scratch));
}

TEST(WordFilterTest, WhatMaskingMakesOfAWordsSurroundingsIsNoWordEither) {
  const auto filter = Filter("#! level=mask\n间隔 => 和\n甲和乙\n脏话\n赌博|block\n操|=short|=word\n省掉 =>");
  EXPECT_EQ(Masked(*filter, "看甲间隔乙"), "看＊＊＊") << "made by a replacement";
  EXPECT_EQ(Masked(*filter, "赌脏话博"), "＊＊＊＊") << "two stars are no wider a gap than a word may have";
  EXPECT_EQ(Masked(*filter, "脏话操"), "＊＊＊") << "it stands alone now";
  EXPECT_EQ(Masked(*filter, "甲省掉和乙"), "＊＊＊＊＊");
  EXPECT_EQ(Masked(*filter, "甲间隔，好"), "甲和，好");
}

TEST(WordFilterTest, AReplacementThatHasItsWordInItIsPutOnce) {
  const auto filter =
      Filter("微信 => 企业微信\nVX => +VX群+\n迷?药 => 买迷魂药店\n好 && 坏 => 好人|=short", "企业微信群");
  for (const char* text : {"加微信吧", "加企业微信吧", "企业 微信", "微信微信", "企业微信群", "微信群", "微信企业"}) {
    const std::string once = Masked(*filter, text);
    EXPECT_EQ(Masked(*filter, once), once) << text;
  }
  EXPECT_EQ(Masked(*filter, "加微信和企业微信吧"), "加企业微信和企业微信吧");
  const auto blocking = Filter("赌博 => 禁止赌博|in:mask,out:block");
  Scratch scratch;
  EXPECT_EQ(blocking->Check("这里禁止赌博", Direction::kInbound, scratch).level, Level::kPass);
  EXPECT_EQ(blocking->Check("这里禁止赌博", Direction::kOutbound, scratch).level, Level::kBlock);
  EXPECT_EQ(Masked(*filter, "加VX吧"), "加+VX群+吧");
  EXPECT_EQ(Masked(*filter, "加+VX群+吧"), "加+VX群+吧");
  EXPECT_EQ(Masked(*filter, "卖迷魂药"), "卖买迷魂药店");
  EXPECT_EQ(Masked(*filter, "卖买迷魂药店"), "卖买迷魂药店");
  const std::string text = "企业微信";
  EXPECT_EQ(filter->Describe(filter->Explain(text, Direction::kOutbound).at(0), text),
            "“微信”对上 deny/a.txt:1 的“微信”：不算，它在允许的词之内：deny/a.txt:1 的“企业微信”");
  EXPECT_EQ(filter->WordCount(), 5u);
}

TEST(WordFilterTest, MaskingKeepsTheCellsOfATableAndItsLines) {
  const auto filter = Filter("赌博 => 那个\n+v\n+ v|mask");
  EXPECT_EQ(Masked(*filter, "| 赌 | 博 |"), "| ＊＊|＊＊ |");
  EXPECT_EQ(Masked(*filter, "赌\\|博"), "＊\\|＊");
  EXPECT_EQ(Masked(*filter, "赌博"), "那个");
}

TEST(WordFilterTest, NoWordGoesOnInTheNextLine) {
  const auto filter = Filter("赌博\n+ v\n+v\n@@ @@\nC++ 外包");
  for (const char* text : {"赌\n博", "赌\r\n博", "+\nv", "+ \nv", "+\n v", "@@\n@@", "C++\n外包", "赌\u2028博"}) {
    EXPECT_THAT(Found(*filter, text), IsEmpty()) << text;
  }
  for (const char* text : {"赌 博", "+ v", "+  v", "@@　@@", "C++ 外包\n"}) {
    EXPECT_EQ(Found(*filter, text).size(), 1u) << text;
  }
}

// Each occurrence of what thousands of words had in common was looked at for each of them: 261 ms for such a text.
TEST(WordFilterTest, ThousandsOfWordsThatShareAPartCostWhatAFewCost) {
  std::string parts;
  std::string wildcards;
  for (uint32_t k = 0; k < 5'000; ++k) {
    std::string other;
    base::AppendUtf8(other, 0x4E00 + k);
    base::AppendUtf8(other, 0x4E00 + k * 7 % 5'000);
    parts += "微信 && 外" + other + "\n";
    wildcards += "微信?" + other + "\n";
  }
  std::string text;
  while (text.size() < 2'000) text += "微信";
  Scratch scratch;
  for (const std::string& list : {parts, wildcards}) {
    const auto filter = Filter(list);
    EXPECT_THAT(filter->Check(text, Direction::kInbound, scratch).hits, IsEmpty());
    EXPECT_LT(scratch.hits.size(), 400u);
    EXPECT_LT(scratch.denied.capacity() + scratch.complete.capacity(), 2'000u);
  }
  // And if many of them are complete, the part that they share is not a hit for each of them everywhere.
  const auto filter = Filter(parts);
  text.clear();
  for (uint32_t k = 0; k < 100; ++k) {
    text += "微信外";
    base::AppendUtf8(text, 0x4E00 + k);
    base::AppendUtf8(text, 0x4E00 + k * 7 % 5'000);
  }
  const Verdict verdict = filter->Check(text, Direction::kInbound, scratch);
  std::set<uint32_t> words;
  for (const WordHit& hit : verdict.hits) words.insert(hit.word);
  EXPECT_EQ(words.size(), 100u) << "each is told";
  EXPECT_LE(verdict.hits.size(), 100u + 100u + 100u * kMostAtOnePlace);
  EXPECT_LE(filter->Explain("微信", Direction::kInbound).size(), kMostAtOnePlace);
}

// Each detection was compared with each allow word that the text has.
TEST(WordFilterTest, WhatOverlapsIsLookedAtOnce) {
  Options options;
  options.detectors.push_back({DetectorKind::kDigits, {}, 4});
  const auto filter = Filter("ab|=raw\nbcd|=raw\n哈哈|mask", "abcd\n不要", options);
  std::string text;
  while (text.size() < 60'000) text += "abcdabc 不要1234 哈";
  Scratch scratch;
  PartsSeen seen;
  const OpenVerdict open = filter->CheckFrom(text, 0, true, Direction::kOutbound, seen, scratch);
  EXPECT_GT(open.decided, text.size() - 64);
  EXPECT_EQ(open.verdict.level, Level::kBlock);
}

TEST(WordFilterTest, AWordHasALevelForEachDirection) {
  const auto filter = Filter("#! level=block inbound=review\n甲乙\n丙丁|in:block,out:pass");
  Scratch scratch;
  const auto level = [&](const char* text, Direction direction) {
    return filter->Check(text, direction, scratch).level;
  };
  EXPECT_EQ(level("甲乙", Direction::kInbound), Level::kReview);
  EXPECT_EQ(level("甲乙", Direction::kOutbound), Level::kBlock);
  EXPECT_EQ(level("丙丁", Direction::kInbound), Level::kBlock);
  EXPECT_EQ(level("丙丁", Direction::kOutbound), Level::kPass);
  EXPECT_EQ(filter->Info(0).levels, (Levels{Level::kReview, Level::kBlock}));
}

TEST(WordFilterTest, AnOpenWildcardIsUndecidedFromItsFirstCharacter) {
  const auto filter = Filter("迷??药|=raw\n1?2\n");
  Scratch scratch;
  const auto open = [&](const std::string& text) {
    PartsSeen seen;
    return text.substr(filter->CheckFrom(text, 0, true, Direction::kOutbound, seen, scratch).decided);
  };
  EXPECT_EQ(open("卖迷"), "迷");
  EXPECT_EQ(open("卖迷-魂 散"), "迷-魂 散");
  EXPECT_EQ(open("卖迷魂散药"), "迷魂散药") << "what comes next may touch it";
  EXPECT_EQ(open("卖迷魂散药。好"), "");
  EXPECT_EQ(open("卖迷魂散粉"), "");
  EXPECT_EQ(open("卖迷。。。。"), "") << "too wide a gap";
  EXPECT_EQ(open("卖迷魂\n"), "");
  EXPECT_EQ(open("迷迷"), "迷迷");
  EXPECT_EQ(open("51"), "1");
}

TEST(WordFilterTest, TheHighestLevelWins) {
  const auto filter = Filter("甲乙|review\n丙丁|mask\n戊己\n庚辛|pass");
  Scratch scratch;
  const auto level = [&](const char* text) { return filter->Check(text, Direction::kInbound, scratch).level; };
  EXPECT_EQ(level("甲乙"), Level::kReview);
  EXPECT_EQ(level("甲乙丙丁"), Level::kMask);
  EXPECT_EQ(level("丙丁戊己甲乙"), Level::kBlock);
  EXPECT_EQ(level("庚辛"), Level::kPass);
  EXPECT_EQ(level("无关"), Level::kPass);
}

TEST(WordFilterTest, DirectionsAreSetApart) {
  Options options;
  options.inbound.maximum = Level::kReview;
  const auto capped = Filter("赌博", "", options);
  Scratch scratch;
  EXPECT_EQ(capped->Check("赌博", Direction::kInbound, scratch).level, Level::kReview);
  EXPECT_EQ(capped->Check("赌博", Direction::kOutbound, scratch).level, Level::kBlock);
  options.outbound.enabled = false;
  const auto half = Filter("赌博", "", options);
  EXPECT_THAT(half->Check("赌博", Direction::kOutbound, scratch).hits, IsEmpty());
  EXPECT_EQ(half->Explain("赌博", Direction::kOutbound).at(0).fate, Fate::kSwitchedOff);
}

TEST(WordFilterTest, MaskingPutsOneFullWidthStarPerCharacterOfTheUnion) {
  const auto filter = Filter("赌博|mask\n博彩|mask\n傻逼|review\n1212|mask");
  Scratch scratch;
  const auto mask = [&](const std::string& text) {
    return filter->Mask(text, filter->Check(text, Direction::kOutbound, scratch));
  };
  EXPECT_EQ(mask("玩赌博彩票"), "玩＊＊＊票");
  EXPECT_EQ(mask("賭-😀博!"), "＊＊＊＊!");
  EXPECT_EQ(mask("你个傻逼，赌博"), "你个傻逼，＊＊");
  EXPECT_EQ(mask("1️⃣2️⃣1️⃣2️⃣。"), "＊＊＊＊＊＊＊＊＊＊＊＊。");
  EXPECT_EQ(mask("没有什么"), "没有什么");
  EXPECT_EQ(mask("赌\xFF博\xE4"), "＊＊＊\xE4");
}

TEST(WordFilterTest, ExplanationsSayWhyAWordDidNotCount) {
  const auto filter = Filter("# 一\n大麻\nsm\n赌博\n测试|pass", "大麻烦");
  const std::string text = "大麻烦 Smoking 赌....博 测试 大麻";
  const std::vector<Explanation> all = filter->Explain(text, Direction::kInbound);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[0].fate, Fate::kAllowed);
  EXPECT_EQ(filter->Info(all[0].allowed_by).text, "大麻烦");
  EXPECT_EQ(all[1].fate, Fate::kInsideWord);
  EXPECT_EQ(all[2].fate, Fate::kInterrupted);
  EXPECT_EQ(all[3].fate, Fate::kSwitchedOff);
  EXPECT_EQ(all[4].fate, Fate::kActs);
  EXPECT_THAT(filter->Describe(all[0], text), HasSubstr("allow/a.txt:1 的“大麻烦”"));
  EXPECT_EQ(filter->Describe(all[4], text), "“大麻”对上 deny/a.txt:2 的“大麻”：拦截");
}

/// Without repetitions.
std::u32string Collapsed(std::u32string codes) {
  codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
  return codes;
}

TEST(WordFilterTest, HitsBeginAndEndOnCodePointsWhateverTheBytes) {
  const auto filter = Filter("赌博\nab\n+v\n㎏克\n二二", "不赌博");
  std::mt19937 random(3);
  Scratch scratch;
  const std::string parts[] = {"赌", "博",   "a",        "B", "+", "v",      "㎏", "克",      "二",
                               "不", "\xFF", "\xE4\xB8", "-", " ", "\u200b", "😀",  "\xF0\x9F"};
  size_t hits = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    while (text.size() < 30) text += parts[random() % std::size(parts)];
    std::vector<bool> starts(text.size() + 1);
    for (size_t at = 0; at < text.size(); at += base::DecodeUtf8(text, at).length) starts[at] = true;
    starts[text.size()] = true;
    size_t before = 0;
    for (const WordHit& hit : filter->Check(text, Direction::kInbound, scratch).hits) {
      ASSERT_LT(hit.begin, hit.end);
      ASSERT_LE(hit.end, text.size());
      ASSERT_TRUE(starts[hit.begin] && starts[hit.end]);
      ASSERT_LE(before, hit.begin);
      // What is covered reads as the word, but for what was put in between and repeated.
      const std::string word = filter->Info(hit.word).text;
      const FoldMode mode = word == "+v" ? FoldMode::kLiteral : FoldMode::kLetters;
      const std::string covered = text.substr(hit.begin, hit.end - hit.begin);
      ASSERT_EQ(Collapsed(FoldedCodes(covered, mode)), Collapsed(FoldedCodes(word, mode))) << covered;
      before = hit.begin;
      ++hits;
    }
  }
  EXPECT_GT(hits, 1'000u);
}

TEST(WordFilterTest, ThreadsShareOneFilter) {
  const auto filter = Filter("赌博\n+v\nfuck", "不赌博");
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&filter] {
      Scratch scratch;
      for (int round = 0; round < 500; ++round) {
        EXPECT_EQ(filter->Check("我不赌博，赌博 +v fuck", Direction::kInbound, scratch).hits.size(), 3u);
      }
    });
  }
}

}  // namespace
}  // namespace yingda::filter
