// SPDX-License-Identifier: MIT
#include "filter/word_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

WordList Parse(std::string_view content, bool allow = false) { return ParseWordList(content, "deny/a.txt", allow); }

std::vector<std::string> Texts(const WordList& list) {
  std::vector<std::string> texts;
  for (const ListedWord& word : list.words) texts.push_back(word.text);
  return texts;
}

TEST(WordListTest, TakesTheFormsThatListsComeIn) {
  const WordList list =
      Parse("\xEF\xBB\xBF第一词\r\n  第二词\t\n\n第三词,\r第四词，，\n   \n# 注释\n## 注释\n#\nhave fun\n末行没有换行");
  EXPECT_THAT(Texts(list), ElementsAre("第一词", "第二词", "第三词", "第四词", "have fun", "末行没有换行"));
  EXPECT_THAT(list.warnings, IsEmpty());
  EXPECT_EQ(list.words[2].line, 4u);
  EXPECT_EQ(list.words[5].line, 11u);
}

TEST(WordListTest, ReadsLevelsTagsAndOptionsInBothLanguages) {
  const WordList list = Parse("甲乙|mask|广告, 引流\n丙丁|复查\nsm|=word\n戊己|block|=raw\n庚|=short\n辛壬||标签");
  ASSERT_EQ(list.words.size(), 6u);
  EXPECT_EQ(list.words[0].levels, (Levels{Level::kMask, Level::kMask}));
  EXPECT_EQ(list.words[0].tags, "广告, 引流");
  EXPECT_EQ(list.words[1].levels, (Levels{Level::kReview, Level::kReview}));
  EXPECT_EQ(list.words[2].boundary, Boundary::kAlone);
  EXPECT_EQ(list.words[3].boundary, Boundary::kAnywhere);
  EXPECT_EQ(list.words[4].text, "庚");
  EXPECT_EQ(list.words[5].levels, (Levels{Level::kBlock, Level::kBlock}));
  EXPECT_EQ(list.words[5].tags, "标签");
  EXPECT_THAT(list.warnings, IsEmpty());
}

TEST(WordListTest, LevelsCanDifferByDirection) {
  const WordList list = Parse(
      "#! inbound=review "
      "level=mask\n甲乙\n丙丁|out:block\n戊己|提问：放行，回答：拦截|标签\n庚辛|block\n壬癸|block,in:review\n"
      "#! level=pass\n子丑");
  EXPECT_THAT(list.warnings, IsEmpty());
  ASSERT_EQ(list.words.size(), 6u);
  EXPECT_EQ(list.words[0].levels, (Levels{Level::kReview, Level::kMask}));
  EXPECT_EQ(list.words[1].levels, (Levels{Level::kReview, Level::kBlock}));
  EXPECT_EQ(list.words[2].levels, (Levels{Level::kPass, Level::kBlock}));
  EXPECT_EQ(list.words[2].tags, "标签");
  EXPECT_EQ(list.words[3].levels, (Levels{Level::kBlock, Level::kBlock}));
  EXPECT_EQ(list.words[4].levels, (Levels{Level::kReview, Level::kBlock}));
  EXPECT_EQ(list.words[5].levels, (Levels{Level::kPass, Level::kPass}));
}

TEST(WordListTest, ReadsWildcardsPartsAndReplacements) {
  const WordList list = Parse(
      "迷?药\n出售??枪\n问\\?号\n微信 && 刷?单|review|引流\na\\&&b\n小黑屋 => 小\\=黑|block|标签\n甲乙=>\n丙丁 => 戊 "
      "己|in:mask,out:pass");
  EXPECT_THAT(list.warnings, ElementsAre(HasSubstr("a.txt:6:1"),  // a blocked word is never replaced
                                         AllOf(HasSubstr("a.txt:7:1"), HasSubstr("打码"))));
  EXPECT_THAT(Texts(list),
              ElementsAre("迷?药", "出售??枪", "问?号", "微信 && 刷?单", "a&&b", "小黑屋", "甲乙", "丙丁"));
  EXPECT_THAT(list.words[0].parts, ElementsAre(WordPart{"迷", "药"}));
  EXPECT_THAT(list.words[1].parts, ElementsAre(WordPart{"出售", "", "枪"}));
  EXPECT_THAT(list.words[2].parts, IsEmpty());
  EXPECT_THAT(list.words[3].parts, ElementsAre(WordPart{"微信"}, WordPart{"刷", "单"}));
  EXPECT_EQ(list.words[3].tags, "引流");
  EXPECT_EQ(list.words[5].replacement, "小=黑");
  EXPECT_EQ(list.words[6].replacement, std::nullopt);
  EXPECT_EQ(list.words[6].levels, (Levels{Level::kMask, Level::kMask}));
  EXPECT_EQ(list.words[7].replacement, "戊 己");
  EXPECT_EQ(list.words[7].levels, (Levels{Level::kMask, Level::kPass}));
}

TEST(WordListTest, HeadersHoldForTheLinesBelow) {
  const WordList list =
      Parse("甲乙\n#! level=mask tag=广告 boundary=raw encoding=utf-8\n丙丁\n戊己|block\n#! level=review\n庚辛");
  ASSERT_EQ(list.words.size(), 4u);
  EXPECT_EQ(list.words[0].levels, (Levels{Level::kBlock, Level::kBlock}));
  EXPECT_EQ(list.words[1].levels, (Levels{Level::kMask, Level::kMask}));
  EXPECT_EQ(list.words[1].tags, "广告");
  EXPECT_EQ(list.words[1].boundary, Boundary::kAnywhere);
  EXPECT_EQ(list.words[2].levels, (Levels{Level::kBlock, Level::kBlock}));
  EXPECT_EQ(list.words[3].levels, (Levels{Level::kReview, Level::kReview}));
  EXPECT_THAT(list.warnings, IsEmpty());
}

TEST(WordListTest, ABackslashTakesTheMeaningFromMarks) {
  EXPECT_THAT(Texts(Parse("\\#话题\na\\|b\nc\\\\d\ne\\f")), ElementsAre("#话题", "a|b", "c\\d", "e\\f"));
  EXPECT_THAT(Texts(Parse("ab\\")), ElementsAre("ab\\"));
}

struct BadLine {
  const char* line;
  const char* place;
  const char* advice;
};

TEST(WordListTest, ABadLineIsReportedWithItsPlaceAndWhatToWrite) {
  const BadLine cases[] = {
      {"赌博|blok", "deny/a.txt:2:4: ", "block"},
      {"  赌博|mask|x|y", "deny/a.txt:2:13: ", "\\|"},
      {"赌博|=whole", "deny/a.txt:2:4: ", "=word"},
      {"|mask", "deny/a.txt:2:1: ", "补上词"},
      {"a", "deny/a.txt:2:1: ", "|=short"},
      {"操", "deny/a.txt:2:1: ", "|=short"},
      {"\u00ad\u00ad", "deny/a.txt:2:1: ", "删掉"},
      {"赌场 && ", "deny/a.txt:2:1: ", "没有词"},
      {"甲乙 && 丙", "deny/a.txt:2:7: ", "=short"},
      {"一一 && 二二 && 三三 && 四四 && 五五", "deny/a.txt:2:1: ", "最多连接 4 个"},
      {"?药", "deny/a.txt:2:1: ", "\\?"},
      {"迷?", "deny/a.txt:2:1: ", "开头或末尾"},
      {"迷...?药?", "deny/a.txt:2:1: ", "末尾"},
      {"迷?魂?药?水", "deny/a.txt:2:1: ", "最多两个"},
      {"甲乙 => 丙 => 丁", "deny/a.txt:2:11: ", "只能有一个 =>"},
      {"=> 丙", "deny/a.txt:2:1: ", "补上词"},
      {"赌博|in:blok", "deny/a.txt:2:4: ", "block"},
      {"赌博|mask,进:block", "deny/a.txt:2:9: ", "in:级别"},
      {"#! inbound=x", "deny/a.txt:2:4: ", "review"},
      {"\xB6\xC4\xB2\xA9", "deny/a.txt:2:1: ", "UTF-8"},
      {"#! levle=mask", "deny/a.txt:2:4: ", "level="},
      {"#! level=x", "deny/a.txt:2:4: ", "block"},
      {"#! boundary=x", "deny/a.txt:2:4: ", "raw"},
      {"#! encoding=ebcdic", "deny/a.txt:2:4: ", "UTF-8"},
  };
  for (const BadLine& c : cases) {
    const WordList list = Parse("好词一个\n" + std::string(c.line) + "\n好词两个\n");
    EXPECT_EQ(list.words.size(), 2u) << c.line;
    EXPECT_EQ(list.bad_lines, 1u) << c.line;
    ASSERT_EQ(list.warnings.size(), 1u) << c.line;
    EXPECT_THAT(list.warnings[0], HasSubstr(c.place));
    EXPECT_THAT(list.warnings[0], HasSubstr(c.advice));
  }
  const WordList too_long =
      Parse(std::string(65, 'a') + "\n" + std::string(64, 'b') + "\nx" + std::string(2000, '-') + "y");
  EXPECT_EQ(too_long.words.size(), 1u);
  EXPECT_EQ(too_long.bad_lines, 2u);
}

TEST(WordListTest, LikelySlipsAreToldButKept) {
  const WordList list = Parse("赌博,彩票,假证\n#没有空格的注释\n迷？药");
  EXPECT_EQ(list.words.size(), 2u);
  EXPECT_EQ(list.bad_lines, 0u);
  ASSERT_EQ(list.warnings.size(), 3u);
  EXPECT_THAT(list.warnings[2], HasSubstr("半角的 ?"));
  EXPECT_THAT(list.warnings[0], HasSubstr("每行只写一个"));
  EXPECT_THAT(list.warnings[1], HasSubstr("\\#没有空格的注释"));
}

TEST(WordListTest, AWordIsNotReplacedByItself) {
  for (const char* line : {"微信 => 【微信】", "VX => vx", "+v => +V", "網絡 => 网-络"}) {
    const WordList list = Parse(std::string(line) + "\n");
    ASSERT_EQ(list.words.size(), 1u) << line;
    EXPECT_EQ(list.words[0].replacement, std::nullopt) << line;
    EXPECT_EQ(list.words[0].levels.outbound, Level::kMask) << line;
    ASSERT_EQ(list.warnings.size(), 1u) << line;
    EXPECT_THAT(list.warnings[0], AllOf(HasSubstr("a.txt:1:1: "), HasSubstr("换成别的")));
  }
  EXPECT_THAT(Parse("微信 => 企业微信\n迷?药 => 迷魂药\n好 && 坏 => 好|=short\n").warnings, IsEmpty());
}

TEST(WordListTest, AllowedWordsHaveNoLevel) {
  EXPECT_EQ(Parse("大麻烦 && 麻烦", true).bad_lines, 1u);
  EXPECT_EQ(Parse("大麻烦 => 麻烦", true).bad_lines, 1u);
  EXPECT_EQ(Parse("大麻?烦", true).words.size(), 1u);
  EXPECT_EQ(Parse("大麻烦|mask", true).bad_lines, 1u);
  EXPECT_EQ(Parse("大麻烦", true).words.size(), 1u);
}

TEST(WordListTest, AFloodOfWarningsIsCutShort) {
  std::string content;
  for (int at = 0; at < 5'000; ++at) content += "a\n";
  const WordList list = Parse(content);
  EXPECT_EQ(list.bad_lines, 5'000u);
  EXPECT_LE(list.warnings.size(), 101u);
  EXPECT_THAT(list.warnings.back(), HasSubstr("4900"));
}

class WordFolderTest : public testing::Test {
 protected:
  WordFolderTest() : folder_(std::filesystem::temp_directory_path() / ("yingda_words_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "deny");
  }
  ~WordFolderTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, std::string_view content) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  base::Result<std::shared_ptr<const WordFilter>> Load() { return WordFilter::Load(folder_.string(), report_); }

  std::filesystem::path folder_;
  LoadReport report_;
};

TEST_F(WordFolderTest, AllTextFilesOfBothFoldersAreRead) {
  Write("deny/b.txt", "大麻\n");
  Write("deny/a.txt", "黄片\n黄|=short\nx|x|x|x|x\n");
  Write("deny/notes.md", "不是词\n");
  Write("deny/.hidden.txt", "也不是词\n");
  Write("allow/c.txt", "大麻烦\n");
  const auto filter = Load();
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_EQ(report_.files, 3u);
  EXPECT_EQ(report_.words, 4u);
  ASSERT_EQ(report_.warnings.size(), 1u);
  EXPECT_THAT(report_.warnings[0], HasSubstr("deny/a.txt:3:3: "));
  EXPECT_EQ((*filter)->Info(2).file, "deny/b.txt");
}

TEST_F(WordFolderTest, AFolderWithoutWordsPassesEverything) {
  std::filesystem::remove(folder_ / "deny");
  const auto filter = Load();
  ASSERT_TRUE(filter);
  Scratch scratch;
  EXPECT_EQ((*filter)->Check("任何话 anything", Direction::kInbound, scratch).level, Level::kPass);
}

TEST_F(WordFolderTest, AMissingFolderIsRefused) {
  LoadReport report;
  const auto filter = WordFilter::Load((folder_ / "nowhere").string(), report);
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().message, HasSubstr("nowhere"));
}

TEST_F(WordFolderTest, AFileThatCannotBeReadRefusesTheWholeSet) {
  Write("deny/a.txt", "黄片\n");
  std::filesystem::create_symlink(folder_ / "nowhere.txt", folder_ / "deny" / "b.txt");
  const auto filter = Load();
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().message, HasSubstr("deny/b.txt"));
}

constexpr std::string_view kGbk = "\xB6\xC4\xB2\xA9\n\xB2\xCA\xC6\xB1\n\xBC\xD9\xD6\xA4\nword\n";  // 赌博 彩票 假证

TEST_F(WordFolderTest, AFileInAnotherEncodingThatDoesNotSaySoRefusesTheWholeSet) {
  Write("deny/a.txt", kGbk);
  const auto gbk = Load();
  ASSERT_FALSE(gbk);
  EXPECT_THAT(gbk.error().message, HasSubstr("deny/a.txt: "));
  EXPECT_THAT(gbk.error().message, HasSubstr("#! encoding=gb18030"));
  Write("deny/a.txt", "\xFF\xB6\xC4\n\xB2\xFF\n");
  const auto unknown = Load();
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("UTF-8"));
}

TEST_F(WordFolderTest, AFileThatSaysItsEncodingIsReadInItAndKeepsItsLinesAndColumns) {
  Write("deny/a.txt", "# \xB4\xCA\r\n#! level=mask encoding=GB18030\r\n" + std::string(kGbk) + "\xB6\xC4\xB2\xA9|x\n");
  const auto filter = Load();
  ASSERT_TRUE(filter) << filter.error().message;
  Scratch scratch;
  const Verdict verdict = (*filter)->Check("买彩票", Direction::kInbound, scratch);
  ASSERT_EQ(verdict.hits.size(), 1u);
  EXPECT_EQ((*filter)->Info(verdict.hits[0].word).line, 4u);
  ASSERT_EQ(report_.warnings.size(), 1u);
  EXPECT_THAT(report_.warnings[0], HasSubstr("deny/a.txt:7:4: "));
}

TEST_F(WordFolderTest, BytesThatAreNotInTheSaidEncodingAreNamedByTheirLine) {
  Write("deny/a.txt", "#! encoding=gb18030\n" + std::string(kGbk) + "\xFF\n");
  const auto broken = Load();
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("deny/a.txt:6: "));
  Write("deny/a.txt", "#! encoding=ebcdic\n" + std::string(kGbk));
  const auto unknown = Load();
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("deny/a.txt:1: "));
  EXPECT_THAT(unknown.error().message, HasSubstr("ebcdic"));
}

TEST_F(WordFolderTest, Utf16WithItsMarkIsRead) {
  Write("deny/a.txt", std::string_view("\xFF\xFE\x4C\x8D\x5A\x53\r\0\n\0", 10));  // 赌博
  Write("deny/b.txt", std::string_view("\xFE\xFF\x5F\x69\x79\x68\0\n", 8));       // 彩票
  const auto filter = Load();
  ASSERT_TRUE(filter) << filter.error().message;
  EXPECT_EQ((*filter)->Info(0).text, "赌博");
  EXPECT_EQ((*filter)->Info(1).text, "彩票");
  Write("deny/b.txt", std::string_view("\xFE\xFF\x5F\x69\xD8\x00\0\n", 8));  // half a surrogate pair
  EXPECT_FALSE(Load());
}

TEST_F(WordFolderTest, AFewBrokenLinesInAUtf8FileAreNamedOneByOne) {
  Write("deny/a.txt", "赌博\n彩票\n\xB2\xCA\xC6\xB1\n");
  const auto filter = Load();
  ASSERT_TRUE(filter) << filter.error().message;
  ASSERT_EQ(report_.warnings.size(), 1u);
  EXPECT_THAT(report_.warnings[0], HasSubstr("deny/a.txt:3:1: "));
}

TEST_F(WordFolderTest, AUtf8FileThatSaysItIsInAnotherEncodingIsRefused) {
  for (const char* encoding : {"gb18030", "GBK", "big5", "utf-16le"}) {
    Write("deny/a.txt", std::string("# 词表\n#! encoding=") + encoding + "\n赌博\n");
    const auto filter = Load();
    ASSERT_FALSE(filter) << encoding;
    EXPECT_THAT(filter.error().message, AllOf(HasSubstr("deny/a.txt:2: "), HasSubstr("删掉 encoding=")));
  }
  Write("deny/a.txt", "#! encoding=gb18030\nonly ASCII\n");
  EXPECT_TRUE(Load());
}

// 網路博彩 線上娛樂城
constexpr std::string_view kBig5 = "\xBA\xF4\xB8\xF4\xB3\xD5\xB1\x6D\n\xBD\x75\xA4\x57\xAE\x54\xBC\xD6\xAB\xB0\n";

TEST_F(WordFolderTest, AFileThatLooksLikeBig5IsNotTakenForGb18030) {
  Write("deny/a.txt", kBig5);
  const auto silent = Load();
  ASSERT_FALSE(silent);
  EXPECT_THAT(silent.error().message, HasSubstr("#! encoding=big5"));
  // Kana in GB18030: なにいろは and テスト.
  Write("deny/a.txt", "#! encoding=gb18030\n\xA4\xCA\xA4\xCB\xA4\xA4\xA4\xED\xA4\xCF\n\xA5\xC6\xA5\xB9\xA5\xC8\n");
  EXPECT_TRUE(Load()) << "characters that are frequent in Big5 by their numbers only";
  Write("deny/a.txt", "#! encoding=gb18030\n" + std::string(kBig5));
  const auto wrong = Load();
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, AllOf(HasSubstr("deny/a.txt:1: "), HasSubstr("big5")));
  Write("deny/a.txt", "#! encoding=big5\n" + std::string(kBig5));
  const auto right = Load();
  ASSERT_TRUE(right) << right.error().message;
  EXPECT_EQ((*right)->Info(0).text, "網路博彩");
}

TEST_F(WordFolderTest, AUtf8FileWithManyLinesInGbkIsNotReadAsGbk) {
  Write("deny/a.txt", "赌博\n" + std::string(kGbk) + std::string(kGbk));
  const auto filter = Load();
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error().message, AllOf(HasSubstr("deny/a.txt:2:1: "), HasSubstr("6 行不对")));
}

TEST_F(WordFolderTest, FiveBadLinesInAHundredAreTheLimit) {
  std::string content;
  for (int at = 0; at < 95; ++at) content += "好词" + std::to_string(1000 + at) + "\n";
  Write("deny/a.txt", content + "a\nb\nc\nd\ne\n");
  EXPECT_TRUE(Load());
  EXPECT_EQ(report_.warnings.size(), 5u);
  Write("deny/a.txt", content + "a\nb\nc\nd\ne\nf\n");
  EXPECT_FALSE(Load());
}

}  // namespace
}  // namespace yingda::filter
