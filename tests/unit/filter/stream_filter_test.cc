// SPDX-License-Identifier: MIT
#include "filter/stream_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace yingda::filter {
namespace {

std::shared_ptr<const WordFilter> Filter(const std::string& deny, const std::string& allow = "") {
  return WordFilter::FromLists({ParseWordList(deny, "deny/a.txt", false), ParseWordList(allow, "allow/a.txt", true)});
}

/// What is shown once these pieces came, without the end.
std::string Shown(const std::shared_ptr<const WordFilter>& words, const std::vector<std::string>& pieces) {
  StreamFilter stream(words, Direction::kOutbound);
  std::string shown;
  for (const std::string& piece : pieces) stream.Append(piece, shown);
  return shown;
}

TEST(StreamFilterTest, HoldsBackOnlyWhatMayStillBecomeAWord) {
  const auto words = Filter("网络赌场|mask\n大麻|mask\n", "大麻烦\n");
  EXPECT_EQ(Shown(words, {"今天天气很好"}), "今天天气很好");
  EXPECT_EQ(Shown(words, {"我在上网"}), "我在上");
  EXPECT_EQ(Shown(words, {"我在上网", "看"}), "我在上网看");
  EXPECT_EQ(Shown(words, {"我在上网络", "赌"}), "我在上");
  EXPECT_EQ(Shown(words, {"我在上网，"}), "我在上");
  EXPECT_EQ(Shown(words, {"我在上网。\n"}), "我在上网。\n");
  EXPECT_EQ(Shown(words, {"我在上网。。。。"}), "我在上网。。。。");
  EXPECT_EQ(Shown(words, {"网络赌场", "开"}), "****开");
  EXPECT_EQ(Shown(words, {"一个大麻"}), "一个");
  EXPECT_EQ(Shown(words, {"一个大麻", "烦啊"}), "一个大麻烦啊");
  EXPECT_EQ(Shown(words, {"一个大麻", "店"}), "一个**店");
}

TEST(StreamFilterTest, ALetterBehindAWordUndoesIt) {
  const auto words = Filter("sm|mask\n");
  EXPECT_EQ(Shown(words, {"no sm"}), "no ");
  EXPECT_EQ(Shown(words, {"no sm", "oking"}), "no smoking");
  EXPECT_EQ(Shown(words, {"no sm", " x"}), "no ** x");
  EXPECT_EQ(Shown(words, {"no sm", "."}), "no ");  // of "sm.mm" more would be masked
}

TEST(StreamFilterTest, ACharacterCutInTheMiddleIsHeldBack) {
  const auto words = Filter("网络|mask\n");
  const std::string text = "上网络去";
  StreamFilter stream(words, Direction::kOutbound);
  std::string shown;
  for (const char byte : text) stream.Append({&byte, 1}, shown);
  stream.Finish(shown);
  EXPECT_EQ(shown, "上**去");
}

TEST(StreamFilterTest, ABlockedWordIsKnownAsSoonAsNothingCanUndoIt) {
  StreamFilter stream(Filter("网络赌场\n"), Direction::kOutbound);
  std::string shown;
  stream.Append("来网络赌", shown);
  EXPECT_EQ(stream.level(), Level::kPass);
  const Verdict verdict = stream.Append("场玩", shown);
  EXPECT_EQ(stream.level(), Level::kBlock);
  ASSERT_EQ(verdict.hits.size(), 1u);
  EXPECT_EQ(verdict.hits[0].begin, 3u);
  EXPECT_EQ(verdict.hits[0].end, 15u);
}

TEST(StreamFilterTest, WhatIsHeldBackIsBounded) {
  StreamFilter stream(Filter("哈哈大笑|mask\n"), Direction::kOutbound, {.most_held_bytes = 3000});
  std::string shown;
  size_t most = 0;
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    stream.Append("哈", shown);
    text += "哈";
    most = std::max(most, stream.HeldBytes());
  }
  EXPECT_LE(most, 3000u);
  stream.Append("大笑。\n", shown);
  stream.Finish(shown);
  EXPECT_NE(shown.find("**"), std::string::npos);
  EXPECT_EQ(shown.find("大笑"), std::string::npos);
}

TEST(StreamFilterTest, WithoutWordsEverythingIsShownAtOnce) {
  StreamFilter stream(nullptr, Direction::kOutbound);
  std::string shown;
  stream.Append("网\xE7", shown);
  EXPECT_EQ(shown, "网");
  stream.Finish(shown);
  EXPECT_EQ(shown, "网\xE7");
}

class Dealer {
 public:
  explicit Dealer(uint32_t seed) : random_(seed) {}

  size_t Below(size_t limit) { return random_() % limit; }

  std::string Characters(size_t longest, size_t symbols_in_ten) {
    static const std::vector<std::string> letters = {"a",  "A",  "ａ", "s", "k", "㎏", "𝓰", "傻", "妈",
                                                     "媽", "的", "𠮷", "1", "①", "2",  "⑿", "网", "络"};
    static const std::vector<std::string> marks = {"-",  "－",     "😀",      "。", "\xFF", " ", "　",
                                                   "\n", "\u200b", "\u0301", "+",  "\xE7", "*"};
    std::string text;
    std::string before;
    for (size_t left = 1 + Below(longest); left > 0; --left) {
      const auto& choice = Below(10) < symbols_in_ten ? marks : letters;
      std::string next = choice[Below(choice.size())];
      if (!before.empty() && Below(3) == 0) next = before;  // runs
      text += next;
      before = std::move(next);
    }
    return text;
  }

  WordList Words(bool allow, size_t most) {
    WordList list;
    list.allow = allow;
    for (size_t left = Below(most) + (allow ? 0 : 1); left > 0; --left) {
      ListedWord word;
      word.text = Characters(4, 1);
      word.levels = {static_cast<Level>(Below(4)), static_cast<Level>(Below(4))};
      word.boundary = static_cast<Boundary>(Below(3));
      word_texts_.push_back(word.text);
      list.words.push_back(std::move(word));
    }
    return list;
  }

  /// Words, their beginnings, and what may stand between them.
  std::string Text() {
    std::string text;
    for (size_t left = 1 + Below(6); left > 0; --left) {
      const std::string& word = word_texts_[Below(word_texts_.size())];
      const size_t kind = Below(4);
      if (kind == 0) text += Characters(5, 5);
      if (kind == 1) text += word.substr(0, Below(word.size() + 1));
      if (kind == 2) text += word;
      if (kind == 3) text += Characters(4, 2);
    }
    return text;
  }

 private:
  std::mt19937 random_;
  std::vector<std::string> word_texts_;
};

using Span = std::tuple<size_t, size_t, uint32_t, Level>;

std::vector<Span> Spans(const Verdict& verdict) {
  std::vector<Span> spans;
  for (const WordHit& hit : verdict.hits) spans.emplace_back(hit.begin, hit.end, hit.word, hit.level);
  return spans;
}

TEST(StreamFilterTest, ShowsWhatCheckAndMaskMakeOfTheWholeTextHoweverItIsCut) {
#ifdef YINGDA_SANITIZED
  constexpr uint32_t kDictionaries = 300;
#else
  constexpr uint32_t kDictionaries = 1'000;
#endif
  size_t hits = 0;
  size_t shown_early = 0;
  size_t bytes = 0;
  Scratch scratch;
  for (uint32_t seed = 0; seed < kDictionaries; ++seed) {
    Dealer dealer(seed);
    std::vector<WordList> lists;
    lists.push_back(dealer.Words(false, 10));
    lists.push_back(dealer.Words(true, 4));
    const auto words = WordFilter::FromLists(lists);
    for (int round = 0; round < 8; ++round) {
      const std::string text = dealer.Text();
      const Verdict whole = words->Check(text, Direction::kOutbound, scratch);
      const std::string masked = words->Mask(text, whole);
      const size_t longest = 1 + dealer.Below(9);
      for (int split = 0; split < 4; ++split) {
        StreamFilter stream(words, Direction::kOutbound);
        std::string shown;
        std::vector<Span> found;
        for (size_t at = 0; at < text.size();) {
          const size_t length = std::min(text.size() - at, 1 + dealer.Below(longest));
          for (const Span& span : Spans(stream.Append(std::string_view(text).substr(at, length), shown))) {
            found.push_back(span);
          }
          at += length;
          ASSERT_TRUE(masked.starts_with(shown)) << "seed " << seed << ", text " << testing::PrintToString(text);
        }
        shown_early += shown.size();
        bytes += masked.size();
        for (const Span& span : Spans(stream.Finish(shown))) found.push_back(span);
        ASSERT_EQ(shown, masked) << "seed " << seed << ", text " << testing::PrintToString(text);
        ASSERT_EQ(found, Spans(whole)) << "seed " << seed << ", text " << testing::PrintToString(text);
        ASSERT_EQ(stream.level(), whole.level);
        ASSERT_EQ(stream.HeldBytes(), 0u);
      }
      hits += whole.hits.size();
    }
  }
  EXPECT_GT(hits, size_t{kDictionaries} * 5);  // or the test would compare nothing with nothing
  EXPECT_GT(shown_early * 2, bytes);           // or all would be held back to the end
}

}  // namespace
}  // namespace yingda::filter
