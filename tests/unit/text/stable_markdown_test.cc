// SPDX-License-Identifier: MIT
// StableMarkdown promises that what is given out early is how the whole begins. Held here for every prefix of many
// documents, and so is its other half: that it gives out something.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "text/markdown.h"
#include "text/random_markdown.h"

namespace yingda::text {
namespace {

std::string_view WithoutTrailingBlanks(std::string_view text) {
  const size_t end = text.find_last_not_of(" \n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

struct Outcome {
  size_t prefixes = 0;
  size_t broken = 0;
  std::string first_broken;
};

void TryPrefixes(const std::string& document, Outcome& outcome) {
  const std::string whole = WeChatText(document);
  std::string given;
  size_t given_at = 0;
  for (size_t length = 0; length <= document.size(); ++length) {
    const std::string_view so_far = std::string_view(document).substr(0, length);
    const size_t stable = StableMarkdown(so_far);
    ASSERT_LE(stable, length);
    ++outcome.prefixes;
    if (stable != given_at) {
      given = WeChatText(so_far.substr(0, stable));
      given_at = stable;
    }
    if (whole.starts_with(WithoutTrailingBlanks(given))) continue;
    ++outcome.broken;
    if (outcome.first_broken.empty()) {
      outcome.first_broken = "--- of the document\n" + document + "\n--- after\n" + std::string(so_far) +
                             "\n--- was given\n" + given + "\n--- but the whole is\n" + whole;
    }
  }
}

TEST(StableMarkdownTest, WhatIsGivenEarlyIsHowTheWholeBegins) {
  RandomMarkdown random(20240611);
  Outcome outcome;
  for (int i = 0; i < 60; ++i) TryPrefixes(random.Document(), outcome);
  EXPECT_EQ(outcome.broken, 0u) << "of " << outcome.prefixes << "\n" << outcome.first_broken;
  EXPECT_GT(outcome.prefixes, 20'000u);
}

TEST(StableMarkdownTest, DashThatEndsTheTextIsNoUnderline) {
  for (const std::string document :
       {"第一句。\n- ", "> 第一句。\n> -  ", "- 苹果。\n  - ", "第一句。\n第二句。\n-\t", "第一句。\n- \n\n第二句。"}) {
    Outcome outcome;
    TryPrefixes(document, outcome);
    EXPECT_EQ(outcome.broken, 0u) << outcome.first_broken;
    EXPECT_EQ(WeChatText(document).find("【"), std::string::npos) << WeChatText(document);
  }
}

TEST(StableMarkdownTest, GoesOnSentenceBySentenceAndLineByLine) {
  struct Case {
    std::string_view so_far;
    std::string_view stable;
  };
  const Case cases[] = {
      {"", ""},
      {"还没说完", ""},
      {"第一句。", "第一句。"},
      {"第一句。第二", "第一句。"},
      {"第一句。**第二句。**第三", "第一句。"},
      {"第一句。**第二句。**第三。", "第一句。**第二句。**第三。"},
      {"第一句。**第二句。第三", "第一句。"},
      {"**重点**：请看。后", "**重点**：请看。"},
      {"看`a。b`了。后", "看`a。b`了。"},
      {"先。看`a。b", "先。"},
      {"见[这里](https://a.cn/x?y=1)。后", "见[这里](https://a.cn/x?y=1)。"},
      {"先。见[这里。](https://a.cn", "先。"},
      {"据[1]，是的。后", "据[1]，是的。"},
      {"共3*4个。后", "共3*4个。"},
      {"价$5。后", ""},
      {"价$5。\n后", "价$5。\n"},
      {"设$x。", ""},
      {"第一行\n第二", "第一行\n"},
      {"- 苹果\n- 香", "- 苹果\n"},
      {"1. 苹果\n2. 香蕉。好", "1. 苹果\n2. 香蕉。"},
      {"# 标题。更", ""},
      {"# 标题。\n", "# 标题。\n"},
      {"如下。\n| a | b |\n", "如下。\n"},
      {"如下。\n| a | b |\n|---|---|\n| 一。 | 二 |\n", "如下。\n"},
      {"|a|\n|-|\n|一|\n\n好。", "|a|\n|-|\n|一|\n\n好。"},
      {"如下。\n```\nx。\ny\n", "如下。\n"},
      {"```\nx。\n```\n好。又", "```\nx。\n```\n好。"},
      {"完了\\\n", ""},
      {"真好!", ""},
      {"真好! 是的", "真好! "},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(test.so_far.substr(0, StableMarkdown(test.so_far)), test.stable) << test.so_far;
  }
}

TEST(StableMarkdownTest, KeepsUpWithDocuments) {
  RandomMarkdown random(5);
  size_t behind = 0;
  size_t documents = 0;
  for (; documents < 300; ++documents) {
    const std::string document = random.Document() + "\n";
    behind += document.size() - StableMarkdown(document);
  }
  // All of it but for what ends with something that is never known to be over.
  EXPECT_LT(behind / documents, 30u);
}

// The pieces of the syntax in any order. CommonMark has corners where only the end decides: see the figure.
TEST(StableMarkdownTest, EvenOfNoiseAlmostAlways) {
  RandomMarkdown random(7);
  Outcome outcome;
  for (int i = 0; i < 1500; ++i) TryPrefixes(random.Noise(2 + random.Below(30)), outcome);
  EXPECT_LE(outcome.broken * 1000, outcome.prefixes) << outcome.broken << " of " << outcome.prefixes << "\n"
                                                     << outcome.first_broken;
}

}  // namespace
}  // namespace yingda::text
