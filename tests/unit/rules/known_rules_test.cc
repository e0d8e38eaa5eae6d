// SPDX-License-Identifier: MIT
// Reading a changed file with what is known of it from before must come to what reading all of it comes to.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "rules/rule_file.h"
#include "rules/rule_set.h"
#include "support/temp_dir.h"

namespace yingda::rules {
namespace {

/// Everything that reading a file makes, as text.
std::string Shown(const std::vector<Rule>& rules, const base::YamlProblems& problems,
                  const base::YamlProblems& warnings) {
  std::ostringstream out;
  out << problems.Text() << "\n" << warnings.Text() << "\n";
  const auto words = [&out](const std::vector<Keyword>& keywords) {
    for (const Keyword& word : keywords) {
      out << " " << word.text << "@" << word.line << ":" << word.column << (word.regex ? "r" : "");
    }
  };
  for (const Rule& rule : rules) {
    out << rule.file << ":" << rule.line << ":" << rule.column << " " << rule.name << " " << rule.priority << " "
        << ToString(rule.match) << " " << rule.event << " " << static_cast<int>(rule.mode);
    words(rule.keywords);
    out << " -";
    words(rule.exclude);
    for (const std::string& key : rule.event_keys) out << " key " << key;
    for (const ReplyTemplate& reply : rule.replies) {
      const auto* const text = std::get_if<wechat::TextReply>(&reply.pattern());
      out << " reply " << reply.line << ":" << reply.column << (text ? text->content : "?") << reply.ForModel();
    }
    out << " until " << rule.until_line << ":" << rule.until_column << " " << rule.cooldown.count() << " "
        << rule.schedule.Always() << "\n";
  }
  return out.str();
}

struct Reading {
  explicit Reading(const std::string& text, const KnownRules& known = {}, const std::string& file = "a.yml")
      : problems(file, base::YamlLanguage::kChinese),
        warnings(file, base::YamlLanguage::kChinese),
        read(ReadRules(text, known, problems, warnings)),
        written{read.written} {}
  KnownRules Known() const { return KnownRules(written, read.rules); }
  std::string Shown() const { return rules::Shown(read.rules, problems, warnings); }

  base::YamlProblems problems, warnings;
  RulesOfFile read;
  std::vector<WrittenFile> written;
};

constexpr std::string_view kFile = R"yaml(# 头
- keywords: [营业时间]
  reply: 九点到六点

# 下一条的说明
- keywords: ["订单(\\d+)"]
  match: regex
  reply: "查询 {1}"
- event: subscribe
  reply: |
    欢迎
    - 这不是一条规则

  cooldown: 1h
- keywords: [停用]
  enabled: false
  reply: 没有
- keywords: [春节]
  exclude: [春节快乐]
  until: 2030-02-20
  replies:
    - 放假
    - 快乐
  mode: random
)yaml";

TEST(ItemsOfTest, CutsAtTheDashesOfTheFirstColumn) {
  const auto items = ItemsOf("# c\n\n- a: 1\n  b: 2\n# d\n-\n  c: 3\n- x");
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].begin, 5U);
  EXPECT_EQ(items[0].end, 23U);
  EXPECT_EQ(items[0].line, 3);
  EXPECT_EQ(items[1].line, 6);
  EXPECT_EQ(items[2].line, 8);
  EXPECT_EQ(items[2].end, 35U);
}

TEST(ItemsOfTest, LeavesToTheYamlReaderWhatOnlyItCanCut) {
  for (const std::string_view text :
       {"", "a: 1\n", "- a: 1\n---\n- b: 2\n", "- a: 1\n...\n", "%YAML 1.2\n- a\n", "  - a: 1\n  - b: 2\n",
        "- a: \"x\ny\"\n", "- a: 1\r- b: 2\n", "[a, b]\n", "- a: 1\n\tb: 2\n", "\xEF\xBB\xBF- a: 1\n"}) {
    EXPECT_TRUE(ItemsOf(text).empty()) << text;
  }
}

TEST(KnownRulesTest, WhatIsKnownIsTakenOverAtItsNewPlace) {
  const Reading before{std::string(kFile)};
  ASSERT_TRUE(before.problems.empty()) << before.problems.Text();
  EXPECT_EQ(before.read.rules.size(), 4U);
  EXPECT_EQ(before.read.written.rules.size(), 4U);  // all but the last, which is always read
  const KnownRules known = before.Known();
  // Of what is known the expression itself is shared: so it was not read again.
  const Reading after("- keywords: [新的]\n  reply: 新\n" + std::string(kFile), known);
  ASSERT_EQ(after.read.rules.size(), 5U);
  EXPECT_EQ(after.read.rules[2].keywords[0].regex, before.read.rules[1].keywords[0].regex);
  EXPECT_EQ(after.read.rules[2].line, before.read.rules[1].line + 2);
  EXPECT_EQ(after.Shown(), Reading("- keywords: [新的]\n  reply: 新\n" + std::string(kFile)).Shown());
}

TEST(KnownRulesTest, ARuleWithAWarningIsReadAgainSoThatItWarnsAgain) {
  const std::string text =
      "- keywords: [甲]\n  reply: 一\n- keywords: [乙乙]\n  reply: 二\n- keywords: [丙丙]\n  reply: 三\n";
  const Reading before(text);
  EXPECT_FALSE(before.warnings.empty());
  EXPECT_EQ(before.read.written.rules.size(), 1U);
  EXPECT_EQ(Reading(text, before.Known()).Shown(), before.Shown());
}

TEST(KnownRulesTest, MistakesAreReportedAtTheirPlacesInTheWholeFile) {
  const Reading before{std::string(kFile)};
  const KnownRules known = before.Known();
  for (const std::string wrong :
       {"- keywords: [坏]\n  match: nonsense\n  reply: x\n", "- keywords: [\"坏]\n  reply: x\n", "- keywords: [坏\n",
        "-\n", "- \n", "- - a\n", "- keywords: &a [x]\n", "- *a\n", "- x\n", "- a: b: c\n",
        "- {keywords: [a], keywords: [b]}\n", "- reply: x\n  \treply: y\n"}) {
    const std::string text = std::string(kFile) + wrong + std::string(kFile);
    const Reading after(text, known);
    EXPECT_FALSE(after.problems.empty()) << wrong;
    EXPECT_EQ(after.Shown(), Reading(text).Shown()) << wrong;
  }
}

TEST(KnownRulesTest, WhatTheYamlReaderTakesOnlyAtTheEndOfAFileIsNotTakenElsewhere) {
  const std::string end = "- keywords: [甲甲]\n  reply: 一\n  enabled\n";
  const Reading before(std::string(kFile) + end);
  const std::string text = std::string(kFile) + end + std::string(kFile);
  const Reading whole(text), other{std::string(kFile)};
  EXPECT_NE(whole.problems.Text(), before.problems.Text());
  EXPECT_EQ(Reading(text, before.Known()).Shown(), whole.Shown());
  EXPECT_EQ(Reading(text, other.Known()).Shown(), whole.Shown());
}

TEST(KnownRulesTest, MarksAndLineEndsOfOtherEditorsMakeNoDifference) {
  const Reading before{std::string(kFile)};
  std::string windows;
  for (const char c : kFile) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const std::string& text : {"\xEF\xBB\xBF" + std::string(kFile), "---\n" + std::string(kFile),
                                  "---\n---\n" + std::string(kFile), windows, "\xEF\xBB\xBF---\r\n" + windows}) {
    const Reading first(text, before.Known()), whole(text);
    EXPECT_EQ(first.Shown(), whole.Shown());
    const std::string edited = text + "- keywords: [新的]\n  reply: 新\n";
    const Reading second(edited, first.Known());
    EXPECT_EQ(second.Shown(), Reading(edited).Shown());
    if (!whole.problems.empty()) continue;
    EXPECT_EQ(second.read.rules.at(1).keywords[0].regex, first.read.rules.at(1).keywords[0].regex) << "read again";
  }
}

TEST(KnownRulesTest, WarningsBeyondThoseThatAreKeptAreCountedTheSame) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text +=
        i % 2 == 0 ? "- keywords: [甲]\n  reply: 一\n" : "- keywords: [关键词" + std::to_string(i) + "]\n  reply: 二\n";
  }
  const Reading before(text);
  EXPECT_EQ(before.warnings.size(), 150U);
  EXPECT_EQ(before.read.written.rules.size(), 149U);
  EXPECT_EQ(Reading(text, before.Known()).Shown(), before.Shown());
}

TEST(KnownRulesTest, NoMoreIsKeptThanIsOfUse) {
  const testing::TempDir folder;
  std::ofstream(folder.File("a.yml")) << kFile;
  std::ofstream(folder.File("b.yml")) << "- keywords: [甲乙]\n  reply: \"第一\n- 第二\"\n" << kFile;
  base::YamlProblems problems("a.yml"), warnings("a.yml");
  const RulesOfFile known = ReadRuleFile(folder.File("a.yml"), {}, problems, warnings);
  EXPECT_LT(known.written.text.capacity(), 2 * kFile.size());
  const RulesOfFile unknown = ReadRuleFile(folder.File("b.yml"), {}, problems, warnings);
  EXPECT_EQ(unknown.rules.size(), 5U);
  EXPECT_TRUE(unknown.written.rules.empty());
  EXPECT_LT(unknown.written.text.capacity(), 64U);
}

TEST(KnownRulesTest, AnyEditComesToWhatReadingAllOfItComesTo) {
  constexpr std::array<std::string_view, 30> kPieces = {"- ",
                                                        "-\n",
                                                        "---\n",
                                                        "...\n",
                                                        "\"",
                                                        "'",
                                                        "|\n",
                                                        ">-\n",
                                                        "# x\n",
                                                        "\n",
                                                        "\r\n",
                                                        "\r",
                                                        "  ",
                                                        "\t",
                                                        "[",
                                                        "]",
                                                        "{1}",
                                                        "}",
                                                        ": ",
                                                        ":\n",
                                                        "%a",
                                                        "& *a",
                                                        "!t ",
                                                        "<<: a\n",
                                                        "\xEF\xBB\xBF",
                                                        "\x01",
                                                        "\xFF",
                                                        "- reply: x\n",
                                                        "- {keywords: [k], reply: r}\n",
                                                        "  enabled: false\n"};
  std::mt19937 random(20261121);
  const auto upto = [&random](size_t limit) { return std::uniform_int_distribution<size_t>(0, limit)(random); };
  size_t good = 0, taken_over = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string first(kFile);
    if (round % 3 == 0) first.insert(upto(first.size()), kPieces[upto(kPieces.size() - 1)]);
    const Reading before(first);
    std::string second = first;
    for (size_t edits = 1 + upto(2); edits > 0; --edits) {
      const size_t at = upto(second.size());
      const std::vector<ItemText> items = ItemsOf(second);
      const size_t kind = upto(6);
      if (kind == 0) {
        second.erase(at, upto(12));
      } else if (kind == 1) {  // some lines again, elsewhere
        second.insert(at, first.substr(upto(first.size()), upto(80)));
      } else if (kind == 2 || items.empty()) {
        second.insert(at, kPieces[upto(kPieces.size() - 1)]);
      } else {
        const ItemText& one = items[upto(items.size() - 1)];
        const ItemText& other = items[upto(items.size() - 1)];
        const std::string copy = second.substr(one.begin, one.end - one.begin);
        if (kind == 3) {
          second.erase(one.begin, one.end - one.begin);
        } else if (kind == 4) {
          second.insert(other.begin, copy);
        } else {
          second.insert(other.begin, kind == 5 ? "- {keywords: [一二], reply: 三四}\n" : "# 说明\n");
        }
      }
    }
    const KnownRules known = before.Known();
    const Reading after(second, known, "b.yml"), whole(second, {}, "b.yml");
    ASSERT_EQ(after.Shown(), whole.Shown()) << "before:\n" << first << "\nafter:\n" << second;
    good += whole.problems.empty() ? 1 : 0;
    for (const Rule& rule : after.read.rules) {
      if (rule.match == MatchKind::kRegex && !before.read.rules.empty()) {
        for (const Rule& old : before.read.rules) {
          if (old.match == MatchKind::kRegex && old.keywords[0].regex == rule.keywords[0].regex) ++taken_over;
        }
      }
    }
    // And once more, from what came of that.
    const Reading again(first, after.Known());
    ASSERT_EQ(again.Shown(), before.Shown()) << "before:\n" << second << "\nafter:\n" << first;
  }
  EXPECT_GT(good, 600U);
  EXPECT_GT(taken_over, 600U);
}

TEST(KnownRulesTest, ASetIsLoadedFromWhatTheOneBeforeItWasWrittenAs) {
  const testing::TempDir folder;
  const auto write = [&folder](const char* name, const std::string& text) {
    std::ofstream(folder.File(name)) << text;
    return text;
  };
  write("a.yml", std::string(kFile));
  write("b.yml", "- keywords: [乙]\n  match: exact\n  reply: b\n");
  LoadReport first;
  const auto before = RuleSet::Load({folder.path().string()}, first);
  ASSERT_TRUE(before);
  // The rules move to another file, behind others.
  write("b.yml", "# 新的\n- keywords: [丙]\n  match: exact\n  reply: c\n" + std::string(kFile));
  write("a.yml", "- keywords: [乙]\n  match: exact\n  reply: b\n");
  LoadReport with, without;
  const auto after = RuleSet::Load({folder.path().string()}, with, before->get());
  const auto fresh = RuleSet::Load({folder.path().string()}, without);
  ASSERT_TRUE(after);
  ASSERT_TRUE(fresh);
  const base::YamlProblems none("none");
  EXPECT_EQ(Shown((*after)->rules(), none, none), Shown((*fresh)->rules(), none, none));
  EXPECT_EQ(with.rules, without.rules);
  EXPECT_EQ(with.files, without.files);
  EXPECT_EQ(with.warnings, without.warnings);
  EXPECT_EQ((*after)->rules()[3].keywords[0].regex, (*before)->rules()[1].keywords[0].regex);
  EXPECT_EQ((*after)->rules()[3].Source(), folder.File("b.yml") + ":10");
  // From a set that was itself taken over.
  LoadReport third;
  const auto again = RuleSet::Load({folder.path().string()}, third, after->get());
  ASSERT_TRUE(again);
  EXPECT_EQ(Shown((*again)->rules(), none, none), Shown((*fresh)->rules(), none, none));
  EXPECT_EQ((*again)->rules()[3].keywords[0].regex, (*before)->rules()[1].keywords[0].regex);
}

}  // namespace
}  // namespace yingda::rules
