// SPDX-License-Identifier: MIT
#include "rules/rule_set.h"

#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(RuleSetTest, KindsMatchAsTheyAreNamed) {
  const auto set = SetFrom(R"yaml(
- {keywords: [你好], match: exact, reply: exact}
- {keywords: [查询], match: prefix, reply: prefix}
- {keywords: [价格], match: suffix, reply: suffix}
- {keywords: [退货, 运费], match: all_of, reply: all_of}
- {keywords: [营业时间], reply: contains}
- {keywords: ["订单(\\d+)"], match: regex, reply: "regex {1}"}
)yaml");
  struct Case {
    std::string_view text, want;
  };
  const Case cases[] = {
      {"你好", "exact"},
      {"你好！", "exact"},
      {" 你好。。 ", "exact"},
      {"你好吗", "(none)"},
      {"查询余额", "prefix"},
      {"我要查询", "(none)"},
      {"最新价格", "suffix"},
      {"最新价格？？", "suffix"},
      {"价格表", "(none)"},
      {"运费谁出？要退货", "all_of"},
      {"退货", "(none)"},
      {"请问营业时间是？", "contains"},
      {"我的订单123到哪了", "regex 123"},
      {"订单", "(none)"},
      {"", "(none)"},
      {"  ", "(none)"},
  };
  for (const Case& c : cases) EXPECT_EQ(AnswerTo(*set, TextInput(c.text)), c.want) << c.text;
}

TEST(RuleSetTest, FoldsAsTheWordFilterDoes) {
  const auto set = SetFrom(R"yaml(
- {keywords: [Ping], match: exact, reply: pong}
- {keywords: [订单], reply: order}
- {keywords: [ＶＩＰ], match: prefix, reply: vip}
- {keywords: [A１], match: suffix, reply: a1}
- {keywords: ["^no\\.(\\w+)$"], match: regex, reply: "{1}"}
)yaml");
  EXPECT_EQ(AnswerTo(*set, TextInput("ＰＩＮＧ")), "pong");
  EXPECT_EQ(AnswerTo(*set, TextInput("pinG!")), "pong");
  EXPECT_EQ(AnswerTo(*set, TextInput("查訂單")), "order");
  EXPECT_EQ(AnswerTo(*set, TextInput("订\u200B单")), "order");
  EXPECT_EQ(AnswerTo(*set, TextInput("vip客户")), "vip");
  EXPECT_EQ(AnswerTo(*set, TextInput("选ａ1")), "a1");
  EXPECT_EQ(AnswerTo(*set, TextInput("NO.１２Ab")), "12Ab") << "groups keep their case";
}

struct Pair {
  std::string_view name, winner, loser, text;
};

TEST(RuleSetTest, PrecedenceIsPriorityKindLengthPlace) {
  const Pair pairs[] = {
      {"priority", "keywords: [订], priority: 1", "keywords: [订单], match: exact", "订单"},
      {"exact before prefix", "keywords: [订单], match: exact", "keywords: [订单], match: prefix", "订单"},
      {"prefix before all_of", "keywords: [订], match: prefix", "keywords: [订单, 查], match: all_of", "订单查"},
      {"suffix before all_of", "keywords: [查], match: suffix", "keywords: [订单, 查], match: all_of", "订单查"},
      {"all_of before contains", "keywords: [订, 查], match: all_of", "keywords: [订单查], match: contains", "订单查"},
      {"contains before regex", "keywords: [单]", "keywords: [订单查], match: regex", "订单查"},
      {"longer prefix", "keywords: [订单], match: prefix", "keywords: [订], match: prefix", "订单"},
      {"longer contains", "keywords: [订单], match: contains", "keywords: [单]", "订单查"},
      {"prefix and suffix are equals", "keywords: [单查], match: suffix", "keywords: [订], match: prefix", "订单查"},
      {"longer all_of", "keywords: [订单, 查], match: all_of", "keywords: [订, 查], match: all_of", "订单查"},
  };
  for (const Pair& pair : pairs) {
    const std::string winner = "- {" + std::string(pair.winner) + ", reply: winner}\n";
    const std::string loser = "- {" + std::string(pair.loser) + ", reply: loser}\n";
    EXPECT_EQ(AnswerTo(*SetFrom(winner + loser), TextInput(pair.text)), "winner") << pair.name;
    EXPECT_EQ(AnswerTo(*SetFrom(loser + winner), TextInput(pair.text)), "winner") << pair.name << ", turned round";
  }
}

// WeChatPlugin #427 asks which of several rules answers: there it was a different one each time.
TEST(RuleSetTest, OfEqualsTheFirstInTheFileWins) {
  EXPECT_EQ(AnswerTo(*SetFrom("- {keywords: [甲乙], reply: first}\n- {keywords: [乙丙], reply: second}\n"),
                     TextInput("甲乙丙")),
            "first");
  EXPECT_EQ(AnswerTo(*SetFrom("- {keywords: [a+], match: regex, reply: first}\n"
                              "- {keywords: [aaaa], match: regex, reply: second}\n"),
                     TextInput("aaaa")),
            "first");
}

TEST(RuleSetTest, EventsMatchByNameAndKey) {
  const auto set = SetFrom(R"yaml(
- {event: subscribe, reply: welcome}
- {event: subscribe, key: door-7, reply: door}
- {event: CLICK, key: [A, B], reply: ab}
- {keywords: [subscribe], reply: text}
)yaml");
  EXPECT_EQ(AnswerTo(*set, EventInput("subscribe")), "welcome");
  EXPECT_EQ(AnswerTo(*set, EventInput("subscribe", "other")), "welcome");
  EXPECT_EQ(AnswerTo(*set, EventInput("subscribe", "door-7")), "door");
  EXPECT_EQ(AnswerTo(*set, EventInput("click", "B")), "ab");
  EXPECT_EQ(AnswerTo(*set, EventInput("click", "b")), "(none)");
  EXPECT_EQ(AnswerTo(*set, EventInput("click")), "(none)");
  EXPECT_EQ(AnswerTo(*set, TextInput("subscribe")), "text");
}

TEST(RuleSetTest, RandomRepliesAreRepeatableAndCoverAll) {
  const auto set = SetFrom("- {keywords: [抽奖], mode: random, replies: [a, b, c]}\n");
  std::multiset<std::string> seen;
  for (uint64_t choice = 0; choice < 3000; ++choice) {
    const std::string answer = AnswerTo(*set, TextInput("抽奖", choice));
    EXPECT_EQ(AnswerTo(*set, TextInput("抽奖", choice)), answer);
    seen.insert(answer);
  }
  for (const char* reply : {"a", "b", "c"}) EXPECT_NEAR(static_cast<double>(seen.count(reply)), 1000, 150) << reply;
}

TEST(RuleSetTest, NamesTheRuleAndItsPlace) {
  const auto set = SetFrom("- {keywords: [甲乙], reply: x}\n\n- {keywords: [丙丁], name: 二号, reply: y}\n");
  RuleSet::Scratch scratch;
  const auto first = set->Match(TextInput("甲乙"), scratch);
  EXPECT_EQ(first->rule, "甲乙");
  EXPECT_EQ(first->source, "a.yml:1");
  const auto second = set->Match(TextInput("丙丁"), scratch);
  EXPECT_EQ(second->rule, "二号");
  EXPECT_EQ(second->source, "a.yml:3");
}

TEST(RuleSetTest, ExplainsWhyTheOthersLost) {
  const auto set = SetFrom(R"yaml(
- {keywords: [营业], reply: x, name: 短}
- {keywords: ["营.时间"], match: regex, reply: x, name: 正则}
- {keywords: [营业时间, 营业], reply: x, name: 长}
- {keywords: [营业时间], match: exact, priority: -1, reply: x, name: 低}
- {keywords: [业时间], reply: x, name: 三, enabled: false}
- {keywords: [营业时问], reply: x, name: 无关}
)yaml");
  const auto explained = set->Explain(TextInput("营业时间"));
  ASSERT_EQ(explained.size(), 4U);
  EXPECT_EQ(explained[0].rule, "长");
  EXPECT_TRUE(explained[0].wins);
  EXPECT_EQ(explained[0].matched, "contains“营业时间”");
  EXPECT_EQ(explained[0].source, "a.yml:4");
  EXPECT_EQ(explained[1].rule, "短");
  EXPECT_EQ(explained[1].why, "命中 contains“营业”，但关键词较短，长的优先");
  EXPECT_EQ(explained[2].rule, "正则");
  EXPECT_EQ(explained[2].why, "命中 regex“营.时间”，但同样优先级下，contains 排在 regex 前面");
  EXPECT_EQ(explained[3].rule, "低");
  EXPECT_EQ(explained[3].why, "命中 exact“营业时间”，但优先级较低：-1 < 0");
  EXPECT_THAT(set->Explain(TextInput("别的")), IsEmpty());

  const auto events = SetFrom("- {event: click, reply: x}\n- {event: click, key: K, reply: y}\n");
  const auto explained_events = events->Explain(EventInput("click", "K"));
  ASSERT_EQ(explained_events.size(), 2U);
  EXPECT_EQ(explained_events[0].matched, "event“click K”");
  EXPECT_EQ(explained_events[1].why, "命中 event“click”，但写了 key 的规则优先");
}

TEST(RuleSetTest, WarnsOfRulesThatNeverGetTheirTurn) {
  std::vector<std::string> warnings;
  RuleSet(RulesFrom("- {keywords: [ping], match: exact, reply: x}\n"
                    "- {keywords: [甲乙, ＰＩＮＧ], match: exact, reply: x}\n"
                    "- {keywords: [ping], match: prefix, reply: x}\n"
                    "- {event: subscribe, reply: x}\n- {event: subscribe, reply: x}\n"),
          warnings);
  EXPECT_THAT(warnings, ElementsAre(StartsWith("a.yml:5:1: “subscribe”已经写在 a.yml:4，这里的永远轮不到"),
                                    StartsWith("a.yml:2:19: “ＰＩＮＧ”已经写在 a.yml:1，这里的永远轮不到")));
}

TEST(RuleSetTest, DoesNotFloodTheLogWithDuplicates) {
  std::string text;
  for (int i = 0; i < 151; ++i) text += "- {keywords: [甲乙], reply: x}\n";
  std::vector<std::string> warnings;
  RuleSet(RulesFrom(text), warnings);
  ASSERT_EQ(warnings.size(), 101U);
  EXPECT_EQ(warnings.back(), "还有 50 个重复的关键词没有列出");
}

// peertube-livechat #694: an expression of an admin's could stop the bot; gcc 86164: std::regex overflows the stack.
TEST(RuleSetTest, HostileExpressionsAreLinear) {
  const auto set = SetFrom("- {keywords: [\"(a+)+$\", \"(a|aa)*b\", \"(.*)*x(.*)*y\"], match: regex, reply: x}\n");
  const std::string text = std::string(20000, 'a') + "!";
  const auto start = std::chrono::steady_clock::now();
  AnswerTo(*set, TextInput(text));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(RuleSetTest, ExpressionsSeeTheFirstTwoKibibytes) {
  const auto set = SetFrom("- {keywords: [end], match: regex, reply: found}\n");
  EXPECT_EQ(AnswerTo(*set, TextInput(std::string(2045, 'x') + "end")), "found");
  EXPECT_EQ(AnswerTo(*set, TextInput(std::string(2046, 'x') + "end")), "(none)");
}

TEST(RuleSetTest, InvalidUtf8IsHarmless) {
  const auto set = SetFrom("- {keywords: [ab], reply: c}\n- {keywords: [\"x.y(.*)\"], match: regex, reply: \"{1}\"}\n");
  EXPECT_EQ(AnswerTo(*set, TextInput("\xFF\xFE"
                                     "ab\xC0")),
            "c");
  EXPECT_EQ(AnswerTo(*set, TextInput("x\xFFy\xE8\xAE")), "\uFFFD\uFFFD") << "what goes out again is valid";
}

class RuleFolderTest : public testing::Test {
 protected:
  RuleFolderTest() : folder_(std::filesystem::path(testing::TempDir()) / "rule_set_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "one");
    std::filesystem::create_directories(folder_ / "two");
  }
  std::string Write(const std::string& file, std::string_view text) {
    std::ofstream(folder_ / file) << text;
    return (folder_ / file).string();
  }
  std::string Folder(const std::string& name) { return (folder_ / name).string(); }

  std::filesystem::path folder_;
  LoadReport report_;
};

TEST_F(RuleFolderTest, LoadsFoldersInOrderAndFilesByName) {
  Write("one/b.yml", "- {keywords: [甲乙], reply: b}\n");
  Write("one/a.yml", "- {keywords: [乙丙], reply: a}\n");
  Write("two/a.yml", "- {keywords: [甲丙], reply: two}\n");
  const auto set = RuleSet::Load({Folder("two"), Folder("one")}, report_);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(report_.files, 3U);
  EXPECT_EQ(report_.rules, 3U);
  EXPECT_THAT(report_.warnings, IsEmpty());
  EXPECT_EQ(AnswerTo(**set, TextInput("甲乙丙")), "a");
  EXPECT_EQ(AnswerTo(**set, TextInput("甲丙乙丙")), "two");
}

TEST_F(RuleFolderTest, ReportsAllErrorsOfAllFiles) {
  const std::string a = Write("one/a.yml", "- {keywords: [\"\"], reply: x}\n");
  const std::string b = Write("one/b.yml", "- {keywords: [ok, x\n");
  const auto set = RuleSet::Load({Folder("one"), Folder("missing")}, report_);
  ASSERT_FALSE(set.has_value());
  EXPECT_EQ(set.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_THAT(set.error().message, StartsWith(a + ":1:15: 关键词是空的"));
  EXPECT_THAT(set.error().message, HasSubstr("\n" + b + ":1:14: 这个括号没有配对"));
  EXPECT_THAT(set.error().message, HasSubstr("\n" + Folder("missing") + ": 文件夹打不开"));
}

TEST_F(RuleFolderTest, NoFilesMeanNoRules) {
  const auto set = RuleSet::Load({Folder("one")}, report_);
  ASSERT_TRUE(set.has_value());
  EXPECT_EQ(AnswerTo(**set, TextInput("你好")), "(none)");
  EXPECT_THAT((*set)->Explain(EventInput("subscribe")), IsEmpty());
}

TEST(RuleSetTest, ManyThreadsMayMatchAtOnce) {
  const auto set = SetFrom(R"yaml(
- {keywords: [甲乙], reply: a}
- {keywords: [丙, 丁], match: all_of, reply: b}
- {keywords: ["x(\\d+)y"], match: regex, reply: "{1}"}
)yaml");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&set] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_EQ(AnswerTo(*set, TextInput("我甲乙")), "a");
        EXPECT_EQ(AnswerTo(*set, TextInput("丁丙")), "b");
        EXPECT_EQ(AnswerTo(*set, TextInput("x" + std::to_string(i) + "y")), std::to_string(i));
      }
    });
  }
}

}  // namespace
}  // namespace yingda::rules
