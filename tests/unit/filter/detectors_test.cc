// SPDX-License-Identifier: MIT
#include "filter/detectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::shared_ptr<const WordFilter> With(DetectorKind kind, uint32_t least = 8, std::string_view allow = "") {
  Options options;
  options.detectors.push_back({kind, {Level::kMask, Level::kBlock}, least});
  return WordFilter::FromLists({ParseWordList(allow, "allow/a.txt", true)}, options);
}

std::vector<std::string> Found(const WordFilter& filter, const std::string& text) {
  Scratch scratch;
  std::vector<std::string> found;
  for (const WordHit& hit : filter.Check(text, Direction::kInbound, scratch).hits) {
    found.push_back(text.substr(hit.begin, hit.end - hit.begin));
  }
  return found;
}

struct Case {
  const char* text;
  const char* found;  // nullptr: nothing
};

void Expect(const WordFilter& filter, std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    const std::vector<std::string> found = Found(filter, c.text);
    if (c.found == nullptr) {
      EXPECT_THAT(found, IsEmpty()) << c.text;
    } else {
      EXPECT_THAT(found, ElementsAre(c.found)) << c.text;
    }
  }
}

TEST(DetectorsTest, MobileNumbersAreFoundHoweverTheyAreWritten) {
  Expect(*With(DetectorKind::kPhone), {{"电话13800138000。", "13800138000"},
                                       {"电话138-0013-8000", "138-0013-8000"},
                                       {"138 0013 8000打我", "138 0013 8000"},
                                       {"１３８００１３８０００", "１３８００１３８０００"},
                                       {"①③⑧⓪⓪①③⑧⓪⓪⓪", "①③⑧⓪⓪①③⑧⓪⓪⓪"},
                                       {"1-3-8-0-0-1-3-8-0-0-0", "1-3-8-0-0-1-3-8-0-0-0"},
                                       {"1 3 8 0\u200b 0 1 3 8 0 0 0", "1 3 8 0\u200b 0 1 3 8 0 0 0"},
                                       {"+86 13800138000", "86 13800138000"},
                                       {"8613800138000", "8613800138000"},
                                       {"(138)00138000", "138)00138000"},
                                       {"在 2024 13800138000", "13800138000"},
                                       {"12345678901", nullptr},
                                       {"138001380001", nullptr},
                                       {"1.3800138000", nullptr},
                                       {"1380013\n8000", nullptr},
                                       {"13800138", nullptr},
                                       {"一三八零零一三八零零零", nullptr}});
}

TEST(DetectorsTest, LongNumbersAreFoundAndDatesAreNot) {
  Expect(*With(DetectorKind::kDigits), {{"卡号6222 0000 1234 5678", "6222 0000 1234 5678"},
                                        {"QQ：12345678，加", "12345678"},
                                        {"QQ 1.2.3.4.5.6.7.8", "1.2.3.4.5.6.7.8"},
                                        {"⑿345678", "⑿345678"},
                                        {"1234567", nullptr},
                                        {"2024-01-31 10:30", nullptr},
                                        {"从 2024.1.31 到 2024.12.31", nullptr},
                                        {"2024-13-31", "2024-13-31"},
                                        {"12,345,678 元", nullptr},
                                        {"1234  5678", "1234  5678"},  // blanks in a row are one
                                        {"1234\n5678", nullptr}});
  Expect(*With(DetectorKind::kDigits, 5), {{"群号 12345", "12345"}, {"1234", nullptr}});
}

TEST(DetectorsTest, LinksAreFoundWithTheirPaths) {
  Expect(*With(DetectorKind::kUrl), {{"看http://a.example/b?c=1#d，然后", "http://a.example/b?c=1#d"},
                                     {"看 https://192.168.0.1:8080/x。", "https://192.168.0.1:8080/x"},
                                     {"www.example.com", "www.example.com"},
                                     {"上 Example.COM/a/b. 吧", "Example.COM/a/b"},
                                     {"ｗｗｗ．ｂａｉｄｕ．ｃｏｍ", "ｗｗｗ．ｂａｉｄｕ．ｃｏｍ"},
                                     {"baidu。com 里", "baidu。com"},
                                     {"(https://e.cn/a)", "https://e.cn/a"},
                                     {"http://localhost", "http://localhost"},
                                     {"文件 a.txt 和 node.js 3.14", nullptr},
                                     {"发到 me@example.com", nullptr},
                                     {"好。com 没有", nullptr},
                                     {"等等...", nullptr},
                                     {"http:// 空", nullptr}});
}

TEST(DetectorsTest, WhatFollowersSendAsLinksIsFound) {
  Expect(*With(DetectorKind::kUrl), {{"http://a.b", "http://a.b"},
                                     {"www.xx.de", "www.xx.de"},
                                     {"看www.Example.Shop吧", "www.Example.Shop"},
                                     {"xx.com/xx", "xx.com/xx"},
                                     {"短链 t.cn/A6xYz", "t.cn/A6xYz"},
                                     {"t.me/abc", "t.me/abc"},
                                     {"T.ME/abc", "T.ME/abc"},
                                     {"www。baidu。com", "www。baidu。com"},
                                     {"ｂａｉｄｕ．ＣＯＭ", "ｂａｉｄｕ．ＣＯＭ"},
                                     {"abc．vip/1", "abc．vip/1"},
                                     {"58.com 和", "58.com"},
                                     {"上163.com", "163.com"},
                                     {"Baidu.Com", "Baidu.Com"},
                                     {"BAIDU.COM", "BAIDU.COM"},
                                     {"bet365.vip", "bet365.vip"},
                                     {"BET365.VIP", "BET365.VIP"},
                                     {"888.vip", "888.vip"},
                                     {"my-shop.top", "my-shop.top"},
                                     {"BET.TV", "BET.TV"},
                                     {"a.b.app", "a.b.app"},
                                     {"openai.dev", "openai.dev"},
                                     {"https://asp.net", "https://asp.net"},
                                     {"www.asp.net", "www.asp.net"},
                                     {"asp.net/learn", "asp.net/learn"},
                                     {"到baidu.com.So easy", "baidu.com"},
                                     {"到baidu.com。App很好", "baidu.com"},
                                     {"t.cn/xx。VIP", "t.cn/xx"}});
}

TEST(DetectorsTest, WhatOnlyHasADotInItIsNoLink) {
  Expect(*With(DetectorKind::kUrl), {{"1.VIP会员", nullptr},
                                     {"2.vip专享", nullptr},
                                     {"12.App下载", nullptr},
                                     {"1.VIP/SVIP", nullptr},
                                     {"3.CN域名", nullptr},
                                     {"下载App。VIP免费", nullptr},
                                     {"用iPhone。Pro很贵", nullptr},
                                     {"ASP.NET Core", nullptr},
                                     {"asp.net开发", nullptr},
                                     {"ASP。NET", nullptr},
                                     {"Node.js、Vue.js", nullptr},
                                     {"Socket.IO", nullptr},
                                     {"java.io.File", nullptr},
                                     {"2.5kg", nullptr},
                                     {"v1.2.3", nullptr},
                                     {"3.14", nullptr},
                                     {"报告.pdf和main.py", nullptr},
                                     {"README.md", nullptr},
                                     {"read.me", nullptr},
                                     {"a.tar.gz", nullptr},
                                     {"I like it.Me too", nullptr},
                                     {"It works.Live and learn", nullptr},
                                     {"U.S. and e.g. this", nullptr},
                                     {"10.30.AM", nullptr},
                                     {"你好。me", nullptr},
                                     {"等.com", nullptr}});
}

TEST(DetectorsTest, AnAllowedNameExcusesItsLinks) {
  const auto filter = With(DetectorKind::kUrl, 8, "example.com\nours.com.cn");
  Expect(*filter, {{"https://www.example.com/path", nullptr},
                   {"ours.com.cn/x", nullptr},
                   {"https://notexample.com/", "https://notexample.com/"},
                   {"https://example.com.evil.net/", "https://example.com.evil.net/"},
                   {"https://evil.net/example.com", "https://evil.net/example.com"}});
}

TEST(DetectorsTest, MailAddressesAreFound) {
  Expect(*With(DetectorKind::kEmail), {{"写给a.b+c@mail.example.com。", "a.b+c@mail.example.com"},
                                       {"Ａ＠ｂ．ｃｎ", "Ａ＠ｂ．ｃｎ"},
                                       {"@某人 你好", nullptr},
                                       {"a@b", nullptr},
                                       {"a@b.1", nullptr},
                                       {"@example.com", nullptr}});
}

TEST(DetectorsTest, WechatIdsAreFoundByWhatStandsBeforeThem) {
  Expect(*With(DetectorKind::kWechatId), {{"加微信：abcdef吧", "abcdef"},
                                          {"微信号abc_12345", "abc_12345"},
                                          {"+V xiaomei88", "xiaomei88"},
                                          {"vx:zhang-san", "zhang-san"},
                                          {"加vx123456a", "123456a"},
                                          {"ＶＸ：ａｂｃ１２３", "ａｂｃ１２３"},
                                          {"wxid_abcdefgh", "wxid_abcdefgh"},
                                          {"薇信 13800138000", "13800138000"},
                                          {"微信 miniprogram 很好", nullptr},
                                          {"微信公众号 abc123456", nullptr},
                                          {"微信：abc", nullptr},
                                          {"tv: abc12345", nullptr}});
}

TEST(DetectorsTest, WhatADetectorFoundIsToldAndMasked) {
  const auto filter = With(DetectorKind::kPhone, 8, "13900139000");
  Scratch scratch;
  const std::string text = "打 138 0013 8000";
  const Verdict verdict = filter->Check(text, Direction::kInbound, scratch);
  EXPECT_EQ(verdict.level, Level::kMask);
  EXPECT_EQ(filter->Check(text, Direction::kOutbound, scratch).level, Level::kBlock);
  EXPECT_EQ(filter->Mask(text, verdict), "打 ＊＊＊＊＊＊＊＊＊＊＊＊＊");
  const auto all = filter->Explain(text, Direction::kInbound);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(filter->Describe(all[0], text), "“138 0013 8000”：检测到手机号，打码");
  EXPECT_EQ(filter->Info(verdict.hits[0].word).Place(), "detectors/phone");
  EXPECT_THAT(Found(*filter, "客服 13900139000"), IsEmpty()) << "allowed";
}

TEST(DetectorsTest, WhatMoreTextCouldStillLengthenIsOpen) {
  const auto open = [](const std::string& text) {
    FoldedText folded;
    folded.Fold(text, FoldMode::kLiteral);
    const size_t at = OpenDetection(folded, folded.size());
    return at == folded.size() ? std::string() : text.substr(folded.Begin(at));
  };
  EXPECT_EQ(open("看 http://a.b/c"), "http://a.b/c");
  EXPECT_EQ(open("电话 138 0013"), "138 0013");
  EXPECT_EQ(open("电话 138 0013 "), "138 0013 ");
  EXPECT_EQ(open("hello wor"), "wor");
  EXPECT_EQ(open("没有了"), "");
  EXPECT_EQ(open("没有了。"), "") << "a sentence's end is not held back";
  EXPECT_EQ(open("hello "), "");
  EXPECT_EQ(open("上 baidu。"), "baidu。");
  EXPECT_EQ(open("电话 138 0013\n"), "");
  EXPECT_EQ(open("他说——"), "");
}

}  // namespace
}  // namespace yingda::filter
