// SPDX-License-Identifier: MIT
#include "model/reasoning_filter.h"

#include <gtest/gtest.h>

#include "splits.h"

namespace yingda::model {
namespace {

struct Case {
  const char* name;
  std::string text;
  std::string want;
  bool hold_back = false;
  bool leaked = false;
};

TEST(ReasoningFilterTest, KeepsReasoningOutHoweverItIsCut) {
  const std::vector<Case> cases = {
      {"plain", "hello", "hello"},
      {"leading blanks", "\n\n hello \n", "hello \n"},
      {"blanks only", " \n\t\r\n", ""},
      {"think", "<think>a\nb</think>\n\nanswer", "answer"},
      {"thinking", "\n<thinking>a</think></thinking>answer", "answer"},
      {"empty think", "<think>\n\n</think>\n\nanswer", "answer"},
      {"twice", "<think>a</think>\n<think>b</think>answer", "answer"},
      {"unclosed", "<think>a b c", ""},
      {"almost a tag", "<thin", "<thin"},
      {"almost a tag, then text", "<thinner> paint", "<thinner> paint"},
      {"not at the start", "About <think>x</think> tags", "About <think>x</think> tags"},
      {"closing tag in talk", "Use `</think>` to end.\nOr </think> so.", "Use `</think>` to end.\nOr </think> so."},
      {"closing tag in talk after reasoning", "<think>x</think>a\n</think>\nb", "a\n</think>\nb"},
      {"closing tag first", "</think>\n\nanswer", "answer"},
      {"unopened", "thought\n</think>\n\nanswer", "thought\n", false, true},
      {"unopened to the end", "thought\n</think>", "thought\n", false, true},
      {"held, unopened", "thought</think>\n\nanswer", "answer", true},
      {"held, opened", "<think>thought</think>answer </think> x", "answer </think> x", true},
      {"held, no reasoning", "just an answer", "just an answer", true},
      {"tail like a tag", "a\n</thi", "a\n</thi"},
      {"line that begins like a tag", "a\n</thing>\nb", "a\n</thing>\nb"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ForSplits(c.text, [&](const auto& pieces) {
      ReasoningFilter filter({c.hold_back});
      std::string out;
      for (const auto piece : pieces) filter.Feed(piece, out);
      filter.Finish(false, out);
      ASSERT_EQ(out, c.want);
      ASSERT_EQ(filter.leaked(), c.leaked);
    });
  }
}

TEST(ReasoningFilterTest, WhatMayBeginATagIsNotGivenOutOfACutAnswer) {
  for (const bool cut : {false, true}) {
    ReasoningFilter filter;
    std::string out;
    filter.Feed("<thi", out);
    filter.Finish(cut, out);
    EXPECT_EQ(out, cut ? "" : "<thi");
  }
}

TEST(ReasoningFilterTest, GivesOrdinaryTextAtOnce) {
  ReasoningFilter filter;
  std::string out;
  filter.Feed("你好", out);
  EXPECT_EQ(out, "你好");
  filter.Feed("。\n", out);
  EXPECT_EQ(out, "你好。\n");
}

TEST(ReasoningFilterTest, ReasoningIsNoProgressAndNeedsNoMemory) {
  ReasoningFilter filter;
  std::string out;
  filter.Feed("<think>", out);
  for (int i = 0; i < 1000; ++i) filter.Feed(std::string(1000, 'x'), out);
  EXPECT_EQ(filter.progress(), 0U);
  EXPECT_TRUE(filter.reasoning_seen());
  filter.Feed("</think>ok", out);
  EXPECT_EQ(out, "ok");
  EXPECT_EQ(filter.progress(), 2U);
}

TEST(ReasoningFilterTest, TooMuchHeldBackIsTakenForReasoning) {
  ReasoningFilter filter({true, 100});
  std::string out;
  filter.Feed(std::string(101, 'x'), out);
  filter.Feed("y</think>answer", out);
  filter.Finish(false, out);
  EXPECT_EQ(out, "answer");
}

}  // namespace
}  // namespace yingda::model
