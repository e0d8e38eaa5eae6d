// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "text/html_check.h"
#include "text/markdown.h"
#include "text/random_markdown.h"

namespace yingda::text {
namespace {

std::string Html(std::string_view markdown) {
  std::string html;
  for (const std::string& block : HtmlBlocks(markdown)) html.append(block);
  return html;
}

std::string Link(std::string_view address, std::string_view text) {
  return std::string("<a href=\"")
      .append(address)
      .append("\" rel=\"noopener nofollow noreferrer\">")
      .append(text)
      .append("</a>");
}

struct Case {
  std::string_view markdown;
  std::string want;
};

TEST(HtmlBlocksTest, EachBlockIsOneString) {
  const std::vector<std::string> want = {"<h2>题</h2>\n",
                                         "<p>一<br>\n二</p>\n",
                                         "<ul>\n<li>甲</li>\n<li>乙</li>\n</ul>\n",
                                         "<blockquote>\n<p>引</p>\n</blockquote>\n",
                                         "<pre><code>&lt;b&gt; x\n</code></pre>\n",
                                         "<hr>\n"};
  EXPECT_EQ(HtmlBlocks("# 题\n\n一\n二\n\n- 甲\n- 乙\n\n> 引\n\n```html\n<b> x\n```\n\n---\n"), want);
  EXPECT_TRUE(HtmlBlocks("").empty());
}

TEST(HtmlBlocksTest, RendersWhatModelsWrite) {
  const Case cases[] = {
      {"**粗** *斜* ~~删~~ `码`", "<p><strong>粗</strong> <em>斜</em> <del>删</del> <code>码</code></p>\n"},
      {"###### 题", "<h6>题</h6>\n"},
      {"3. 甲", "<ol start=\"3\">\n<li>甲</li>\n</ol>\n"},
      {"- [x] 完", "<ul>\n<li class=\"task\">☑ 完</li>\n</ul>\n"},
      {"|甲|乙|\n|:-:|--:|\n|1|2|",
       "<table>\n<thead>\n<tr>\n<th class=\"center\">甲</th>\n<th class=\"right\">乙</th>\n</tr>\n</thead>\n"
       "<tbody>\n<tr>\n<td class=\"center\">1</td>\n<td class=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n"},
      {"[文](https://a.cn/?a=1&b=2)", "<p>" + Link("https://a.cn/?a=1&amp;b=2", "文") + "</p>\n"},
      {"见 https://a.cn/x_y。完", "<p>见 " + Link("https://a.cn/x_y", "https://a.cn/x_y") + "。完</p>\n"},
      {"`https://a.cn`", "<p><code>https://a.cn</code></p>\n"},
      {"![图](https://a.cn/p.png)", "<p>" + Link("https://a.cn/p.png", "[图片] 图") + "</p>\n"},
      {"[信](mailto:a@b.cn)", "<p>" + Link("mailto:a@b.cn", "信") + "</p>\n"},
      {"$x^2$", "<p><span class=\"formula\">x²</span></p>\n"},
      {"<b>\"粗\"</b> &lt; &amp;", "<p>&lt;b&gt;&quot;粗&quot;&lt;/b&gt; &lt; &amp;</p>\n"},
      {"[图中](https://a.cn \"on\\\" onclick=\")", "<p>" + Link("https://a.cn", "图中") + "</p>\n"},
      {"[![图](https://a.cn/p)](https://b.cn)", "<p>" + Link("https://b.cn", "[图片] 图") + "</p>\n"},
  };
  for (const Case& test : cases) EXPECT_EQ(Html(test.markdown), test.want) << test.markdown;
}

TEST(HtmlBlocksTest, NoVectorGetsThrough) {
  const std::string_view payloads[] = {"<script>alert(1)</script>",
                                       "<img src=x onerror=alert(1)>",
                                       "<svg/onload=alert(1)>",
                                       "\"><script>x</script>",
                                       "javascript:alert(1)",
                                       "JaVaScRiPt:alert(1)",
                                       "java\tscript:alert(1)",
                                       "java&#9;script:alert(1)",
                                       "&#106;avascript:alert(1)",
                                       "javascript&colon;alert(1)",
                                       "&#x01;javascript:alert(1)",
                                       "\u200Bjavascript:x",
                                       "ｊavascript:x",
                                       "vbscript:x",
                                       "data:text/html;base64,PHNjcmlwdD4=",
                                       "https://a.cn/\" onclick=\"alert(1)",
                                       "https://a.cn/'onclick='x",
                                       "https://a.cn/`x`<script>",
                                       "//evil.cn",
                                       "http:/\\evil.cn",
                                       "https:javascript:x",
                                       "http://&quot;onmouseover=x",
                                       "blob:x",
                                       "file:///etc/passwd",
                                       "<a href=\"javascript:x\">",
                                       "--><script>",
                                       "]]><script>",
                                       "</code></pre><script>",
                                       "\xFF<script>",
                                       "\uFDD5script",
                                       "{{constructor}}",
                                       "<!--",
                                       "<?php",
                                       "&lt;script&gt;"};
  const std::string_view frames[] = {"{}",
                                     "[x]({})",
                                     "[x](<{}>)",
                                     "![x]({})",
                                     "[x](https://a.cn \"{}\")",
                                     "[{}](https://a.cn)",
                                     "<{}>",
                                     "`{}`",
                                     "```{}\n{}\n```",
                                     "# {}",
                                     "> {}",
                                     "- {}",
                                     "- [ ] {}",
                                     "|{}|{}|\n|-|-|\n|{}|{}|",
                                     "    {}",
                                     "**{}**",
                                     "$${}$$",
                                     "\\({}\\)",
                                     "[x]: {}\n\n[x]",
                                     "<a href={}>",
                                     "~~~ {}\n{}",
                                     "https://a.cn/{}",
                                     "[![{}]({})]({})",
                                     "&{};",
                                     "\\{}"};
  for (const std::string_view payload : payloads) {
    for (const std::string_view frame : frames) {
      std::string markdown(frame);
      for (size_t at = 0; (at = markdown.find("{}", at)) != std::string::npos; at += payload.size()) {
        markdown.replace(at, 2, payload);
      }
      EXPECT_EQ(ProblemOfHtml(Html(markdown)), "") << markdown << "\n" << Html(markdown);
    }
  }
}

TEST(HtmlBlocksTest, NoiseGivesSafeHtml) {
  RandomMarkdown random(11);
  for (int i = 0; i < 3000; ++i) {
    const std::string markdown = i % 2 == 0 ? random.Noise(1 + random.Below(60)) : random.Document();
    const std::string html = Html(markdown);
    ASSERT_EQ(ProblemOfHtml(html), "") << markdown << "\n" << html;
    ASSERT_TRUE(base::IsValidUtf8(html));
  }
}

TEST(HtmlBlocksTest, DeepNestingIsFlattened) {
  for (const std::string_view unit : {"> ", "- ", "1. ", "> - ", "**a *b "}) {
    std::string markdown;
    while (markdown.size() < 20'000) markdown.append(unit);
    const std::string html = Html(markdown + "字");
    EXPECT_EQ(ProblemOfHtml(html), "");
    EXPECT_NE(html.find("字"), std::string::npos);
    size_t depth = 0;
    size_t deepest = 0;
    for (size_t at = 0; (at = html.find('<', at)) != std::string::npos; ++at) {
      if (html.compare(at, 3, "<br") == 0 || html.compare(at, 3, "<hr") == 0) continue;
      depth = html[at + 1] == '/' ? depth - 1 : depth + 1;
      deepest = std::max(deepest, depth);
    }
    EXPECT_LE(deepest, 40u) << unit;
    EXPECT_EQ(depth, 0u) << unit;
  }
}

TEST(HtmlBlocksTest, AGrowingDocumentChangesItsLastBlocksOnly) {
  RandomMarkdown random(13);
  size_t steps = 0;
  size_t far_changes = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string document = random.Document();
    std::vector<std::string> before;
    for (size_t length = 0; length <= document.size(); length += 5) {
      const std::vector<std::string> blocks = HtmlBlocks(std::string_view(document).substr(0, length));
      ++steps;
      for (size_t k = 0; k + 2 < before.size(); ++k) far_changes += k < blocks.size() && blocks[k] == before[k] ? 0 : 1;
      before = blocks;
    }
  }
  EXPECT_GT(steps, 500u);
  EXPECT_LE(far_changes * 100, steps);
}

}  // namespace
}  // namespace yingda::text
