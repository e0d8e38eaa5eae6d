// SPDX-License-Identifier: MIT
#include "base/yaml_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace yingda::base {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class YamlMapTest : public testing::Test {
 protected:
  const YamlNode* Root(std::string_view text) {
    node_ = ParseYaml(text, problems_);
    EXPECT_TRUE(node_.has_value()) << problems_.Text();
    return node_ ? &*node_ : nullptr;
  }

  YamlProblems problems_{"config.yml"};
  std::optional<YamlNode> node_;
};

TEST_F(YamlMapTest, ReadsEveryType) {
  {
    YamlMap map(Root("s: text\nb: yes\ni: -7\nn: 2.5\nd: 4.5s\nz: 64KiB\nc: safe\nl: [a, b]\none: a\n"
                     "m: {x: 1}\nms:\n  - x: 2\n  - x: 3\n"),
                problems_);
    EXPECT_EQ(map.String("s"), "text");
    EXPECT_TRUE(map.Bool("b", false));
    EXPECT_EQ(map.Integer("i", 0, -10, 10), -7);
    EXPECT_EQ(map.Number("n", 0, 0, 10), 2.5);
    EXPECT_EQ(map.Duration("d", 0s, 0s, 1min), 4500ms);
    EXPECT_EQ(map.Size("z", 0, 0, 1 << 20), 65536U);
    EXPECT_EQ(map.Choice<int>("c", 0, {{"plain", 1}, {"safe", 2}}), 2);
    EXPECT_THAT(map.Strings("l"), ElementsAre("a", "b"));
    EXPECT_THAT(map.Strings("one"), ElementsAre("a"));
    EXPECT_EQ(map.Map("m").Integer("x", 0, 0, 9), 1);
    std::vector<YamlMap> maps = map.Maps("ms");
    ASSERT_EQ(maps.size(), 2U);
    EXPECT_EQ(maps[0].Integer("x", 0, 0, 9), 2);
    EXPECT_EQ(maps[1].Integer("x", 0, 0, 9), 3);
  }
  EXPECT_EQ(problems_.Text(), "");
}

TEST_F(YamlMapTest, AbsentKeysAndEmptyValuesGiveTheDefault) {
  YamlMap map(Root("empty:\n"), problems_);
  EXPECT_EQ(map.String("empty", "d"), "d");
  EXPECT_EQ(map.String("s", "d"), "d");
  EXPECT_FALSE(map.Bool("b", false));
  EXPECT_EQ(map.Duration("d", 3s, 0s, 1min), 3s);
  EXPECT_THAT(map.Strings("l", {"x"}), ElementsAre("x"));
  EXPECT_EQ(map.Map("m").Map("n").String("o", "deep"), "deep");
  EXPECT_TRUE(map.Maps("ms").empty());
  EXPECT_EQ(problems_.Text(), "");
}

TEST_F(YamlMapTest, CollectsEveryErrorWithItsPlace) {
  {
    YamlMap map(Root("b: maybe\ni: 99\nd: 4.5\nz: 64KB\nc: sfae\ns: [x]\nl: [[x]]\nm: text\nms: 1\nn: x\n"), problems_);
    EXPECT_TRUE(map.Bool("b", true));
    EXPECT_EQ(map.Integer("i", 5, 0, 10), 5);
    EXPECT_EQ(map.Duration("d", 3s, 100ms, 14s), 3s);
    EXPECT_EQ(map.Size("z", 7, 1024, 1 << 20), 7U);
    EXPECT_EQ(map.Choice<int>("c", 1, {{"plain", 1}, {"safe", 2}}), 1);
    EXPECT_EQ(map.String("s"), "");
    EXPECT_TRUE(map.Strings("l").empty());
    map.Map("m");
    EXPECT_TRUE(map.Maps("ms").empty());
    map.Number("n", 1, 0, 2.5);
    map.Require("token");
  }
  EXPECT_THAT(
      problems_.Lines(),
      ElementsAre(
          "config.yml:1:1: \"token\" is missing: add it", "config.yml:1:4: \"b\" must be true or false, not \"maybe\"",
          "config.yml:2:4: \"i\" must be a whole number from 0 to 10, not \"99\"",
          "config.yml:3:4: \"d\" must be a duration with its unit (ms, s, m, h, d) from 100ms to 14s, not \"4.5\"",
          "config.yml:4:4: \"z\" must be a size in bytes or with its unit (KiB, MiB, GiB) from 1KiB to 1MiB, not "
          "\"64KB\"",
          "config.yml:5:4: \"c\" must be one of plain, safe, not \"sfae\"",
          "config.yml:6:4: \"s\" must be one value, not a list or a section (put text with brackets in \"quotes\")",
          "config.yml:7:5: expected a text here: put it in \"quotes\" if it has brackets or a colon",
          "config.yml:8:4: expected a section of \"key: value\" lines",
          "config.yml:9:5: \"ms\" must be a list: begin each item with \"- \", not \"1\"",
          "config.yml:10:4: \"n\" must be a number from 0 to 2.5, not \"x\""));
}

TEST_F(YamlMapTest, UnknownKeysAreErrorsWithAGuess) {
  {
    YamlMap map(Root("lisen: x\nzzz: 1\nserver: {prot: 1}\n"), problems_);
    map.String("listen");
    map.Map("server").Integer("port", 0, 0, 65535);
  }
  EXPECT_THAT(problems_.Lines(),
              ElementsAre("config.yml:1:1: unknown key \"lisen\": did you mean \"listen\"?",
                          "config.yml:2:1: unknown key \"zzz\": remove it, or write one of listen, server",
                          "config.yml:3:10: unknown key \"prot\": did you mean \"port\"?"));
}

TEST_F(YamlMapTest, ColonMistakesAreNamed) {
  YamlMap(Root("server：x\n"), problems_);
  EXPECT_THAT(problems_.Text(), HasSubstr("full-width colon"));
  YamlProblems second("f.yml");
  const auto node = ParseYaml("- reply:x\n", second);
  ASSERT_TRUE(node.has_value());
  YamlMap(&node->items[0], second);
  EXPECT_EQ(second.Text(), "f.yml:1:3: expected \"key: value\": a blank is missing after the colon");
}

TEST(YamlMapKeysTest, AKeyThatSwallowedItsValueIsNotShown) {
  for (const std::string written : {"token:hidden", "token：hidden"}) {
    YamlProblems problems("f.yml");
    const auto node = ParseYaml("a: 1\n" + written + "\n", problems);
    ASSERT_TRUE(node.has_value()) << problems.Text();
    YamlMap(&*node, problems).String("a");
    EXPECT_THAT(problems.Lines(), ElementsAre(testing::AllOf(testing::StartsWith("f.yml:2:1: "), HasSubstr("colon"),
                                                             testing::Not(HasSubstr("hidden")))));
  }
}

TEST(YamlUnitsTest, ReadsDurations) {
  EXPECT_EQ(ParseDuration("4500ms"), 4500ms);
  EXPECT_EQ(ParseDuration("4.5s"), 4500ms);
  EXPECT_EQ(ParseDuration("10m"), 10min);
  EXPECT_EQ(ParseDuration("48h"), 48h);
  EXPECT_EQ(ParseDuration("7d"), 168h);
  EXPECT_EQ(ParseDuration("0"), 0s);
  for (std::string_view bad : {"", "s", "5", "5 s", "-5s", "1e3s", "5S", "999999999999d", "..s", "1.2.3s"}) {
    EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
  }
}

TEST(YamlUnitsTest, ReadsSizes) {
  EXPECT_EQ(ParseSize("512"), 512U);
  EXPECT_EQ(ParseSize("512B"), 512U);
  EXPECT_EQ(ParseSize("64KiB"), 65536U);
  EXPECT_EQ(ParseSize("1.5MiB"), 1572864U);
  for (std::string_view bad : {"", "KiB", "64KB", "64k", "-1", "1e6", "99999999999GiB"}) {
    EXPECT_EQ(ParseSize(bad), std::nullopt) << bad;
  }
}

TEST(YamlUnitsTest, FormattedDurationsReadBack) {
  EXPECT_EQ(FormatDuration(4500ms), "4500ms");
  EXPECT_EQ(FormatDuration(0s), "0");
  for (Duration d : {Duration(4500ms), Duration(10min), Duration(48h), Duration(7s), Duration(0s)}) {
    EXPECT_EQ(ParseDuration(FormatDuration(d)), d);
  }
}

TEST(YamlUnitsTest, GuessesMisspellings) {
  EXPECT_EQ(ClosestWord("keyword", {"match", "keywords"}), "keywords");
  EXPECT_EQ(ClosestWord("mtach", {"match", "mode"}), "match");
  EXPECT_EQ(ClosestWord("banana", {"match", "mode"}), "");
}

}  // namespace
}  // namespace yingda::base
