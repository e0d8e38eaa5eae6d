// SPDX-License-Identifier: MIT
#include "base/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace yingda::base {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::optional<YamlNode> Parse(std::string_view text, YamlProblems& problems, const YamlOptions& options = {}) {
  return ParseYaml(text, problems, options);
}

YamlNode ParseOk(std::string_view text, const YamlOptions& options = {}) {
  YamlProblems problems("f.yml");
  auto node = Parse(text, problems, options);
  EXPECT_EQ(problems.Text(), "");
  return node.value_or(YamlNode{});
}

TEST(YamlTest, KnowsWhereEveryNodeWasWritten) {
  const YamlNode root = ParseOk("营业: 时间\nlist:\n  - a\n  - {键: \"值\"}\n");

  ASSERT_TRUE(root.IsMap());
  EXPECT_EQ(root.entries[0].key.column, 1);
  EXPECT_EQ(root.entries[0].value.column, 5) << "columns are characters, not bytes";
  const YamlNode& list = *root.Find("list");
  ASSERT_TRUE(list.IsList());
  EXPECT_EQ(list.items[0].line, 3);
  EXPECT_EQ(list.items[0].column, 5);
  const YamlNode& inner = *list.items[1].Find("键");
  EXPECT_EQ(inner.line, 4);
  EXPECT_EQ(inner.column, 9);
  EXPECT_TRUE(inner.quoted);
}

TEST(YamlTest, KeepsScalarsAsWritten) {
  const YamlNode root = ParseOk("a: 010\nb: yes\nc: 12345678901234567890\nd: 1e3\n");
  EXPECT_EQ(root.Find("a")->text, "010");
  EXPECT_EQ(root.Find("b")->text, "yes");
  EXPECT_EQ(root.Find("c")->text, "12345678901234567890");
  EXPECT_EQ(root.Find("d")->text, "1e3");
}

TEST(YamlTest, ReadsNullsAndPlacesThemAtTheGap) {
  const YamlNode root = ParseOk("a:\n\nb: ~\n");
  EXPECT_TRUE(root.Find("a")->IsNull());
  EXPECT_EQ(root.Find("a")->line, 1);
  EXPECT_EQ(root.Find("a")->column, 2);
  EXPECT_EQ(root.Find("b")->column, 4);
  EXPECT_TRUE(ParseOk("").IsNull());
  EXPECT_TRUE(ParseOk("# nothing\n").IsNull());
}

TEST(YamlTest, TakesByteOrderMarkAndWindowsLineEnds) {
  const YamlNode root = ParseOk(
      "\xEF\xBB\xBF"
      "a: x\r\nb: |\r\n  one\r\n  two\r\n");
  EXPECT_EQ(root.Find("a")->text, "x");
  EXPECT_EQ(root.Find("b")->text, "one\ntwo\n");
  EXPECT_EQ(root.entries[0].key.column, 1);
}

TEST(YamlTest, NumberedBracesAreTextWhereAskedFor) {
  YamlOptions options;
  options.numbered_braces = true;
  const YamlNode root = ParseOk("- {title: 订单 {1}, url: \"x/{12}\", text: {0}}\n", options);
  EXPECT_EQ(root.items[0].Find("title")->text, "订单 {1}");
  EXPECT_EQ(root.items[0].Find("url")->text, "x/{12}");
  EXPECT_EQ(root.items[0].Find("text")->text, "{0}");
  EXPECT_EQ(root.items[0].Find("text")->column, 40);
}

TEST(YamlTest, PrivateCharactersOfOldEncodingsAreNotTakenForNumberedBraces) {
  YamlOptions options;
  options.numbered_braces = true;
  const YamlNode root = ParseOk("- {title: \"\uE7E7\U000F0001 {1}\", text: \"\xEE\x9F\xA8\"}\n", options);
  EXPECT_EQ(root.items[0].Find("title")->text, "\uE7E7\U000F0001 {1}");
  EXPECT_EQ(root.items[0].Find("text")->text, "\xEE\x9F\xA8");
}

struct BadText {
  std::string_view name, text, where, english;
};

TEST(YamlTest, SaysWhereAndWhatIsWrong) {
  const BadText cases[] = {
      {"duplicate key", "a: 1\nb: 2\na: 3\n", "f.yml:3:1: ", "the key \"a\" is here twice"},
      {"tab", "a:\n\tb: 3\n", "f.yml:2:1: ", "a tab is used as indentation"},
      {"tab in list", "- k: [a]\n\tr: x\n", "f.yml:2:1: ", "a tab is used as indentation"},
      {"tab after blanks", "- k: [a]\n  \tr: x\n", "f.yml:2:3: ", "a tab is used as indentation"},
      {"open bracket", "a: [1, 2\nb: 3\n", "f.yml:1:4: ", "this bracket is never closed"},
      {"open brace", "a: {b: 1\n", "f.yml:1:4: ", "this bracket is never closed"},
      {"open quote", "a: 1\nb: \"abc\nc: 3\n", "f.yml:2:4: ", "this quote is never closed"},
      {"open single quote", "b: 'it''s\n", "f.yml:1:4: ", "this quote is never closed"},
      {"anchor", "a: &x 1\n", "f.yml:1:4: ", "anchors (&) and aliases (*) are not supported"},
      {"alias", "a: *x\n", "f.yml:1:4: ", "cannot begin with *"},
      {"lone star", "- [*]\n", "f.yml:1:4: ", "cannot begin with *"},
      {"merge key", "<<: {a: 1}\n", "f.yml:1:1: ", "merge keys (<<) are not supported"},
      {"tag", "a: !!str 1\n", "f.yml:1:4: ", "tags (!) are not supported"},
      {"second document", "a: 1\n---\nb: 2\n", "f.yml:2:1: ", "a second document begins here"},
      {"less indented", "  a: 1\n b: 2\n", "f.yml:2:2: ", "indented less than the first one"},
      {"map as key", "{1}: a\n", "f.yml:1:1: ", "a key must be a plain word"},
      {"colon in value", "a: b: c\n", "f.yml:1:5: ", "put the value in \"quotes\""},
      {"full-width colon", "- keywords：[a]\n  reply: x\n", "f.yml:1:11: ", "a full-width colon"},
      {"after quote", "a: \"x\" y\n", "f.yml:1:8: ", "put nothing after a closing quote"},
      {"escape", "a: \"\\d\"\n", "f.yml:1:5: ", "write \\\\ for a backslash"},
      {"at sign", "a: @x\n", "f.yml:1:4: ", "cannot begin with this character"},
      {"closing bracket", "- ]\n", "f.yml:1:3: ", "no opening one"},
      {"braces in flow", "- {title: 订单 {x}, url: y}\n", "f.yml:1:14: ", "in \"quotes\""},
      {"not UTF-8", "a: \xCE\xD2\xB5\n", "f.yml:1:4: ", "save the file as UTF-8"},
      {"NUL", std::string_view("a: \0b", 5), "f.yml:1:4: ", "control character"},
  };
  for (const BadText& c : cases) {
    SCOPED_TRACE(c.name);
    YamlProblems problems("f.yml");
    EXPECT_FALSE(Parse(c.text, problems).has_value());
    ASSERT_EQ(problems.size(), 1U) << problems.Text();
    EXPECT_THAT(problems.Text(), testing::StartsWith(std::string(c.where)));
    EXPECT_THAT(problems.Text(), HasSubstr(std::string(c.english)));

    YamlProblems chinese("f.yml", YamlLanguage::kChinese);
    EXPECT_FALSE(Parse(c.text, chinese).has_value());
    EXPECT_THAT(chinese.Text(), testing::StartsWith(std::string(c.where)));
    EXPECT_THAT(chinese.Text(), testing::Not(HasSubstr(std::string(c.english))));
  }
}

TEST(YamlTest, ReportsAllDuplicateKeysAtOnce) {
  YamlProblems problems("f.yml", YamlLanguage::kChinese);
  EXPECT_FALSE(Parse("a: 1\na: 2\nb: {c: 1, c: 2}\n", problems).has_value());
  EXPECT_THAT(problems.Lines(),
              ElementsAre("f.yml:2:1: 键 a 写了两次：请删掉其中一个", "f.yml:3:11: 键 c 写了两次：请删掉其中一个"));
}

TEST(YamlTest, PlacesInAPartOfAFileAreThoseInTheFile) {
  YamlOptions options;
  options.first_line = 100;
  YamlProblems problems("f.yml");
  const auto root = Parse("- a\n- b: c\n", problems, options);
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->items[0].line, 100);
  EXPECT_EQ(root->items[1].line, 101);
  EXPECT_EQ(root->items[1].column, 3);
  YamlProblems bytes("f.yml"), syntax("f.yml");
  EXPECT_FALSE(Parse("- a\n- \xFF\n", bytes, options).has_value());
  EXPECT_THAT(bytes.Text(), testing::StartsWith("f.yml:101:3:"));
  EXPECT_FALSE(Parse("- a\n- [b\n", syntax, options).has_value());
  EXPECT_THAT(syntax.Text(), testing::StartsWith("f.yml:101:3:"));
}

TEST(YamlTest, RefusesWhatIsTooLargeOrTooDeep) {
  YamlOptions options;
  options.max_bytes = 100;
  YamlProblems large("f.yml");
  EXPECT_FALSE(Parse(std::string(101, '#'), large, options).has_value());
  EXPECT_THAT(large.Text(), HasSubstr("at most 100 bytes"));
  YamlProblems marked("f.yml");
  EXPECT_FALSE(Parse("\xEF\xBB\xBF" + std::string(98, '#'), marked, options).has_value())
      << "a file is read up to one byte more than allowed, its byte order mark included";

  YamlProblems deep("f.yml");
  EXPECT_FALSE(Parse(std::string(100000, '['), deep).has_value());
  EXPECT_THAT(deep.Text(), HasSubstr("at most 32 levels"));
}

TEST(YamlTest, LongLinesCostLinearTime) {
  std::string text = "[a";
  for (int i = 0; i < 100000; ++i) text += ",'词'";
  const YamlNode root = ParseOk(text + "]");
  ASSERT_EQ(root.items.size(), 100001U);
  EXPECT_EQ(root.items.back().column, 4 + 4 * 99999);
}

TEST(YamlTest, KeepsTheFirstHundredProblemsAndCountsTheRest) {
  YamlProblems problems("f.yml");
  for (int i = 1; i <= 105; ++i) problems.Add(i, 1, "x", "x");
  EXPECT_EQ(problems.size(), 105U);
  EXPECT_EQ(problems.Lines().back(), "f.yml: and 5 more problems");
}

TEST(YamlTest, ReadsFilesAndReportsMissingOnes) {
  const std::string path = testing::TempDir() + "/yaml_test.yml";
  std::ofstream(path) << "a: 1\n";
  YamlProblems problems("f.yml");
  const auto root = ReadYamlFile(path, problems);
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->Find("a")->text, "1");

  EXPECT_FALSE(ReadYamlFile(path + ".missing", problems).has_value());
  EXPECT_THAT(problems.Text(), HasSubstr("f.yml:1:1: the file cannot be read"));
  YamlProblems folder("f.yml");
  EXPECT_FALSE(ReadYamlFile(testing::TempDir(), folder).has_value());
  EXPECT_FALSE(folder.empty());
}

}  // namespace
}  // namespace yingda::base
