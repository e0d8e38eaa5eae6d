// SPDX-License-Identifier: MIT
#include "filter/word_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/base64.h"
#include "base/utf8.h"
#include "filter/word_file_encoding.h"

namespace yingda::filter {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ImportResult Import(const std::string& text, ImportOptions options = {}) {
  auto result = ImportWords({{"list.txt", text}}, options);
  EXPECT_TRUE(result) << result.error().message;
  return result ? *std::move(result) : ImportResult();
}

/// What our own reader makes of the file: "word|level|tags".
std::vector<std::string> Words(const ImportResult& result) {
  const WordList list = ParseWordList(result.file, "deny/x.txt", false);
  EXPECT_EQ(list.bad_lines, 0u) << result.file;
  EXPECT_EQ(list.words.size(), result.kept);
  std::vector<std::string> words;
  for (const ListedWord& word : list.words) {
    EXPECT_THAT(word.parts, IsEmpty());
    EXPECT_FALSE(word.replacement);
    words.push_back(word.text + "|" + ToString(word.levels.inbound) + (word.tags.empty() ? "" : "|" + word.tags));
  }
  return words;
}

TEST(WordImportTest, EveryFormatMetInTheWildIsRead) {
  struct Case {
    const char* name;
    ImportFormat asked;
    std::string text;
    ImportFormat read_as;
    std::vector<std::string> want;
  };
  const std::vector<Case> cases = {
      {"lines with commas, CR, blanks and comments",
       ImportFormat::kAuto,
       "网络博彩,\r\n  六合彩特码，\r\r\n\n# 注释\n; 注释\n// 注释\n迷 药\t\n网络博彩\n",
       ImportFormat::kLines,
       {"网络博彩|mask", "六合彩特码|mask", "迷 药|mask"}},
      {"one line of pipes",
       ImportFormat::kAuto,
       "网络博彩|六合彩特码| 代开假证 |",
       ImportFormat::kPipe,
       {"网络博彩|mask", "六合彩特码|mask", "代开假证|mask"}},
      {"word and level",
       ImportFormat::kAuto,
       "网络博彩|block\n六合彩特码|打码|赌博\n",
       ImportFormat::kPipe,
       {"网络博彩|block", "六合彩特码|mask|赌博"}},
      {"tags",
       ImportFormat::kTags,
       "五星红旗 政治,国家\n网络 博彩\t赌博\n代开假证\n",
       ImportFormat::kTags,
       {"五星红旗|mask|政治,国家", "网络 博彩|mask|赌博", "代开假证|mask"}},
      {"level first",
       ImportFormat::kLevelFirst,
       "1 网络博彩\n3\t六合彩特码\n90后约聊\n",
       ImportFormat::kLevelFirst,
       {"网络博彩|mask", "六合彩特码|mask", "90后约聊|mask"}},
      {"base64",
       ImportFormat::kAuto,
       base::EncodeBase64("网络博彩\n") + "\n" + base::EncodeBase64("代开假证") + "\nCg==\n" +
           base::EncodeBase64("六合彩特码\n") + "\n" + base::EncodeBase64("出售枪支\n") + "\n" +
           base::EncodeBase64("刷单日结") + "\n" + base::EncodeBase64("刷信誉单") + "\n" +
           base::EncodeBase64("裸聊直播") + "\n" + base::EncodeBase64("高仿名表") + "\n" +
           base::EncodeBase64("代考四级"),
       ImportFormat::kBase64,
       {"网络博彩|mask", "代开假证|mask", "六合彩特码|mask", "出售枪支|mask", "刷单日结|mask", "刷信誉单|mask",
        "裸聊直播|mask", "高仿名表|mask", "代考四级|mask"}},
      {"LangBot's JSON",
       ImportFormat::kAuto,
       R"({"words": ["网络博彩", "六合彩.*特码", 7], "mask": "*", "mask_word": ""})",
       ImportFormat::kJson,
       {"网络博彩|mask"}},
      {"sections",
       ImportFormat::kAuto,
       "#notice\n甲乙丙\n#warning\n丁戊己\n#danger\n庚辛壬\n#ignore\n子丑寅\n",
       ImportFormat::kSections,
       {"甲乙丙|review", "丁戊己|mask", "庚辛壬|block", "子丑寅|pass"}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const ImportResult result = Import(each.text, {.format = each.asked});
    EXPECT_THAT(result.formats, ElementsAre(each.read_as));
    EXPECT_EQ(Words(result), each.want);
  }
}

TEST(WordImportTest, WhatIsLeftOutIsToldWithItsReasonAndPlace) {
  const ImportResult result =
      Import("网络博彩\n黄\n网络博彩\n網絡博彩\n坏\x01词\n客服\nVIP\n" + std::string(300, 'x') + "\n\xFF\xFE\n");
  EXPECT_THAT(Words(result), ElementsAre("网络博彩|mask"));
  EXPECT_EQ(result.read, 9u);
  const auto left = [](const char* why, size_t count, const char* example) {
    return AllOf(Field(&LeftOut::why, HasSubstr(why)), Field(&LeftOut::count, count),
                 Field(&LeftOut::examples, Contains(HasSubstr(example))));
  };
  EXPECT_THAT(result.left_out, ElementsAre(left("一个字", 1, "list.txt:2 黄"), left("重复", 1, "list.txt:3 网络博彩"),
                                           left("前面的词一样", 1, "list.txt:4 網絡博彩"),
                                           left("控制字符", 1, "list.txt:5"), left("日常用词", 2, "list.txt:7 VIP"),
                                           left("64", 1, "list.txt:8"), left("不是文字", 1, "list.txt:9")));
  EXPECT_THAT(result.file, HasSubstr("\n# 日常用词，没有启用：客服\n")) << "for the admin to decide";
}

TEST(WordImportTest, OnlyTheFirstExamplesOfAReasonAreListed) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "同一个词\n";
  const ImportResult result = Import(text);
  ASSERT_THAT(result.left_out, SizeIs(1));
  EXPECT_EQ(result.left_out[0].count, 999u);
  EXPECT_THAT(result.left_out[0].examples, SizeIs(5));
}

TEST(WordImportTest, SeveralListsBecomeOneWithLevelAndTag) {
  const auto result = ImportWords({{"a", "网络博彩\n六合彩特码"}, {"b", "網路博彩\n六合彩特码|block|赌"}},
                                  {.level = Level::kReview, .tag = "坏"});
  ASSERT_TRUE(result);
  EXPECT_THAT(Words(*result), ElementsAre("网络博彩|review|坏", "六合彩特码|review|坏", "網路博彩|review|坏"));
}

TEST(WordImportTest, ListsThatHoldMoreThanTheWordAreAskedAbout) {
  std::string tags;
  std::string levels;
  for (const char* const word : {"网络博彩", "六合彩特码", "代开假证", "出售枪支", "刷单日结", "裸聊直播"}) {
    tags += std::string(word) + " 坏\n";
    levels += std::string("1 ") + word + "\n";
  }
  EXPECT_THAT(Import(tags).hints, ElementsAre(HasSubstr("--format tags")));
  EXPECT_THAT(Import(levels).hints, ElementsAre(HasSubstr("--format level-first")));
  EXPECT_THAT(Import("网络 博彩\n六合彩 特码\n代开 假证\n出售 枪支\n刷单 日结\n").hints, IsEmpty());
}

TEST(WordImportTest, WhatJsonHasBesidesWordsIsTold) {
  const ImportResult result = Import(
      R"({"words": ["网络博彩", {"word": "代开假证"}, 7, null, ["六合彩特码"]], "mask": "*", "more": ["甲乙丙", "丁"]})");
  EXPECT_THAT(Words(result), ElementsAre("网络博彩|mask"));
  EXPECT_EQ(result.read, 7u);
  EXPECT_THAT(result.left_out, ElementsAre(AllOf(Field(&LeftOut::why, HasSubstr("别的项")), Field(&LeftOut::count, 2),
                                                 Field(&LeftOut::examples, ElementsAre("list.txt \"more\""))),
                                           AllOf(Field(&LeftOut::why, HasSubstr("只写词")), Field(&LeftOut::count, 4),
                                                 Field(&LeftOut::examples, Contains("list.txt:2")))));
}

TEST(WordImportTest, BrokenJsonIsRefused) {
  EXPECT_FALSE(ImportWords({{"a.json", "{\"words\": 7}"}}, {.format = ImportFormat::kJson}));
  EXPECT_FALSE(ImportWords({{"a.json", "{"}}, {.format = ImportFormat::kJson}));
}

TEST(WordImportTest, WhateverIsKeptIsReadBackExactly) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"#",  "|",  "\\", "?", "&",  "&&", "=",  "=>", " ",  ",", "，", "!",
                                           "甲", "乙", "丙", "a", "B9", "é",  "？", "；", "//", ";", "\t", "=short"};
  size_t kept = 0;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    std::vector<std::string> given;
    for (int i = 0; i < 20; ++i) {
      std::string word;
      for (size_t k = 1 + random() % 7; k > 0; --k) word += pieces[random() % pieces.size()];
      given.push_back(word);
      text += word + "\n";
    }
    const ImportResult result = Import(text, {.format = ImportFormat::kLines, .tag = round % 2 == 0 ? "" : "坏"});
    for (const std::string& line : Words(result)) {
      const std::string word = line.substr(0, line.rfind("|mask"));
      const bool found = std::any_of(given.begin(), given.end(), [&](const std::string& each) {
        std::string_view bare = base::TrimBlanks(each);
        for (bool shorter = true; shorter && bare != word;) {
          shorter = bare.ends_with(',') || bare.ends_with("，");
          if (shorter) bare = base::TrimBlanks(bare.substr(0, bare.size() - (bare.ends_with(',') ? 1 : 3)));
        }
        return bare == word;
      });
      EXPECT_TRUE(found) << line;
      ++kept;
    }
  }
  EXPECT_GT(kept, 2000u) << "or the test looks at nothing";
}

TEST(WordFileEncodingTest, AnImportMayGuessGb18030AndTakesANamedEncodingOtherwise) {
  EXPECT_EQ(*DecodeWordFileAs("\xB6\xC4\xB2\xA9", "a", "auto"), "赌博");
  EXPECT_EQ(*DecodeWordFileAs("\xBD\xE4\xB3\xD5", "a", "big5"), "賭博");
  EXPECT_EQ(*DecodeWordFileAs("赌博", "a", "auto"), "赌博");
  EXPECT_EQ(*DecodeWordFileAs("\xEF\xBB\xBF赌博", "a", "UTF-8"), "赌博");
  EXPECT_FALSE(DecodeWordFileAs("\xFF\xFF", "a", "auto"));
  EXPECT_FALSE(DecodeWordFileAs("赌博", "a", "gb18030")) << "it is UTF-8";
  const auto big5 = DecodeWordFileAs("\xBD\x75\xA4\x57\xAE\x54\xBC\xD6\xAB\xB0", "a", "auto");
  ASSERT_FALSE(big5);
  EXPECT_THAT(big5.error().message, HasSubstr("--encoding big5"));
  EXPECT_FALSE(DecodeWordFileAs("x", "a", "morse"));
}

}  // namespace
}  // namespace yingda::filter
