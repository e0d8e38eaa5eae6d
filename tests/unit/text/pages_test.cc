// SPDX-License-Identifier: MIT
#include "text/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "text/markdown.h"
#include "text/random_markdown.h"

namespace yingda::text {
namespace {

std::vector<std::string> Pages(std::string_view text, size_t limit) {
  std::vector<std::string> pages;
  while (!text.empty()) {
    const size_t end = PageEnd(text, limit);
    if (end == 0 || end > text.size()) {
      ADD_FAILURE() << "no progress: " << end << " of " << text.size();
      break;
    }
    pages.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pages;
}

std::string RepeatedText(std::string_view unit, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text.append(unit);
  return text;
}

TEST(PagesTest, TextThatFitsIsOnePage) {
  EXPECT_EQ(PageEnd("", 10), 0u);
  EXPECT_EQ(PageEnd("你好", 6), 6u);
  EXPECT_EQ(PageEnd("你好", 2047), 6u);
}

TEST(PagesTest, WithoutPunctuationTakesTheLongestPrefixOfWholeCodePoints) {
  std::ifstream file(YINGDA_TEST_DATA "/vectors/truncate.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  const size_t limit = vectors.at("limit_bytes");
  ASSERT_EQ(vectors.at("cases").size(), 8u);
  for (const auto& test : vectors.at("cases")) {
    const std::string text = test.at("text").is_null()
                                 ? RepeatedText(test.at("unit").get<std::string>(), test.at("repeat").get<size_t>())
                                 : test.at("text").get<std::string>();
    ASSERT_EQ(text.size(), test.at("bytes").get<size_t>());
    EXPECT_EQ(PageEnd(text, limit), test.at("prefix_bytes").get<size_t>()) << test.at("id");
  }
}

TEST(PagesTest, PrefersTheBetterKindOfCutInTheLastPart) {
  struct Case {
    const char* name;
    std::string text;
    size_t limit;
    std::string want;
  };
  const Case cases[] = {
      {"blank line over line end", "一二三四五六\n\n七。\n八九十", 29, "一二三四五六\n\n"},
      {"line end over sentence", "一二三四五六\n七。八九十", 26, "一二三四五六\n"},
      {"sentence over clause", "一二三四五六。七；八九十", 28, "一二三四五六。"},
      {"clause over comma", "一二三四五六；七，八九十", 28, "一二三四五六；"},
      {"comma over space", "一二三四五六，七 八九十", 27, "一二三四五六，"},
      {"space over character", "一二三四五六 七八九十", 26, "一二三四五六 "},
      {"the latest of a kind", "一二三。四五六。七八九。十", 31, "一二三。四五六。"},
      {"a cut in the first part is ignored", "一。二三四五六七八九十", 28, "一。二三四五六七八"},
      {"closing quotes stay with their sentence", "“一二三四五六！”七八九", 27, "“一二三四五六！”"},
      {"a run of marks stays together", "一二三四五六？！……七八九", 34, "一二三四五六？！……"},
      {"no page begins with a comma", "一二三四五六七八，九十", 25, "一二三四五六七"},
      {"no page ends with an opening bracket", "一二三四五六七（八九）", 25, "一二三四五六七"},
      {"ASCII full stop before a blank", "One two three. Four five", 20, "One two three. "},
      {"not inside a number", "ab cd ef 3.14159 and so", 14, "ab cd ef "},
      {"not inside a version", "ab cd ef v1.2.3 and so", 13, "ab cd ef "},
      {"not inside grouped digits", "ab cd ef 1,000,000 so", 13, "ab cd ef "},
      {"not inside a word", "hello wonderful world", 14, "hello "},
      {"not after an item's number", "好的，有三种水果：\n1. 苹果很好吃", 33, "好的，有三种水果：\n"},
      {"trailing blanks stay behind", "一二三四五。  六七八九", 25, "一二三四五。  "},
      {"a straight closing quote stays", "他说\"一二三四。\"五六七", 24, "他说\"一二三四。\""},
  };
  for (const Case& test : cases) {
    const size_t end = PageEnd(test.text, test.limit);
    EXPECT_EQ(test.text.substr(0, end), test.want) << test.name;
  }
}

TEST(PagesTest, NeverCutsInsideWhatBelongsTogether) {
  const std::string_view units[] = {
      "👩‍👩‍👧",
      "👍🏽",
      "🇨🇳",
      "❤️",
      "1️⃣",
      "e\u0301",
      "<a href=\"https://example.com/?a=1&b=2\">点这里 看全文。</a>",
      "https://example.com/a,b.html?x=1;y=2!z",
      "3.14",
      "don't",
      "12:30",
      "someone@example.com",
  };
  for (const std::string_view unit : units) {
    const std::string text = "前" + std::string(unit) + "后面还有很多很多很多很多很多很多很多字。";
    for (size_t limit = 3; limit < 3 + unit.size(); ++limit) {
      EXPECT_EQ(PageEnd(text, limit), 3u) << unit << " at " << limit;
    }
  }
}

TEST(PagesTest, SomethingLongerThanAPageIsCutAtCharacters) {
  const std::string link = "<a href=\"https://example.com\">" + RepeatedText("长", 50) + "</a>";
  const size_t end = PageEnd(link, 60);
  EXPECT_EQ(end, 60u);
  EXPECT_EQ(PageEnd("👩‍👩‍👧👩‍👩‍👧", 10), 7u)
      << "a cluster longer than the page, at a code point";
  EXPECT_EQ(PageEnd("👩", 1), 4u) << "progress comes before the limit";
  EXPECT_EQ(PageEnd("字", 0), 3u);
}

TEST(PagesTest, AnUnclosedLinkIsOrdinaryText) {
  const std::string text = "如果 x <a 那么就是这样，" + RepeatedText("继续说下去，", 20);
  EXPECT_GT(PageEnd(text, 100), 60u);
}

TEST(PagesTest, PagesJoinedAreTheText) {
  const std::vector<std::string> units = {
      "字",
      "你好",
      "。",
      "，",
      "！”",
      "\n",
      "\n\n",
      " ",
      "word",
      "3.14",
      "https://e.cn/x?y=1",
      "<a href=\"u\">t</a>",
      "<a ",
      "👩‍👩‍👧",
      "🇨🇳",
      "👍🏽",
      "\xFF",
      "\xE4\xBD",
      ". ",
      "1. ",
      "\"",
      "‍",
      "\r\n",
      "\t",
      "…",
      "——",
      "（",
      "）",
      "e\u0301",
  };
  std::mt19937 random(20240601);
  for (int round = 0; round < 400; ++round) {
    std::string text;
    const size_t count = random() % 120;
    for (size_t i = 0; i < count; ++i) text.append(units[random() % units.size()]);
    const size_t limit = 1 + random() % 90;
    std::string joined;
    for (const std::string& page : Pages(text, limit)) {
      joined.append(page);
      EXPECT_LE(page.size(), std::max<size_t>(limit, 4));
    }
    ASSERT_EQ(joined, text);
    const size_t whole = WholeSentences(text);
    ASSERT_LE(whole, text.size());
  }
}

TEST(PagesTest, ValidTextGivesValidPages) {
  const std::string text =
      RepeatedText("今天天气👩‍👩‍👧很好, really good! 3.14；价格¥1,000。🇨🇳 ", 200);
  for (const size_t limit : {4u, 7u, 33u, 100u, 600u, 2047u}) {
    for (const std::string& page : Pages(text, limit)) EXPECT_TRUE(base::IsValidUtf8(page)) << limit;
  }
}

// Everything of a text that must not be cut inside of, found without the code under test.
std::vector<std::pair<size_t, size_t>> Unbreakable(const std::string& text) {
  const auto is_url = [](char c) {
    return static_cast<unsigned char>(c) > ' ' && static_cast<unsigned char>(c) < 0x7F &&
           std::string_view("<>\".,;:!?)'*").find(c) == std::string_view::npos;
  };
  const auto is_number = [](char c) { return (c >= '0' && c <= '9'); };
  std::vector<std::pair<size_t, size_t>> spans;
  for (size_t at = 0; (at = text.find("<a ", at)) != std::string::npos; ++at) {
    spans.emplace_back(at, text.find("</a>", at) + 4);
  }
  for (size_t at = 0; (at = text.find("http", at)) != std::string::npos;) {
    const size_t start = at;
    // Up to its first mark: what is certain.
    at += text.compare(at, 8, "https://") == 0 ? 8 : 4;
    while (at < text.size() && is_url(text[at])) ++at;
    if (at > start + 8) spans.emplace_back(start, at);
  }
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t start = at;
    while (at < text.size() && (is_number(text[at]) ||
                                (text[at] == '.' && at > start && at + 1 < text.size() && is_number(text[at + 1])))) {
      ++at;
    }
    if (at > start + 1) spans.emplace_back(start, at);
  }
  for (const std::string_view emoji : {"👍🏽", "👩‍👩‍👧", "🇨🇳", "1️⃣"}) {
    for (size_t at = 0; (at = text.find(emoji, at)) != std::string::npos; at += emoji.size()) {
      spans.emplace_back(at, at + emoji.size());
    }
  }
  return spans;
}

TEST(PagesTest, NoPageOfAnAnswerEndsInsideALinkAddressNumberOrEmoji) {
  RandomMarkdown random(31);
  size_t cuts = 0;
  for (int i = 0; i < 600; ++i) {
    std::string markdown;
    while (markdown.size() < 600)
      markdown.append(random.Document())
          .append(
              "\n👩‍👩‍👧3.14🇨🇳12345.678👍🏽[看这里。再看 那里！好](https://a.cn/b?c=1)");
    const std::string text = WeChatText(markdown);
    const std::vector<std::pair<size_t, size_t>> spans = Unbreakable(text);
    // No word or link of these documents is longer.
    const size_t limit = 200 + random.Below(400);
    std::string joined;
    for (const std::string& page : Pages(text, limit)) {
      joined.append(page);
      ASSERT_LE(page.size(), limit);
      ++cuts;
      for (const auto& [start, end] : spans) {
        ASSERT_FALSE(start < joined.size() && joined.size() < end)
            << text.substr(start, end - start) << " at " << joined.size() - start << " of\n"
            << text;
      }
    }
    ASSERT_EQ(joined, text);
  }
  EXPECT_GT(cuts, 2000u);
}

TEST(PagesTest, LargeTextsAreQuick) {
  const std::string text = RepeatedText("<a ", 100'000) + RepeatedText("字", 100'000);
  size_t pages = 0;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(PageEnd(rest, 2047))) ++pages;
  EXPECT_GT(pages, 290u);
}

TEST(WholeSentencesTest, EndsAfterTheLastCompleteSentenceOrLine) {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  const Case cases[] = {
      {"", ""},
      {"还没说完", ""},
      {"第一句。第二", "第一句。"},
      {"第一句。", "第一句。"},
      {"他说：“好的。”然后", "他说：“好的。”"},
      {"第一行\n第二", "第一行\n"},
      {"圆周率是 3.", ""},
      {"圆周率是 3.14 左右。对", "圆周率是 3.14 左右。"},
      {"It works. Really", "It works. "},
      {"It works.", ""},
      {"好的：\n1. 苹果", "好的：\n"},
      {"好！真的？！还有", "好！真的？！"},
      {"看 https://e.cn/?a=1 这里", ""},
      {"先看。<a href=\"https://e.cn/?q=好。", "先看。"},
      {"先看。<a href=\"u\">好。</a>再", "先看。"},
  };
  for (const Case& test : cases) EXPECT_EQ(test.text.substr(0, WholeSentences(test.text)), test.want) << test.text;
}

}  // namespace
}  // namespace yingda::text
