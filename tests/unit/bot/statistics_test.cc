// SPDX-License-Identifier: MIT
#include "bot/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <set>
#include <unordered_map>

#include "support/manual_clock.h"
#include "support/temp_dir.h"

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(QuestionKeyTest, WhatFollowersWouldCallTheSameQuestionHasOneKey) {
  EXPECT_EQ(QuestionKey(" 怎么退货？"), QuestionKey("怎麽退貨"));
  EXPECT_NE(QuestionKey("怎么退货"), QuestionKey("怎么换货"));
}

TEST(QuestionKeyTest, WhatMayBeSomebodysOwnOrNeverRepeatsIsNotCounted) {
  for (const char* const text :
       {"我的订单123456怎么还没到", "打我电话 138 0013 8000", "１３８－００１３－８０００", "邮箱 a@b.c", "发到 A＠B",
        "看 https://x.example/1", "www.example 打不开", "example.com 打不开", "", "？？"}) {
    EXPECT_EQ(QuestionKey(text), std::string(text) == "？？" ? QuestionKey("??") : "") << text;
  }
  EXPECT_EQ(QuestionKey("12345 是什么"), "12345 是什么");
  std::string long_text;
  for (int i = 0; i < 64; ++i) long_text += "问";
  EXPECT_NE(QuestionKey(long_text), "");
  EXPECT_EQ(QuestionKey(long_text + "问"), "");
  EXPECT_EQ(QuestionKey(std::string(100'000, 'x')), "");
}

TEST(QuestionSketchTest, NoCountIsTooLowAndNoneTooHighByMoreThanTheBoundAndWhatIsFrequentHasAPlace) {
  std::mt19937_64 random(5);
  for (const size_t places : {10U, 50U, 200U}) {
    for (const double skew : {0.5, 1.0, 1.5}) {
      QuestionSketch sketch({.places = places, .keep_texts = true});
      std::unordered_map<std::string, uint64_t> exact;
      uint64_t repeats = 0;
      const uint64_t asked = 5000;
      for (uint64_t i = 0; i < asked; ++i) {
        // Zipf-like: the k-th text about k^-skew as often as the first.
        const double u = std::uniform_real_distribution<double>(1e-9, 1)(random);
        const auto k = static_cast<uint64_t>(std::min(1e6, 1 / std::pow(u, 1 / skew)));
        const std::string key = "q" + std::to_string(k);
        if (exact[key]++ > 0) ++repeats;
        sketch.Add(key, key);
      }
      EXPECT_EQ(sketch.Asked(), asked);
      EXPECT_LE(sketch.Repeats(), repeats);
      std::set<std::string> kept;
      for (const CommonQuestion& question : sketch.Top(places)) {
        EXPECT_LE(question.at_least, exact[question.text]);
        EXPECT_GE(question.at_most, exact[question.text]);
        EXPECT_LE(question.at_most - question.at_least, asked / places);
        EXPECT_GE(question.at_least, 2U);
        kept.insert(question.text);
      }
      // What must stand in the list: certain to have a place, and to show two askings in spite of the error.
      for (const auto& [key, count] : exact) {
        EXPECT_TRUE(count <= asked / places + 1 || kept.contains(key)) << key << " " << count;
      }
    }
  }
}

TEST(QuestionSketchTest, WithRoomForAllItIsExact) {
  QuestionSketch sketch({.places = 10, .keep_texts = true});
  for (const char* const key : {"a", "b", "a", "c", "a", "b"}) sketch.Add(key, key);
  const auto top = sketch.Top(10);
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0].text, "a");
  EXPECT_EQ(top[0].at_least, 3U);
  EXPECT_EQ(top[0].at_most, 3U);
  EXPECT_EQ(top[1].text, "b");
  EXPECT_EQ(sketch.Repeats(), 3U);
}

std::map<DayCounts::Key, uint64_t> SumsOf(const DayCounts& counts, int64_t since_day, int64_t last_day = 1000) {
  std::map<DayCounts::Key, uint64_t> sums;
  for (const DayCounts::Sum& sum : counts.Sums(since_day, last_day)) sums[*sum.key] = sum.count;
  return sums;
}

TEST(DayCountsTest, WhatWasTakenIsTakenOnceAndComesBackWhenItWasNotWritten) {
  DayCounts counts({});
  counts.Add(7, "rule", "a", 2);
  counts.Add(8, "rule", "a", 3);
  counts.Recover({"main", 8, "rule", "a", 10});
  auto taken = counts.TakeUnwritten("main", 1);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].day, 7);
  EXPECT_EQ(taken[0].count, 2);
  counts.PutBack(taken);
  taken = counts.TakeUnwritten("main", 10);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].day, 8) << "what waits longest goes first";
  EXPECT_EQ(taken[0].count, 3) << "what the store has is not written again";
  EXPECT_THAT(counts.TakeUnwritten("main", 10), IsEmpty());
  EXPECT_EQ(SumsOf(counts, 7).at({"rule", "a"}), 15U);
  EXPECT_EQ(SumsOf(counts, 8).at({"rule", "a"}), 13U);
  EXPECT_EQ(SumsOf(counts, 7, 7).at({"rule", "a"}), 2U);
  ASSERT_THAT(counts.Sums(7, 8), SizeIs(1));
  EXPECT_EQ(counts.Sums(7, 8)[0].last_day, 13U);
}

TEST(DayCountsTest, WhatHasNoRoomIsCountedWithoutAName) {
  DayCounts counts({.days = 2, .max_names_a_day = 2});
  for (const char* const name : {"a", "b", "c", "d", "a"}) counts.Add(1, "rule", name, 1);
  EXPECT_EQ(SumsOf(counts, 1),
            (std::map<DayCounts::Key, uint64_t>{{{"rule", "a"}, 2}, {{"rule", "b"}, 1}, {{"rule", ""}, 2}}));
  counts.DropOld(2);
  EXPECT_EQ(counts.FirstDay(), 1);
  counts.DropOld(3);
  EXPECT_EQ(counts.FirstDay(), 0);
}

TEST(DayCountsTest, NamesOfDaysThatAreOverMakeRoomForOthersAndAreNotMixedUpWithThem) {
  DayCounts counts({.days = 2, .max_names_a_day = 10});
  counts.AllowMoreNames(10);
  std::map<int64_t, std::map<DayCounts::Key, uint64_t>> exact;
  std::mt19937_64 random(7);
  for (int64_t day = 1; day <= 40; ++day) {
    for (uint64_t i = 1; i <= 20; ++i) {
      const std::string name = std::to_string(day) + "/" + std::to_string(random() % 15);
      counts.Add(day, "rule", name, i);
      exact[day][{"rule", name}] += i;
    }
    counts.Add(day, "rule", "always", 1);
    exact[day][{"rule", "always"}] += 1;
    counts.DropOld(day);
    ASSERT_EQ(SumsOf(counts, day, day), exact[day]);
    if (day > 1) {
      ASSERT_EQ(SumsOf(counts, day - 1, day - 1), exact[day - 1]);
    }
    if (day % 3 != 0) continue;
    std::map<DayCounts::Key, uint64_t> taken;
    for (const store::DayCount& each : counts.TakeUnwritten("main", 1000)) {
      if (each.day == day) taken[{each.kind, each.name}] += static_cast<uint64_t>(each.count);
    }
    ASSERT_EQ(taken, exact[day]);
  }
}

TEST(DayCountsTest, WhatCouldNotBeWrittenBeforeItsDayWasDroppedIsForgotten) {
  DayCounts counts({.days = 1});
  counts.Add(1, "rule", "a", 1);
  const auto taken = counts.TakeUnwritten("main", 10);
  counts.Add(1, "rule", "b", 1);
  counts.Add(2, "rule", "c", 1);
  counts.DropOld(2);
  counts.PutBack(taken);
  const auto left = counts.TakeUnwritten("main", 10);
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(left[0].name, "c");
}

class StatisticsTest : public ::testing::Test {
 protected:
  StatisticsTest() {
    Options().questions.keep_texts = true;
    account_.name = "main";
    words_ = filter::WordFilter::FromLists({filter::ParseWordList(
        "坏词甲|block|诈骗\n坏词乙|block|诈骗\n轻词|mask\n看词|review\n放词|pass\n", "deny/a.txt", false)});
    Install(nullptr);
  }

  Statistics::Options& Options() { return options_; }
  Statistics& statistics() {
    if (!statistics_) statistics_ = std::make_unique<Statistics>(options_, clock_);
    return *statistics_;
  }
  std::shared_ptr<const rules::RuleSet> Rules(const std::string& text) {
    std::ofstream(folder_.File("a.yml"), std::ios::binary) << text;
    rules::LoadReport report;
    auto rules = rules::RuleSet::Load({folder_.path().string()}, report);
    EXPECT_TRUE(rules) << rules.error().message;
    return *rules;
  }
  void Install(std::shared_ptr<const rules::RuleSet> rules) {
    account_.files.Set(std::make_shared<const AccountFiles>(AccountFiles{std::move(rules), words_}));
  }
  void Load(const std::string& text) {
    auto rules = Rules(text);
    statistics().OnRulesLoaded(Statistics::TableOf(rules));
    Install(rules);
  }
  Decision Decide(const std::string& text) {
    message_.type = wechat::MessageType::kText;
    message_.content = text;
    return bot::Decide(account_, message_, {1, clock_.WallNow(), nullptr}, scratch_);
  }
  void Say(const std::string& text) {
    const Decision decision = Decide(text);
    statistics().Count(decision, message_);
  }
  static std::vector<std::string> Lines(const std::vector<RuleUse>& rules) {
    std::vector<std::string> lines;
    for (const RuleUse& rule : rules) {
      lines.push_back(rule.name + ":" + std::to_string(rule.line) + "=" + std::to_string(rule.messages));
    }
    return lines;
  }
  static std::vector<std::string> Lines(const std::vector<WordUse>& words) {
    std::vector<std::string> lines;
    for (const WordUse& use : words) {
      lines.push_back((use.inbound ? "in " : "out ") + use.level + " " + use.name + "=" + std::to_string(use.messages));
    }
    return lines;
  }
  std::vector<std::string> Used(int days = 1) { return Lines(statistics().Report(days).rules); }

  testing::TempDir folder_;
  testing::ManualClock clock_;
  Account account_;
  std::shared_ptr<const filter::WordFilter> words_;
  Statistics::Options options_;
  std::unique_ptr<Statistics> statistics_;
  PipelineScratch scratch_;
  wechat::Incoming message_;
};

TEST_F(StatisticsTest, ARuleGoesOnCountingWhenItsLineMoves) {
  Load("- keywords: [价格]\n  reply: 一\n- keywords: [地址]\n  reply: 二\n");
  Say("价格");
  Say("价格");
  Say("地址");
  EXPECT_THAT(Used(), ElementsAre("价格:1=2", "地址:3=1"));
  Load("- keywords: [新的]\n  reply: 三\n- keywords: [价格]\n  reply: 一\n");
  Say("价格");
  EXPECT_THAT(Used(), ElementsAre("价格:3=3", "地址:0=1")) << "what is gone is shown for the day";
  EXPECT_THAT(Lines(statistics().Report(1).never), ElementsAre("新的:1=0"));
  clock_.Advance(24h);
  statistics().Collect();
  EXPECT_THAT(Used(2), ElementsAre("价格:3=3"));
  EXPECT_THAT(Used(1), IsEmpty());
}

TEST_F(StatisticsTest, AMessageThatTheOldRulesDecidedIsNotCountedForANewRuleInItsPlace) {
  Load("- keywords: [旧]\n  reply: 一\n");
  const Decision old = Decide("旧");
  Load("- keywords: [新]\n  reply: 一\n- keywords: [旧]\n  reply: 二\n");
  statistics().Count(old, message_);
  EXPECT_THAT(Used(), ElementsAre("旧:3=1"));
  // Nor is one of a set that nobody has told of yet.
  Install(Rules("- keywords: [更新]\n  reply: 一\n"));
  Say("更新");
  EXPECT_THAT(Used(), ElementsAre("旧:3=1", "更新:0=1"));
}

TEST_F(StatisticsTest, EveryLoadedRuleHasRoomOnEveryDay) {
  Options().counts.max_names_a_day = 3;  // of routes and the like
  std::string text;
  for (int i = 0; i < 50; ++i) text += "- keywords: [第" + std::to_string(i) + "号]\n  reply: 好\n";
  Load(text + "- keywords: [没人问]\n  reply: 好\n");
  for (int i = 0; i < 50; ++i) Say("第" + std::to_string(i) + "号");
  const auto report = statistics().Report(1);
  EXPECT_THAT(Lines(report.never), ElementsAre("没人问:101=0"));
  EXPECT_THAT(report.rules, SizeIs(50));
  EXPECT_EQ(report.by_unnamed_rules, 0U);
}

TEST_F(StatisticsTest, RulesThatAreReplacedByFewerKeepTheirCountsAndLeaveRoomForTheRest) {
  Options().counts.max_names_a_day = 3;
  std::string text;
  for (int i = 0; i < 50; ++i) text += "- keywords: [第" + std::to_string(i) + "号]\n  reply: 好\n";
  Load(text);
  for (int i = 0; i < 50; ++i) Say("第" + std::to_string(i) + "号");
  Load("- keywords: [新的]\n  reply: 好\n");
  Say("新的");
  Say("看词");
  const auto report = statistics().Report(1);
  EXPECT_THAT(report.rules, SizeIs(51));
  EXPECT_EQ(report.by_unnamed_rules, 0U);
  EXPECT_EQ(report.messages[2], std::pair(std::string("rule"), uint64_t{51}));
}

TEST_F(StatisticsTest, WhatHadNoRoomIsToldBesideTheRulesThatSeemUnused) {
  Options().counts.max_names_a_day = 0;
  Load("- keywords: [甲]\n  reply: 一\n");
  Say("甲");
  Say("甲");
  EXPECT_THAT(Used(), ElementsAre("甲:1=2"));
  Load("- keywords: [乙]\n  reply: 一\n");
  Say("乙");
  const auto report = statistics().Report(1);
  EXPECT_EQ(report.by_unnamed_rules, 1U);
  EXPECT_THAT(Lines(report.rules), ElementsAre("甲:0=2"));
  EXPECT_THAT(Lines(report.never), ElementsAre("乙:1=0"));
}

TEST_F(StatisticsTest, RulesThatWereRenamedBeforeTodayAreToldAsOneNumber) {
  Load("- keywords: [价格]\n  reply: 一\n- keywords: [地址]\n  reply: 二\n");
  for (const char* const text : {"价格", "地址", "地址"}) Say(text);
  clock_.Advance(24h);
  statistics().Collect();
  Load("- name: 门店地址\n  keywords: [地址]\n  reply: 二\n- keywords: [价格]\n  reply: 一\n");
  for (const char* const text : {"价格", "地址"}) Say(text);
  const auto report = statistics().Report(2);
  EXPECT_THAT(Lines(report.rules), ElementsAre("价格:4=2", "门店地址:1=1"));
  EXPECT_EQ(report.by_gone_rules, 2U);
  EXPECT_EQ(statistics().Report(1).by_gone_rules, 0U);
}

TEST_F(StatisticsTest, RulesOfOneNameInOneFileAreKeptApart) {
  Load("- keywords: [价格, 甲]\n  reply: 一\n- keywords: [价格, 乙]\n  reply: 二\n");
  Say("乙");
  Say("乙");
  Say("甲");
  EXPECT_THAT(Used(), ElementsAre("价格:3=2", "价格:1=1"));
}

TEST_F(StatisticsTest, AMessageCountsOnceForEachListAndTagWhoseWordsItHolds) {
  Load("- keywords: [价格]\n  reply: 一\n");
  Say("坏词甲和坏词乙");
  Say("坏词甲");
  Say("轻词，价格");
  Say("看词");
  Say("放词");
  const auto report = statistics().Report(1);
  EXPECT_THAT(Lines(report.files),
              ElementsAre("in block deny/a.txt=2", "in mask deny/a.txt=1", "in review deny/a.txt=1"));
  EXPECT_THAT(Lines(report.tags), ElementsAre("in block 诈骗=2"));
  EXPECT_THAT(Lines(report.rules), ElementsAre("价格:1=1"));
  EXPECT_EQ(report.messages[1], std::pair(std::string("words"), uint64_t{2}));
  EXPECT_EQ(report.messages[2], std::pair(std::string("rule"), uint64_t{1}));
}

TEST_F(StatisticsTest, WordsOfAnAnswerAreCountedAsOutbound) {
  for (const char* const answer : {"这里有**坏词**甲，也有轻词。", "没有。"}) {
    const Account::Judged judged = account_.Judge(answer);
    statistics().CountWords(*judged.words, judged.verdict, filter::Direction::kOutbound);
  }
  EXPECT_THAT(Lines(statistics().Report(1).files), ElementsAre("out block deny/a.txt=1", "out mask deny/a.txt=1"));
}

TEST_F(StatisticsTest, QuestionsWithoutARuleAreCountedByWhatTheySay) {
  Load("- keywords: [价格]\n  reply: 一\n");
  for (const char* const text :
       {"怎么退货", "怎么退货？", "怎麽退貨！", "价格", "几点开门", "我的号是1234567", "轻词是什么"})
    Say(text);
  const auto report = statistics().Report(1);
  EXPECT_EQ(report.questions, 4U);
  EXPECT_EQ(report.repeated_questions, 2U);
  ASSERT_THAT(report.common_questions, SizeIs(1));
  EXPECT_EQ(report.common_questions[0].text, "怎么退货");
  EXPECT_EQ(report.common_questions[0].at_least, 3U);
}

TEST_F(StatisticsTest, AMessageThatOnlyTheDefaultRuleAnswersIsOneWithoutARule) {
  Load(
      "- keywords: [价格]\n  reply: 一\n- {default: true, reply: 稍后回复, exclude: [模型]}\n"
      "- {default: true, reply: {model: true}}\n");
  for (const char* const text : {"怎么退货", "怎么退货？", "价格", "问模型", "轻词是什么", "看词怎么用"}) Say(text);
  const auto report = statistics().Report(1);
  EXPECT_EQ(report.questions, 4U) << "but those whose words are masked";
  ASSERT_THAT(report.common_questions, SizeIs(1));
  EXPECT_EQ(report.common_questions[0].text, "怎么退货");
}

TEST_F(StatisticsTest, WithoutContentInTheLogNoTextIsKept) {
  Options().questions.keep_texts = false;
  Say("怎么退货");
  Say("怎么退货");
  const auto report = statistics().Report(1);
  EXPECT_FALSE(report.keeps_texts);
  EXPECT_EQ(report.repeated_questions, 1U);
  ASSERT_THAT(report.common_questions, SizeIs(1));
  EXPECT_EQ(report.common_questions[0].text, "");
  EXPECT_EQ(report.common_questions[0].at_least, 2U);
}

TEST_F(StatisticsTest, QuestionsAreForgottenAfterTwoPeriods) {
  Options().questions_for = 24h;
  Say("怎么退货");
  Say("怎么退货");
  clock_.Advance(24h);
  Say("怎么退货");
  EXPECT_EQ(statistics().Report(1).common_questions.at(0).at_least, 2U);
  Say("怎么退货");
  EXPECT_EQ(statistics().Report(1).common_questions.at(0).at_least, 4U);
  clock_.Advance(24h);
  Say("几点开门");
  EXPECT_EQ(statistics().Report(1).common_questions.at(0).at_least, 2U);
}

TEST_F(StatisticsTest, WhatWasCountedBeforeMidnightIsYesterdays) {
  Load("- keywords: [价格]\n  reply: 一\n");
  Say("价格");
  clock_.Advance(24h);
  statistics().Collect();
  Say("价格");
  Say("价格");
  EXPECT_THAT(Used(1), ElementsAre("价格:1=2"));
  EXPECT_THAT(Used(2), ElementsAre("价格:1=3"));
}

}  // namespace
}  // namespace yingda::bot
