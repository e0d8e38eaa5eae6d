// SPDX-License-Identifier: MIT
#include "text/markdown.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "text/random_markdown.h"

namespace yingda::text {
namespace {

std::string Repeated(std::string_view unit, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text.append(unit);
  return text;
}

struct MarkdownCase {
  std::string_view markdown;
  std::string_view want;
};

TEST(WeChatTextTest, MarkupBecomesLinesThatReadWell) {
  const MarkdownCase cases[] = {
      {"# 标题\n正文", "【标题】\n正文"},
      {"前文\n## 标题 ##\n\n正文", "前文\n\n【标题】\n正文"},
      {"## **一、标题**", "【一、标题】"},
      {"## 【一】", "【一】"},
      {"**粗** *斜* ~~删~~ ***都***", "粗 斜 删 都"},
      {"**注意：**请看**“这里”**吧", "注意：请看“这里”吧"},
      {"用**`code`**即可，**API（v2）**是", "用code即可，API（v2）是"},
      {"- 甲\n- 乙", "• 甲\n• 乙"},
      {"- 甲\n\n- 乙", "• 甲\n\n• 乙"},
      {"- 甲\n  - 乙\n    - 丙\n- 丁", "• 甲\n　　• 乙\n　　　　• 丙\n• 丁"},
      {"1. 甲\n   - 乙\n2. 丙", "1. 甲\n　　• 乙\n2. 丙"},
      {"3. 甲\n4. 乙", "3. 甲\n4. 乙"},
      {"2) 甲\n5) 乙", "2) 甲\n5) 乙"},
      {"第三条\n\n3. 甲\n\n7. 乙", "第三条\n\n3. 甲\n\n7. 乙"},
      {"- [ ] 待办\n- [x] 完成", "☐ 待办\n☑ 完成"},
      {"> 引用\n> 二\n>\n> 三", "｜引用\n｜二\n\n｜三"},
      {"> - 甲\n>   - 乙", "｜• 甲\n｜　　• 乙"},
      {"`a*b*c_d_e` 和 ``x`y``", "a*b*c_d_e 和 x`y"},
      {"```python\ndef f(**kwargs):\n    return 2**3  # 说明\n\n---\n```",
       "def f(**kwargs):\n    return 2**3  # 说明\n\n---"},
      {"- 看：\n  ```\n  x = 1\n    y\n  ```", "• 看：\nx = 1\n  y"},
      {"甲\n\n---\n\n乙", "甲\n———\n乙"},
      {"甲\n---\n乙", "甲\n———\n乙"},
      {"甲\n===\n乙", "甲\n===\n乙"},
      {"甲  \n乙\\\n丙<br>丁", "甲\n乙\n丙\n丁"},
      {"&lt;b&gt; &amp; &hellip;&#20320;&nbsp;&#x597D; &nosuch;", "<b> & …你 好 &nosuch;"},
      {"![一只猫](https://a.cn/c.png) 和 ![](x)", "[图片] 一只猫 和 [图片]"},
      {"[1]: https://a.cn\n见[1]。", "[1]: https://a.cn\n见[1]。"},
      {"<div>**粗**</div>", "<div>粗</div>"},
  };
  for (const MarkdownCase& test : cases) EXPECT_EQ(WeChatText(test.markdown), test.want) << test.markdown;
}

TEST(WeChatTextTest, WhatIsNoMarkupInChineseIsLeftAlone) {
  for (const std::string_view text : {"2*3*4=24，x**2",
                                      "snake_case 和 __init__",
                                      "3~5天，7~8周",
                                      "好的~",
                                      "5 * 3 < 20 & 1 > 0",
                                      "US$5和$10",
                                      "#话题#",
                                      "A_B_C",
                                      "C++、C#",
                                      "1986. 那一年",
                                      "（1）甲\n（2）乙",
                                      "甲 | 乙",
                                      "他说“好”。\n\n她说：“不。”",
                                      "100%",
                                      "[1] [注]",
                                      "\\o/",
                                      "　　缩进的段落。\n　　第二段。",
                                      "https://a.cn/~me/x_y_z?a=b",
                                      "①②③",
                                      "👩‍👩‍👧👍🏽🇨🇳1️⃣"}) {
    EXPECT_EQ(WeChatText(text), text);
  }
}

TEST(WeChatTextTest, TablesBecomeRowsOfText) {
  const MarkdownCase cases[] = {
      {"| 城市 | 温度 |\n|---|:-:|\n| 北京 | **20** |\n| 上海 | |", "城市：温度\n北京：20\n上海"},
      {"| 姓名 | 年龄 | 城市 |\n|---|---|---|\n| 张三 | 20 | 北京<br>海淀 |\n| 李四 | | `a\\|b` |",
       "【张三】\n年龄：20\n城市：北京 海淀\n【李四】\n城市：a|b"},
      {"如下：\n|甲|乙|\n|-|-|\n|1|2|\n\n完。", "如下：\n\n甲：乙\n1：2\n\n完。"},
      {"|甲|\n|-|\n|1|", "甲\n1"},
      {"> |甲|乙|\n> |-|-|\n> |1|2|", "｜甲：乙\n｜1：2"},
      {"|甲|乙|丙|\n|-|-|-|", "【甲】\n乙\n丙"},
      {"|甲|乙|丙|\n|-|-|\n|1|2|3|", "【1】\n乙：2\n丙：3"},
  };
  for (const MarkdownCase& test : cases) EXPECT_EQ(WeChatText(test.markdown), test.want) << test.markdown;
}

TEST(WeChatTextTest, LinksKeepTheirAddressIfItIsOfTheWeb) {
  const MarkdownCase cases[] = {
      {"[看](https://a.cn/?a=1&b=2)", "<a href=\"https://a.cn/?a=1&b=2\">看</a>"},
      {"[**看** `x`](HTTP://a.cn)", "<a href=\"http://a.cn\">看 x</a>"},
      {"[a.cn](https://a.cn/) <https://a.cn> [](https://a.cn)", "https://a.cn/ https://a.cn https://a.cn"},
      {"[看](<https://a.cn/a b\"c> \"标题\")", "<a href=\"https://a.cn/a%20b%22c\">看</a>"},
      {"[看<a](https://a.cn)", "<a href=\"https://a.cn\">看＜a</a>"},
      {"[看](/docs/x) [文](ftp://a.cn/x)", "看 (/docs/x) 文 (ftp://a.cn/x)"},
      {"[写信](mailto:a@b.cn) [顶](#top)", "写信 (a@b.cn) 顶"},
      {"[甲](javascript:alert(1)) [乙](weixin://x) [丙](data:text/html;base64,x) [丁](java&#115;cript:x)",
       "甲 乙 丙 丁"},
      {"[![图](https://a.cn/p.png)](https://a.cn)", "<a href=\"https://a.cn\">[图片] 图</a>"},
      {"[两\n行](https://a.cn)", "<a href=\"https://a.cn\">两 行</a>"},
      {"[无](http://)", "无 (http://)"},
  };
  for (const MarkdownCase& test : cases) EXPECT_EQ(WeChatText(test.markdown), test.want) << test.markdown;
  const std::string long_address = "https://a.cn/" + std::string(2000, 'x');
  EXPECT_EQ(WeChatText("[看](" + long_address + ")"), "看 (" + long_address + ")");
}

TEST(WeChatTextTest, NoLinkThatTheModelTypedReachesAFollower) {
  for (const std::string_view markdown :
       {"<a href=\"weixin://bizmsgmenu?msgmenucontent=x\">点</a>", "<A HREF=x>", "<**a** href=x>y</**a**>",
        "&lt;a href=x&gt;", "&#60;a href=x>", "`<a href=x>`", "```\n<a href=x>\n```", "<\u200Ba href=x>", "< a href=x>",
        "</a>", "<a\nhref=x>", "\\<a href=x>", "<~~a~~ href>", "[<a href=x>](/y)", "|<a href=x>|\n|-|", "$<a href=x>$",
        "# <a href=x>", "<$a$ href=x>"}) {
    const std::string text = WeChatText(markdown);
    EXPECT_EQ(text.find("<a"), std::string::npos) << text;
    EXPECT_EQ(text.find("<A"), std::string::npos) << text;
    EXPECT_EQ(text.find("</a"), std::string::npos) << text;
    EXPECT_EQ(text.find("< a"), std::string::npos) << text;
  }
}

TEST(WeChatTextTest, FormulasBecomeLinesOfSigns) {
  const MarkdownCase cases[] = {
      {"$x^2$ 与 \\(a \\times b\\)", "x² 与 a × b"},
      {"$$\n\\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}\n$$", "(-b ± √(b²-4ac))/(2a)"},
      {"\\[ x \\leq y \\neq z \\]", "x ≤ y ≠ z"},
      {"$a_{n+1}=\\alpha^{10}$", "aₙ₊₁=α¹⁰"},
      {"$x_i^{k}$", "x_i^k"},
      {"$\\text{速度} = \\frac{s}{t}$", "速度 = s/t"},
      {"$90^\\circ \\to \\infty$", "90° → ∞"},
      {"$\\unknown{x}$", "\\unknownx"},
      {"$a*b*c$", "a*b*c"},
      {"`$x^2$` 与 ```$y```", "$x^2$ 与 $y"},
      {"共$5，或$6。", "共$5，或$6。"},
  };
  for (const MarkdownCase& test : cases) EXPECT_EQ(WeChatText(test.markdown), test.want) << test.markdown;
}

TEST(WeChatTextTest, InvisibleAndSuperfluousCharactersAreDropped) {
  EXPECT_EQ(WeChatText("甲\r\n乙\r丙\x01\x02\x7F"), "甲\n乙\n丙");
  EXPECT_EQ(WeChatText("甲\u200B\u202E\uFEFF\u2066乙\uFDD0\uFDD5\uFDDF"), "甲乙");
  EXPECT_EQ(WeChatText("甲  \n\n\n\n\n乙   \n"), "甲\n\n乙");
  EXPECT_EQ(WeChatText("&#0;&#x200b;&#xFDD5;&#xFDD0;&#8238;"), "\uFFFD");
  EXPECT_EQ(WeChatText(std::string_view("a\0b", 3)), "ab");
  EXPECT_EQ(WeChatText("\xFF字\xE4\xBD"), "\uFFFD字\uFFFD\uFFFD");
}

TEST(WeChatTextTest, PlainTextComesOutAsItWentIn) {
  RandomMarkdown random(99);
  for (int i = 0; i < 2000; ++i) {
    const std::string text = random.PlainText();
    ASSERT_EQ(WeChatText(text), text);
  }
}

TEST(WeChatTextTest, WhateverComesInValidTextComesOut) {
  RandomMarkdown random(3);
  for (int i = 0; i < 3000; ++i) {
    const std::string text = WeChatText(random.Noise(1 + random.Below(60)));
    ASSERT_TRUE(base::IsValidUtf8(text));
    ASSERT_EQ(text.find("\n\n\n"), std::string::npos);
    ASSERT_EQ(text.find(" \n"), std::string::npos) << text;
    // Every < of a link is one of ours.
    for (size_t at = text.find("<a"); at != std::string::npos; at = text.find("<a", at + 1)) {
      if (text.size() > at + 2 && std::isalnum(static_cast<unsigned char>(text[at + 2])) != 0) continue;
      ASSERT_TRUE(text.substr(at).starts_with("<a href=\"http")) << text;
    }
  }
}

std::vector<std::string> HostileTexts(size_t bytes) {
  std::vector<std::string> texts;
  for (const std::string_view unit : {"[",
                                      "]",
                                      "*",
                                      "**a",
                                      "_",
                                      "~~",
                                      "~",
                                      "`",
                                      "`a``b",
                                      "> ",
                                      "- ",
                                      "1. ",
                                      "<",
                                      "<br",
                                      "<br>",
                                      "![",
                                      "[a](",
                                      "[]()",
                                      "![[]()",
                                      "$",
                                      "$$",
                                      "$a",
                                      "\\(",
                                      "\\[",
                                      "\\",
                                      "|",
                                      "|\n",
                                      "|a|\n|-|\n",
                                      "x|y\n",
                                      "&",
                                      "&amp;",
                                      "a@",
                                      "http://a.b/(",
                                      "*a_ ",
                                      "*a **a ",
                                      "[a]: u\n",
                                      "# a\n",
                                      "x\n-\n",
                                      "- a\n\n",
                                      "\t",
                                      "<a ",
                                      "：**字",
                                      "__a",
                                      "```\n",
                                      "\n",
                                      "\uFDD0",
                                      "http://!",
                                      "https://!",
                                      "http://",
                                      "https://",
                                      "http://http://",
                                      "http:///",
                                      "http://字",
                                      "http://a&",
                                      "http://a ",
                                      "http://a\\\\",
                                      "$a$ ",
                                      "\"",
                                      "*a* ",
                                      "#\n",
                                      "-\n",
                                      "`a` ",
                                      "a\n",
                                      "\xFF",
                                      "$\\alpha$ ",
                                      "![](a)",
                                      "[a](/')",
                                      "[a](http://a)"}) {
    texts.push_back(Repeated(unit, bytes));
  }
  const auto table = [](std::string_view head, std::string_view rule, std::string_view rows) {
    return std::string(head).append("\n").append(rule).append("\n").append(rows);
  };
  texts.push_back(
      table("|" + Repeated("a|", bytes / 4), "|" + Repeated("---|", bytes / 4), Repeated("|\n", bytes / 2)));
  texts.push_back(table("|" + Repeated("a|", 60), "|" + Repeated("-|", 60), Repeated("|\n", bytes)));
  texts.push_back(table("|" + Repeated("a|", 60), "|" + Repeated(":-:|", 120), Repeated("|\n", bytes)));
  texts.push_back(table("|" + Repeated("a|", 40), "|" + Repeated(":-:|", 80), Repeated("|\n", bytes)));
  for (const size_t name : {size_t{20}, size_t{60}, bytes / 2}) {
    for (const std::string_view letter : {"n", "字", "<a "}) {
      const std::string long_name = Repeated(letter, name);
      texts.push_back(table("a|" + long_name + "|c", "-|-|-", Repeated("|b\n", bytes / 2)));
      texts.push_back(table("a|" + long_name + "|" + long_name, "-|-|-", Repeated("a|b|c\n", bytes / 2)));
      texts.push_back(
          table("> > > > > > a|" + long_name + "|c", "> > > > > > -|-|-", Repeated(">>>>>>|b\n", bytes / 2)));
    }
  }
  texts.push_back(Repeated("> ", bytes / 2) + "\n" + Repeated("a\n", bytes / 2));
  texts.push_back("> > > > > > a\n" + Repeated("a\n", bytes));
  texts.push_back("- - - - - - a\n" + Repeated("a\n", bytes));
  texts.push_back("- - - - - - ```\n" + Repeated("\n", bytes) + "            a\n");
  texts.push_back(Repeated("- ", 20'000) + "a\n" + Repeated("\n", bytes / 2));
  texts.push_back(Repeated("- ", 2000) + "a\n" + Repeated("\n", bytes / 2));
  texts.push_back("x [a]: " + std::string(bytes / 2, 'x') + "\n\n" + Repeated("[a] ", bytes / 2));
  texts.push_back("[a]: http://" + std::string(bytes / 8, '\'') + "\n\n" + Repeated("[a] ", bytes / 2));
  texts.push_back("[a]: http://a\n\n" + Repeated("[a] ", bytes / 2));
  texts.push_back("```\n> [a]: " + std::string(bytes / 2, 'x') + "\n\n" + Repeated("[a] ", bytes / 2));
  texts.push_back(Repeated("[", bytes / 2) + "a" + Repeated("]", bytes / 2));
  return texts;
}

// Measured far below; the bound is for a machine under load, a debug build and sanitizers.
TEST(WeChatTextTest, HostileTextsTakeLinearTime) {
  for (const std::string& text : HostileTexts(64 << 10)) {
    const auto start = std::chrono::steady_clock::now();
    WeChatText(text);
    HtmlBlocks(text);
    StableMarkdown(text);
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_LT(took, std::chrono::seconds(5)) << text.substr(0, 40);
  }
}

// A bound on seconds would have to be so wide for slow machines that 64 KiB of quadratic work fits into it: four times
// the text may take eight times as long, not sixteen.
TEST(WeChatTextTest, AddressesWithoutAHostTakeLinearTime) {
  const auto fastest = [](const std::string& text) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 3; ++i) {
      const auto start = std::chrono::steady_clock::now();
      HtmlBlocks(text);
      best = std::min(best, std::chrono::steady_clock::now() - start);
    }
    return best;
  };
  for (const std::string_view unit : {"http://!", "https://!", "http://http://"}) {
    const auto small = fastest(Repeated(unit, 64 << 10));
    const auto large = fastest(Repeated(unit, 256 << 10));
    EXPECT_LT(large, 8 * small + std::chrono::milliseconds(50)) << unit;
  }
}

// The first input whose output is larger than promised, empty if there is none.
std::string Oversized(const std::string& markdown) {
  const size_t text = WeChatText(markdown).size();
  size_t html = 0;
  for (const std::string& block : HtmlBlocks(markdown)) html += block.size();
  if (text <= 8 * markdown.size() + 4096 && html <= 16 * markdown.size() + 4096) return "";
  return std::to_string(markdown.size()) + " bytes became " + std::to_string(text) + " of text, " +
         std::to_string(html) + " of HTML: " + markdown.substr(0, 60);
}

TEST(WeChatTextTest, NoTextGrowsBeyondASmallMultiple) {
  for (const size_t bytes : {1 << 10, 16 << 10, 64 << 10}) {
    for (const std::string& text : HostileTexts(bytes)) EXPECT_EQ(Oversized(text), "");
  }
  RandomMarkdown random(8);
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(Oversized(random.Document()), "");
    EXPECT_EQ(Oversized(random.Noise(1 + random.Below(60))), "");
  }
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(
        Oversized(random.Noise(1 + random.Below(12)) + "\n" + Repeated(random.Noise(1 + random.Below(4)), 8 << 10)),
        "");
  }
}

TEST(WeChatTextTest, ALongColumnNameIsCutWhereItIsRepeated) {
  const std::string name = Repeated("字", 90);
  const std::string shown = Repeated("字", 57) + "…";
  EXPECT_EQ(WeChatText("|甲|" + name + "|\n|-|-|\n|1|2|"), "甲：" + name + "\n1：2");
  EXPECT_EQ(WeChatText("|甲|" + name + "|丙|\n|-|-|-|"), "【甲】\n" + name + "\n丙");
  EXPECT_EQ(WeChatText("|甲|" + name + "|丙|\n|-|-|-|\n|1|2|3|"), "【1】\n" + shown + "：2\n丙：3");
  EXPECT_EQ(WeChatText("|甲|x" + name + "|丙|\n|-|-|-|\n|1|2|3|"), "【1】\nx" + Repeated("字", 54) + "…：2\n丙：3");
  EXPECT_EQ(WeChatText("|甲|[看](https://a.cn/" + std::string(80, 'x') + ")|丙|\n|-|-|-|\n|1|2|3|"),
            "【1】\n看：2\n丙：3");
}

TEST(WeChatTextTest, RowsGoOnWithoutTheirColumnNamesOnceThoseAreMostOfTheText) {
  const std::string table = "头一句。\n\na|" + std::string(50, 'n') + "|c\n-|-|-\n" + Repeated("x|y|z\n", 6000);
  const std::string text = WeChatText(table);
  EXPECT_TRUE(text.starts_with("头一句。\n\n【x】\n" + std::string(50, 'n') + "：y\nc：z\n【x】"))
      << text.substr(0, 99);
  EXPECT_NE(text.find("【x】\ny\nc：z"), std::string::npos);
}

TEST(WeChatTextTest, WhatNobodyHonestWritesIsTakenAsPlainText) {
  // 30 columns of rows of two bytes.
  const std::string bomb = "|" + Repeated("a|", 60) + "\n|" + Repeated("-|", 60) + "\n" + Repeated("|x\n", 60'000);
  EXPECT_EQ(WeChatText(bomb) + "\n", bomb);
  const std::vector<std::string> blocks = HtmlBlocks(bomb);
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(blocks[0], "<pre>" + bomb + "</pre>\n");
  EXPECT_EQ(StableMarkdown(bomb), 0u);
  const std::string large = "**大** " + Repeated("字", (1 << 20) + 1);
  EXPECT_EQ(WeChatText(large), large);
}

TEST(ReadsBetterOnAPageTest, WithTablesCodeAndFormulas) {
  EXPECT_TRUE(ReadsBetterOnAPage("|a|b|\n|-|-|\n|1|2|"));
  EXPECT_TRUE(ReadsBetterOnAPage("看：\n```\nx\n```"));
  EXPECT_TRUE(ReadsBetterOnAPage("由 $x^2$ 得"));
  EXPECT_TRUE(ReadsBetterOnAPage("- 甲\n  ```\n  x\n  ```"));
  EXPECT_FALSE(ReadsBetterOnAPage(""));
  EXPECT_FALSE(ReadsBetterOnAPage("# 标题\n- **甲** `x`\n> [链](https://a.cn)"));
  EXPECT_FALSE(ReadsBetterOnAPage("价 $5，`$x$`，甲 | 乙"));
}

}  // namespace
}  // namespace yingda::text
