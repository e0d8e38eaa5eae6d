// SPDX-License-Identifier: MIT
// What a rule asks for besides a match, what comes when nothing matches, and what a match may be besides one reply.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>

#include "base/utf8.h"
#include "rules/rule_keys.h"
#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

/// 2026-11-16 is a Monday.
base::WallTime At(std::string_view china_time) {
  const auto minute = ParseMinute(china_time, false);
  EXPECT_TRUE(minute.has_value()) << china_time;
  return TimeOfMinute(minute.value_or(0));
}

RuleInput TextAt(std::string_view text, std::string_view china_time) {
  RuleInput input = TextInput(text);
  input.now = At(china_time);
  return input;
}

Schedule Written(const std::string& yaml) {
  return RulesFrom("- {keywords: [ab], reply: x, " + yaml + "}\n")[0].schedule;
}

TEST(ScheduleTest, HoldsInItsHoursDaysAndDatesInChina) {
  struct Case {
    std::string yaml;
    std::string_view time;
    bool holds;
  };
  const Case cases[] = {
      {"hours: 9:00-18:00", "2026-11-16 08:59", false},
      {"hours: 9:00-18:00", "2026-11-16 09:00", true},
      {"hours: 9:00-18:00", "2026-11-16 17:59", true},
      {"hours: 9:00-18:00", "2026-11-16 18:00", false},
      {"hours: [\"9-12\", \"14：00～24：00\"]", "2026-11-16 13:00", false},
      {"hours: [\"9-12\", \"14：00～24：00\"]", "2026-11-16 23:59", true},
      {"hours: 22:00-6:00", "2026-11-16 21:59", false},
      {"hours: 22:00-6:00", "2026-11-16 23:00", true},
      {"hours: 22:00-6:00", "2026-11-17 05:59", true},
      {"hours: 22:00-6:00", "2026-11-17 06:00", false},
      {"days: 周一至周五", "2026-11-20 23:59", true},
      {"days: 周一至周五", "2026-11-21 00:00", false},
      {"days: [周末]", "2026-11-22 12:00", true},
      {"days: [周末, wed]", "2026-11-18 12:00", true},
      {"days: [周末, wed]", "2026-11-19 12:00", false},
      {"days: fri-mon", "2026-11-16 12:00", true},
      {"days: Fri-Mon", "2026-11-17 12:00", false},
      // The small hours belong to the evening before them.
      {"days: [周五], hours: 22:00-6:00", "2026-11-21 05:00", true},
      {"days: [周五], hours: 22:00-6:00", "2026-11-20 05:00", false},
      {"days: [周一], hours: 22:00-6:00", "2026-11-16 05:00", false},
      {"from: 2026-11-16", "2026-11-15 23:59", false},
      {"from: 2026-11-16", "2026-11-16 00:00", true},
      {"until: 2026/11/16", "2026-11-16 23:59", true},
      {"until: 2026/11/16", "2026-11-17 00:00", false},
      {"from: 2026-11-16 8:30, until: 2026-11-16 9:30", "2026-11-16 08:29", false},
      {"from: 2026-11-16 8:30, until: 2026-11-16 9:30", "2026-11-16 09:29", true},
      {"from: 2026-11-16 8:30, until: 2026-11-16 9:30", "2026-11-16 09:30", false},
  };
  for (const Case& c : cases) EXPECT_EQ(Written(c.yaml).Holds(At(c.time)), c.holds) << c.yaml << " at " << c.time;
  EXPECT_TRUE(Schedule().Always());
  EXPECT_FALSE(Written("days: 周一").Always());
}

TEST(ScheduleTest, DayBeginsWithMidnightInChinaNotInGreenwich) {
  const base::WallTime monday = base::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 16));  // 8:00 there
  EXPECT_TRUE(Written("days: 周一").Holds(monday - 8h));
  EXPECT_FALSE(Written("days: 周一").Holds(monday - 8h - 1ns));
  EXPECT_EQ(ChinaDate(monday - 8h), "2026-11-16");
  EXPECT_EQ(ChinaTimeOfDay(monday), "08:00");
}

constexpr std::string_view kConditional = R"yaml(
- {keywords: [营业], reply: 白天, hours: 9:00-18:00, exclude: [不, ＶＩＰ]}
- {keywords: ["营.*"], match: regex, reply: 正则, exclude: [不]}
- {keywords: [营业], reply: 打烊, priority: -1}
- {event: click, key: K, reply: 白天, hours: 9:00-18:00}
- {event: click, reply: 别的}
)yaml";

TEST(ConditionsTest, RuleThatDoesNotCountLeavesTheMessageToTheNextOne) {
  const auto set = SetFrom(kConditional);
  EXPECT_EQ(AnswerTo(*set, TextAt("营业吗", "2026-11-16 10:00")), "白天");
  EXPECT_EQ(AnswerTo(*set, TextAt("营业吗", "2026-11-16 20:00")), "正则");
  EXPECT_EQ(AnswerTo(*set, TextAt("今天不营业吗", "2026-11-16 10:00")), "打烊");
  EXPECT_EQ(AnswerTo(*set, TextAt("vip营业吗", "2026-11-16 10:00")), "正则");
  RuleInput click = EventInput("click", "K");
  click.now = At("2026-11-16 10:00");
  EXPECT_EQ(AnswerTo(*set, click), "白天");
  click.now = At("2026-11-16 20:00");
  EXPECT_EQ(AnswerTo(*set, click), "别的");
  EXPECT_EQ(AnswerTo(*SetFrom("- {keywords: [营业], reply: x, exclude: [不]}\n"), TextInput("不营业")), "(none)");
}

TEST(ConditionsTest, RuleWithManyKeywordsIsAskedOnceWhetherItCounts) {
  std::string keywords, exclude, message;
  for (char32_t c = 0x4E00; c < 0x4E00 + 600; ++c) {
    std::string letter;
    base::AppendUtf8(letter, c);
    message += letter;
    keywords += (keywords.empty() ? "" : ", ") + letter;
    exclude += (exclude.empty() ? "" : ", ") + letter + "无";
  }
  const auto set = SetFrom("- {keywords: [" + keywords + "], exclude: [" + exclude + ", " + message.substr(0, 6) +
                           "], reply: x}\n- {keywords: [" + message.substr(0, 3) + "], reply: y, priority: -1}\n");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(AnswerTo(*set, TextInput(message)), "y");
  // Asked for each keyword it takes minutes where this takes milliseconds.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(ConditionsTest, SameKeywordForDifferentHoursIsNoDuplicate) {
  std::vector<std::string> warnings;
  RuleSet(RulesFrom("- {keywords: [营业], reply: x, hours: 9-18}\n- {keywords: [营业], reply: y}\n"
                    "- {default: true, reply: x, cooldown: 1h}\n- {default: true, reply: y}\n"),
          warnings);
  EXPECT_THAT(warnings, testing::IsEmpty());
  RuleSet(RulesFrom("- {keywords: [营业], reply: x}\n- {keywords: [营业], reply: y, hours: 9-18}\n"
                    "- {default: true, reply: y}\n- {default: true, reply: x}\n"),
          warnings);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("“营业”已经写在 a.yml:1"), HasSubstr("“默认回复”已经写在 a.yml:3")));
}

class CooldownTest : public testing::Test {
 protected:
  std::string Answer(const RuleSet& set, std::string_view text, uint64_t message, base::Duration later,
                     std::string_view follower = "o1") {
    RuleInput input = TextInput(text, message);
    input.account = "main";
    input.open_id = follower;
    input.now = At("2026-11-16 10:00") + later;
    input.cooldowns = &cooldowns_;
    return AnswerTo(set, input);
  }
  Cooldowns cooldowns_{{.max_entries = 100}};
};

TEST_F(CooldownTest, RuleRestsForOneFollowerAfterItAnswered) {
  const auto set = SetFrom("- {keywords: [优惠], reply: 券, cooldown: 10m}\n- {keywords: [优惠], reply: 领过了}\n");
  EXPECT_EQ(Answer(*set, "优惠", 1, 0s), "券");
  EXPECT_EQ(Answer(*set, "优惠", 2, 1s), "领过了");
  EXPECT_EQ(Answer(*set, "优惠", 3, 1s, "o2"), "券") << "another follower";
  EXPECT_EQ(Answer(*set, "优惠", 4, 10min - 1s), "领过了");
  EXPECT_EQ(Answer(*set, "优惠", 5, 10min), "券");
  EXPECT_EQ(Answer(*set, "优惠", 6, 11min), "领过了");
}

TEST_F(CooldownTest, TriesOfOneMessageGetTheSame) {
  const auto set = SetFrom("- {keywords: [优惠], reply: 券, cooldown: 10m}\n- {keywords: [优惠], reply: 领过了}\n");
  EXPECT_EQ(Answer(*set, "优惠", 1, 0s), "券");
  EXPECT_EQ(Answer(*set, "优惠", 1, 5s), "券");
  EXPECT_EQ(Answer(*set, "优惠", 2, 6s), "领过了");
  EXPECT_EQ(Answer(*set, "优惠", 1, 10s), "券");
}

TEST_F(CooldownTest, LoserAndExplanationDoNotUseItUp) {
  const auto set = SetFrom(
      "- {keywords: [优惠], reply: 券, cooldown: 10m}\n- {keywords: [大优惠], reply: 大, priority: 1}\n"
      "- {keywords: [优惠], reply: 夜, hours: 0:00-1:00, cooldown: 10m, priority: 2}\n");
  EXPECT_EQ(Answer(*set, "大优惠", 1, 0s), "大");
  RuleInput input = TextInput("优惠");
  input.cooldowns = &cooldowns_;
  set->Explain(input);
  EXPECT_EQ(cooldowns_.Size(), 0U);
  EXPECT_EQ(Answer(*set, "优惠", 2, 0s), "券");
}

TEST_F(CooldownTest, SurvivesAReloadAndALineMoreAbove) {
  EXPECT_EQ(Answer(*SetFrom("- {keywords: [优惠], reply: 券, cooldown: 10m}\n"), "优惠", 1, 0s), "券");
  const auto edited = SetFrom(
      "# 注释\n- {keywords: [甲乙], reply: x, cooldown: 1m}\n"
      "- {keywords: [优惠], reply: 新券, cooldown: 10m}\n");
  EXPECT_EQ(Answer(*edited, "优惠", 2, 1s), "(none)");
}

TEST_F(CooldownTest, MemoryIsBoundedAndTheOldestGoFirst) {
  const auto set = SetFrom("- {keywords: [优惠], reply: 券, cooldown: 1h}\n");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Answer(*set, "优惠", static_cast<uint64_t>(i), i * 1s, "o" + std::to_string(i)), "券");
  }
  EXPECT_LE(cooldowns_.Size(), 100U);
  EXPECT_EQ(Answer(*set, "优惠", 2000, 1000s, "o999"), "(none)");
  EXPECT_EQ(Answer(*set, "优惠", 2001, 1000s, "o0"), "券") << "forgotten";
}

TEST_F(CooldownTest, OtherRulesThatRestOftenDoNotEndALongRest) {
  const auto set =
      SetFrom("- {keywords: [优惠], reply: 券, cooldown: 1d}\n- {keywords: [在吗], reply: 在, cooldown: 5s}\n");
  EXPECT_EQ(Answer(*set, "优惠", 1, 0s), "券");
  for (int i = 1; i <= 300; ++i) {
    EXPECT_EQ(Answer(*set, "在吗", static_cast<uint64_t>(i), i * 10s, "o" + std::to_string(i % 3)), "在");
  }
  EXPECT_LE(cooldowns_.Size(), 4U) << "what is over takes no room";
  EXPECT_EQ(Answer(*set, "优惠", 1000, 1h), "(none)");
}

TEST_F(CooldownTest, ClockThatIsSetBackDoesNotKeepARuleQuiet) {
  const auto set = SetFrom("- {keywords: [优惠], reply: 券, cooldown: 10m}\n");
  EXPECT_EQ(Answer(*set, "优惠", 1, 24h), "券");
  EXPECT_EQ(Answer(*set, "优惠", 2, 0s), "券");
}

TEST(WhenNothingMatchesTest, AnswerOnlyWhenAskedAndInOrder) {
  const auto set = SetFrom(R"yaml(
- {default: true, reply: 平时}
- {default: true, reply: 夜里, priority: 1, hours: 22:00-6:00, exclude: [急]}
- {keywords: [营业], reply: 九点, priority: -5}
)yaml");
  RuleSet::Scratch scratch;
  const auto other = [&](std::string_view text, std::string_view time) {
    const auto match = set->MatchDefault(TextAt(text, time), scratch);
    return match ? std::get<wechat::TextReply>(match->reply).content : "(none)";
  };
  EXPECT_EQ(AnswerTo(*set, TextInput("你好")), "(none)");
  EXPECT_EQ(AnswerTo(*set, TextInput("营业")), "九点");
  EXPECT_EQ(other("你好", "2026-11-16 10:00"), "平时");
  EXPECT_EQ(other("你好", "2026-11-16 23:00"), "夜里");
  EXPECT_EQ(other("我很急", "2026-11-16 23:00"), "平时");
  EXPECT_EQ(other(" ", "2026-11-16 10:00"), "(none)");
  EXPECT_FALSE(set->MatchDefault(EventInput("subscribe"), scratch).has_value());
}

TEST(RepliesTest, AllGivesTheOthersInOrder) {
  const auto set = SetFrom("- {keywords: [套餐], mode: all, replies: [一, {image: M}, 三]}\n");
  RuleSet::Scratch scratch;
  const auto match = set->Match(TextInput("套餐", 7), scratch);
  ASSERT_TRUE(match.has_value());
  EXPECT_EQ(match->reply, wechat::Reply(wechat::TextReply{"一"}));
  EXPECT_THAT(match->more, ElementsAre(wechat::Reply(wechat::ImageReply{"M"}), wechat::Reply(wechat::TextReply{"三"})));
  EXPECT_NE(set->FirstSendingAll(), nullptr);
  EXPECT_EQ(set->FirstForModel(), nullptr);
}

TEST(RepliesTest, ModelGetsTheRulesInstruction) {
  const auto set = SetFrom(R"yaml(
- keywords: ["翻译(.+)"]
  match: regex
  reply: {model: "把“{1}”译成英文，今天是 {date}"}
- {keywords: [随便聊], reply: {model: true}}
- {keywords: [真的], reply: {model: "true"}}
)yaml");
  RuleSet::Scratch scratch;
  const auto instruction = [&](std::string_view text) {
    return set->Match(TextAt(text, "2026-11-16 10:00"), scratch)->instruction;
  };
  EXPECT_EQ(instruction("翻译你好"), "把“你好”译成英文，今天是 2026-11-16");
  EXPECT_EQ(instruction("随便聊"), "");
  EXPECT_EQ(instruction("真的"), "true");
  EXPECT_EQ(set->FirstForModel()->Source(), "a.yml:2");
}

TEST(RepliesTest, MatchNamesTheRulesPlaceInTheSet) {
  const auto set = SetFrom("- {keywords: [甲乙], reply: x}\n- {keywords: [丙丁], name: 二号, reply: y, priority: 3}\n");
  RuleSet::Scratch scratch;
  const auto match = set->Match(TextInput("丙丁"), scratch);
  EXPECT_EQ(match->index, 1U);
  EXPECT_EQ(set->NameOf(1), "二号");
  EXPECT_EQ(set->SourceOf(1), "a.yml:2");
}

TEST(ExplainTest, SaysWhyAMatchingRuleDoesNotCount) {
  const auto set = SetFrom(std::string(kConditional) + "- {default: true, reply: x, cooldown: 1h}\n");
  const auto explain = [&](std::string_view text, std::string_view time) {
    std::vector<std::string> lines;
    for (const RuleExplanation& e : set->Explain(TextAt(text, time))) lines.push_back(e.why);
    return lines;
  };
  EXPECT_THAT(explain("今天不营业", "2026-11-16 10:00"),
              ElementsAre("命中 contains“营业”，由它回复", "默认规则，但它排在所有别的规则和指令后面",
                          "命中 contains“营业”，但出现了 exclude 里的“不”，所以不算",
                          "命中 regex“营.*”，但出现了 exclude 里的“不”，所以不算"));
  EXPECT_THAT(explain("营业", "2026-11-16 20:00"),
              testing::Contains("命中 contains“营业”，但现在不在它的时间（hours、days、from、until）里，所以不算"));
  EXPECT_THAT(explain("你好", "2026-11-16 20:00"),
              ElementsAre("默认规则，没有别的规则命中，由它回复；同一个粉丝 1h 内只回复一次，期间轮到下一条"));
}

TEST(RuleKeysTest, ListIsWhatTheReaderTakes) {
  const auto unknown = [](const std::string& yaml) {
    base::YamlProblems problems("a.yml", base::YamlLanguage::kChinese), warnings("a.yml");
    ParseRules(yaml, problems, warnings);
    return problems.Text().find("不认识的键") != std::string::npos;
  };
  for (const std::string_view key : kRuleKeys) EXPECT_FALSE(unknown("- {" + std::string(key) + ": x}\n")) << key;
  for (const std::string_view kind : kReplyKinds) {
    EXPECT_FALSE(unknown("- {keywords: [ab], reply: {" + std::string(kind) + ": x}}\n")) << kind;
  }
  const auto section = [&](const std::string& kind, std::string_view key) {
    const std::string value = "{" + std::string(key) + ": x}";
    return "- {keywords: [ab], reply: {" + kind + ": " + (kind == "news" ? "[" + value + "]" : value) + "}}\n";
  };
  for (const std::string_view key : kVideoKeys) EXPECT_FALSE(unknown(section("video", key))) << key;
  for (const std::string_view key : kMusicKeys) EXPECT_FALSE(unknown(section("music", key))) << key;
  for (const std::string_view key : kArticleKeys) EXPECT_FALSE(unknown(section("news", key))) << key;
  EXPECT_TRUE(unknown("- {zzz: x}\n"));
  for (const std::string_view name : kModeNames) {
    EXPECT_EQ(RulesFrom("- {keywords: [ab], reply: x, mode: " + std::string(name) + "}\n").size(), 1U);
  }
  for (const std::string_view name : kMatchNames) {
    EXPECT_EQ(ToString(RulesFrom("- {keywords: [ab], reply: x, match: " + std::string(name) + "}\n")[0].match), name);
  }
}

}  // namespace
}  // namespace yingda::rules
