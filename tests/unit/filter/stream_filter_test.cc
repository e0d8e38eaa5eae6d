// SPDX-License-Identifier: MIT
#include "filter/stream_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace yingda::filter {
namespace {

std::shared_ptr<const WordFilter> StreamWords(const std::string& deny, const std::string& allow = "") {
  return WordFilter::FromLists({ParseWordList(deny, "deny/a.txt", false), ParseWordList(allow, "allow/a.txt", true)});
}

std::shared_ptr<const WordFilter> Detectors(const std::string& deny, const std::string& allow = "") {
  Options options;
  for (const DetectorKind kind : {DetectorKind::kUrl, DetectorKind::kEmail, DetectorKind::kPhone, DetectorKind::kDigits,
                                  DetectorKind::kWechatId}) {
    options.detectors.push_back({kind, {Level::kMask, Level::kMask}, 8});
  }
  return WordFilter::FromLists({ParseWordList(deny, "deny/a.txt", false), ParseWordList(allow, "allow/a.txt", true)},
                               options);
}

/// What is shown once these pieces came, without the end.
std::string Shown(const std::shared_ptr<const WordFilter>& words, const std::vector<std::string>& pieces) {
  StreamFilter stream(words, Direction::kOutbound);
  std::string shown;
  for (const std::string& piece : pieces) stream.Append(piece, shown);
  return shown;
}

TEST(StreamFilterTest, HoldsBackOnlyWhatMayStillBecomeAWord) {
  const auto words = StreamWords("网络赌场|mask\n大麻|mask\n", "大麻烦\n");
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
  EXPECT_EQ(Shown(words, {"大麻。\n"}), "**。\n");
  EXPECT_EQ(Shown(words, {"大麻麻麻\n", "麻", "店"}), "**麻麻\n麻店") << "one run, and too wide a gap in it";
}

TEST(StreamFilterTest, ALetterBehindAWordUndoesIt) {
  const auto words = StreamWords("sm|mask\n");
  EXPECT_EQ(Shown(words, {"no sm"}), "no ");
  EXPECT_EQ(Shown(words, {"no sm", "oking"}), "no smoking");
  EXPECT_EQ(Shown(words, {"no sm", " x"}), "no ** x");
  EXPECT_EQ(Shown(words, {"no sm", "."}), "no ");  // of "sm.mm" more would be masked
}

TEST(StreamFilterTest, ACharacterCutInTheMiddleIsHeldBack) {
  const auto words = StreamWords("网络|mask\n");
  const std::string text = "上网络去";
  StreamFilter stream(words, Direction::kOutbound);
  std::string shown;
  for (const char byte : text) stream.Append({&byte, 1}, shown);
  stream.Finish(shown);
  EXPECT_EQ(shown, "上**去");
}

TEST(StreamFilterTest, ABlockedWordIsKnownAsSoonAsNothingCanUndoIt) {
  StreamFilter stream(StreamWords("网络赌场\n"), Direction::kOutbound);
  std::string shown;
  stream.Append("来网络赌", shown);
  EXPECT_EQ(stream.level(), Level::kPass);
  const Verdict verdict = stream.Append("场玩", shown);
  EXPECT_EQ(stream.level(), Level::kBlock);
  ASSERT_EQ(verdict.hits.size(), 1u);
  EXPECT_EQ(verdict.hits[0].begin, 3u);
  EXPECT_EQ(verdict.hits[0].end, 15u);
}

TEST(StreamFilterTest, AWildcardHoldsBackWhatItHasBegunAndAReplacementComesWhole) {
  const auto words = StreamWords("迷??药 => 那个\n魂散|mask\n");
  EXPECT_EQ(Shown(words, {"卖迷", "魂散"}), "卖");
  EXPECT_EQ(Shown(words, {"卖迷", "魂散", "药", "吧"}), "卖那个吧");
  EXPECT_EQ(Shown(words, {"卖迷", "魂散", "粉"}), "卖迷**粉");
  EXPECT_EQ(Shown(words, {"卖迷", "糊", "。。。。"}), "卖迷糊。。。。");
}

TEST(StreamFilterTest, WhatIsDetectedIsHeldBackUntilItEnds) {
  const auto words = Detectors("", "ours.com\n");
  EXPECT_EQ(Shown(words, {"上 exa", "mple.co"}), "上 ");
  EXPECT_EQ(Shown(words, {"上 exa", "mple.co", "m/a。"}), "上 ");
  EXPECT_EQ(Shown(words, {"上 exa", "mple.co", "m/a。好"}), "上 *************。好");
  EXPECT_EQ(Shown(words, {"上 www.", "ours.com 吧"}), "上 www.ours.com 吧");
  EXPECT_EQ(Shown(words, {"打138 ", "0013", " 8000"}), "打");
  EXPECT_EQ(Shown(words, {"打138 ", "0013", " 8000吧"}), "打*************吧");
  EXPECT_EQ(Shown(words, {"打1380013\n", "8000吧"}), "打1380013\n8000吧");
  EXPECT_EQ(Shown(words, {"写给me", "@exa", "mple.com吧"}), "写给**************吧");
  EXPECT_EQ(Shown(words, {"加微信", "：", "ab", "cd12", "吧"}), "加微信：******吧") << "what introduces it is shown";
  EXPECT_EQ(Shown(words, {"加微信公众", "：", "abcd12", "吧"}), "加微信公众：abcd12吧");
  EXPECT_EQ(Shown(words, {"wechat号是号是", "abcd12", "吧"}), "wechat号是号是******吧");
  EXPECT_EQ(Shown(words, {"nwechat号是号是", "abcd12", "吧"}), "nwechat号是号是abcd12吧") << "the farthest look behind";
  EXPECT_EQ(Shown(words, {"This is it, ", "really. ", "我说。"}), "This is it, really. 我说。");
}

TEST(StreamFilterTest, PartsThatStandFarApartCountFromWhenTheLastOneCame) {
  StreamFilter stream(StreamWords("代办 && 证件 => 某\n大麻 && 出售 && 现货\n", "大麻烦\n"), Direction::kOutbound);
  std::string shown;
  stream.Append("代办一些事，出售旧书，大麻烦。\n", shown);
  EXPECT_EQ(shown, "代办一些事，出售旧书，大麻烦。\n") << "shown before it could be known";
  for (int i = 0; i < 1000; ++i) stream.Append("今天天气很好，", shown);
  shown.clear();
  stream.Append("证件、代办。现货。\n", shown);
  EXPECT_EQ(shown, "某、某。现货。\n");
  EXPECT_EQ(stream.level(), Level::kMask) << "大麻烦 is allowed, so a part is missing";
  stream.Append("又大麻", shown);
  EXPECT_EQ(stream.level(), Level::kMask);
  stream.Append("。\n", shown);
  EXPECT_EQ(stream.level(), Level::kBlock);
}

TEST(StreamFilterTest, WordsThatCountTogetherCountFromTheLastOfThem) {
  const auto words = StreamWords("甲乙 && 丙丁|mask\n");
  EXPECT_EQ(Shown(words, {"有甲乙啊", "，没有别的"}), "有甲乙啊，没有别的");
  EXPECT_EQ(Shown(words, {"有甲乙啊", "，也有丙", "丁呢，和甲乙啊"}), "有甲乙啊，也有**呢，和**啊");
  EXPECT_EQ(Shown(words, {"有甲乙和丙丁啊"}), "有**和**啊");
}

TEST(StreamFilterTest, WhatIsHeldBackIsBounded) {
  StreamFilter stream(StreamWords("哈哈大笑|mask\n"), Direction::kOutbound, {.most_held_bytes = 3000});
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
    static const std::vector<std::string> marks = {"-",      "－",     "😀", "。",   "\xFF", " ", "　", "\n",
                                                   "\u200b", "\u0301", "+", "\xE7", "*",    ".", "@",  "："};
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

  /// With wildcards and replacements, and if they are wanted with "a && b".
  WordList Words(bool allow, size_t most, bool groups) {
    WordList list;
    list.allow = allow;
    for (size_t left = Below(most) + (allow ? 0 : 1); left > 0; --left) {
      ListedWord word;
      word.text = Characters(4, 1);
      word.levels = {static_cast<Level>(Below(4)), static_cast<Level>(Below(4))};
      word.boundary = static_cast<Boundary>(Below(3));
      const size_t parts = groups && !allow && Below(2) == 0 ? 2 + Below(2) : Below(3) == 0 ? 1 : 0;
      for (size_t part = 0; part < parts; ++part) word.parts.push_back(Part(parts == 1 || Below(2) == 0));
      if (parts == 0) word_texts_.push_back(word.text);
      if (!allow && Below(3) == 0) word.replacement = std::string(Below(6), 'R');
      list.words.push_back(std::move(word));
    }
    return list;
  }

  Options Detecting() {
    Options options;
    for (size_t kind = 0; kind < 5; ++kind) {
      if (Below(4) == 0) continue;
      const Level level = static_cast<Level>(Below(4));
      options.detectors.push_back(
          {static_cast<DetectorKind>(kind), {level, level}, static_cast<uint32_t>(4 + Below(5))});
    }
    return options;
  }

  /// Words, their beginnings, and what may stand between them.
  std::string Text(bool detecting) {
    static const std::vector<std::string> kinds = {"13800138000",
                                                   "12345678",
                                                   "www.example.com/a ",
                                                   "me@x.cn",
                                                   "微信：abc123",
                                                   "138",
                                                   "0013",
                                                   "8000",
                                                   "2024-1-31",
                                                   "①",
                                                   "⒈",
                                                   "86",
                                                   "(",
                                                   ") ",
                                                   " - ",
                                                   "http://",
                                                   "www.",
                                                   "example",
                                                   ".com",
                                                   "。cn",
                                                   "．net",
                                                   "/a?b",
                                                   "me@",
                                                   "x_",
                                                   ".",
                                                   "微信",
                                                   "：",
                                                   "v",
                                                   "wx",
                                                   "号是",
                                                   "abc12",
                                                   "wxid_",
                                                   "，",
                                                   "好",
                                                   " ",
                                                   "\n",
                                                   "\u200b",
                                                   "·",
                                                   "——",
                                                   "㏠",
                                                   "℃",
                                                   "℡"};
    std::string text;
    for (size_t left = 1 + Below(detecting ? 20 : 7); left > 0; --left) {
      const std::string& word = word_texts_[Below(word_texts_.size())];
      const size_t kind = Below(detecting ? 10 : 4);
      if (kind > 3) text += kinds[Below(kinds.size())];
      if (kind == 0) text += Characters(5, 5);
      if (kind == 1) text += word.substr(0, Below(word.size() + 1));
      if (kind == 2) text += word;
      if (kind == 3) text += Characters(4, 2);
    }
    return text;
  }

 private:
  WordPart Part(bool wildcard) {
    WordPart pieces = {Letters()};
    if (wildcard && Below(3) == 0) pieces.push_back(Below(2) == 0 ? "" : Letters());
    if (wildcard) pieces.push_back(Letters());
    std::string text;
    for (const std::string& piece : pieces) text += (text.empty() ? "" : Below(4) == 0 ? "-的" : "a") + piece;
    word_texts_.push_back(text);
    return pieces;
  }

  std::string Letters() {
    for (;;) {
      std::string text = Characters(2, 1);
      if (!FoldedCodes(text, FoldMode::kLetters).empty()) return text;
    }
  }

  std::mt19937 random_;
  std::vector<std::string> word_texts_ = {"妈"};
};

using Span = std::tuple<size_t, size_t, uint32_t, Level>;

std::vector<Span> Spans(const Verdict& verdict) {
  std::vector<Span> spans;
  for (const WordHit& hit : verdict.hits) spans.emplace_back(hit.begin, hit.end, hit.word, hit.level);
  return spans;
}

/// What a stream must report of a text, however it is cut, and what it may report: of the parts of "a && b" those too
/// that end before the word is complete.
class Oracle {
 public:
  explicit Oracle(std::vector<WordList> lists, const Options& options) {
    std::vector<ListedWord> flat;
    for (const ListedWord& word : lists[0].words) {
      for (size_t part = 0; part < std::max<size_t>(word.parts.size(), 1); ++part) {
        flat.push_back(word);
        if (!word.parts.empty()) flat.back().parts = {word.parts[part]};
        origins_.push_back(words_);
      }
      ++words_;
    }
    added_ = static_cast<uint32_t>(flat.size()) - words_;
    lists[0].words = std::move(flat);
    filter_ = WordFilter::FromLists(lists, options);
  }

  void Look(const std::string& text) {
    sure_.clear();
    may_.clear();
    const Verdict verdict = filter_->Check(text, Direction::kOutbound, scratch_);
    std::vector<size_t> first_end(origins_.size(), kNever);  // of each part
    for (const WordHit& hit : verdict.hits) {
      if (hit.word < origins_.size()) first_end[hit.word] = std::min(first_end[hit.word], hit.end);
    }
    std::vector<size_t> complete(words_);
    for (size_t at = 0; at < origins_.size(); ++at) {
      complete[origins_[at]] = std::max(complete[origins_[at]], first_end[at]);
    }
    for (const WordHit& hit : verdict.hits) {
      const uint32_t word = hit.word < origins_.size() ? origins_[hit.word] : hit.word - added_;
      const size_t from = word < words_ ? complete[word] : 0;
      if (from == kNever) continue;
      may_.emplace(hit.begin, hit.end, word, hit.level);
      // A word without parts is complete with each of its hits.
      if (hit.end >= from) sure_.emplace(hit.begin, hit.end, word, hit.level);
    }
  }
  const std::multiset<Span>& sure() const { return sure_; }
  const std::multiset<Span>& may() const { return may_; }

 private:
  static constexpr size_t kNever = static_cast<size_t>(-1);
  std::vector<uint32_t> origins_;
  uint32_t words_ = 0;
  uint32_t added_ = 0;
  std::shared_ptr<const WordFilter> filter_;
  Scratch scratch_;
  std::multiset<Span> sure_;
  std::multiset<Span> may_;
};

TEST(StreamFilterTest, ShowsWhatCheckAndMaskMakeOfTheWholeTextHoweverItIsCut) {
#ifdef YINGDA_SANITIZED
  constexpr uint32_t kDictionaries = 300;
#else
  constexpr uint32_t kDictionaries = 1'000;
#endif
  size_t hits = 0;
  size_t late = 0;
  size_t detections = 0;
  size_t shown_early = 0;
  size_t bytes = 0;
  Scratch scratch;
  for (uint32_t seed = 0; seed < kDictionaries; ++seed) {
    Dealer dealer(seed);
    const bool groups = seed % 3 == 0;
    const bool detecting = seed % 2 == 0;
    std::vector<WordList> lists;
    lists.push_back(dealer.Words(false, 10, groups));
    lists.push_back(dealer.Words(true, 4, false));
    const Options options = detecting ? dealer.Detecting() : Options();
    const auto words = WordFilter::FromLists(lists, options);
    Oracle oracle(lists, options);
    for (int round = 0; round < 8; ++round) {
      const std::string text = dealer.Text(detecting);
      const std::string told = "seed " + std::to_string(seed) + ", text " + testing::PrintToString(text);
      const Verdict whole = words->Check(text, Direction::kOutbound, scratch);
      const std::string masked = words->Mask(text, whole);
      const std::vector<Span> all = Spans(whole);
      oracle.Look(text);
      ASSERT_EQ(std::multiset<Span>(all.begin(), all.end()), oracle.may()) << told;
      const size_t longest = 1 + dealer.Below(9);
      for (int split = 0; split < 4; ++split) {
        StreamFilter stream(words, Direction::kOutbound);
        std::string shown;
        Verdict found;
        const auto take = [&](const Verdict& verdict) {
          found.hits.insert(found.hits.end(), verdict.hits.begin(), verdict.hits.end());
        };
        for (size_t at = 0; at < text.size();) {
          const size_t length = std::min(text.size() - at, 1 + dealer.Below(longest));
          take(stream.Append(std::string_view(text).substr(at, length), shown));
          at += length;
          ASSERT_TRUE(groups || masked.starts_with(shown)) << told;
        }
        shown_early += shown.size();
        bytes += masked.size();
        take(stream.Finish(shown));
        ASSERT_EQ(stream.HeldBytes(), 0u);
        ASSERT_EQ(stream.level(), whole.level) << told;
        ASSERT_EQ(shown, words->Mask(text, found)) << told;
        ASSERT_TRUE(groups || Spans(found) == all) << told;
        const std::vector<Span> spans = Spans(found);
        const std::multiset<Span> got(spans.begin(), spans.end());
        ASSERT_TRUE(std::includes(got.begin(), got.end(), oracle.sure().begin(), oracle.sure().end())) << told;
        ASSERT_TRUE(std::includes(oracle.may().begin(), oracle.may().end(), got.begin(), got.end())) << told;
        late += oracle.may().size() - got.size();
      }
      hits += whole.hits.size();
      const auto of_detector = [&](const WordHit& hit) { return words->Info(hit.word).detector; };
      detections += static_cast<size_t>(std::count_if(whole.hits.begin(), whole.hits.end(), of_detector));
    }
  }
  EXPECT_GT(hits, size_t{kDictionaries} * 5);  // or the test would compare nothing with nothing
  EXPECT_GT(detections, size_t{kDictionaries});
  EXPECT_GT(late, size_t{kDictionaries} / 10);
  EXPECT_GT(shown_early * 2, bytes);  // or all would be held back to the end
}

}  // namespace
}  // namespace yingda::filter
