// SPDX-License-Identifier: MIT
// The rules that come with Yingda: they load, answer what they promise, and leave normal questions to the model.
#include <gmock/gmock.h>

#include <fstream>

#include "rules/rule_keys.h"
#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

class DefaultRulesTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = RuleSet::Load({YINGDA_SOURCE_DIR "/reply_rules"}, report_);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    set_ = *loaded;
  }
  LoadReport report_;
  std::shared_ptr<const RuleSet> set_;
};

TEST_F(DefaultRulesTest, LoadWithoutWarnings) {
  EXPECT_THAT(report_.warnings, testing::IsEmpty());
  EXPECT_GE(report_.rules, 5U);
}

std::string DefaultText() {
  std::ifstream in(YINGDA_SOURCE_DIR "/reply_rules/default.yml");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST_F(DefaultRulesTest, ShowEveryKeyEveryKindOfMatchAndEveryKindOfReply) {
  std::string text = DefaultText();
  text.erase(0, text.find("# ──"));  // the list of what can be written
  const auto shows = [&text](const std::string& what) { return text.find(what) != std::string::npos; };
  for (const std::string_view key : kRuleKeys) EXPECT_TRUE(shows(std::string(key) + ": ") || shows("replies:")) << key;
  for (const std::string_view kind : kMatchNames) {
    EXPECT_TRUE(shows("  match: " + std::string(kind) + "\n") || kind == "contains") << kind;  // the default
  }
  for (const std::string_view mode : kModeNames) {
    EXPECT_TRUE(shows("  mode: " + std::string(mode) + "\n") || mode == "first") << mode;  // the default
  }
  for (const std::string_view kind : kReplyKinds) {
    EXPECT_TRUE(shows("{" + std::string(kind) + ": ") || shows(" " + std::string(kind) + ":") || kind == "text")
        << kind;
  }
}

TEST_F(DefaultRulesTest, AlsoLoadWithEveryExampleSwitchedOn) {
  std::string text = DefaultText();
  const std::string off = "enabled: false\n";
  for (size_t at; (at = text.find("  " + off)) != std::string::npos;)
    text.replace(at, off.size() + 2, "  enabled: true\n");
  base::YamlProblems problems("default.yml"), warnings("default.yml");
  std::vector<std::string> hidden;
  const RuleSet set(ParseRules(text, problems, warnings), hidden);
  EXPECT_EQ(problems.Text(), "");
  EXPECT_EQ(warnings.Text(), "");
  EXPECT_THAT(hidden, testing::IsEmpty());
  EXPECT_GE(set.size(), report_.rules + 10);
  EXPECT_EQ(AnswerTo(set, TextInput("订单号 １２３４５６")), "正在为您查询订单 123456，请稍候。");
}

TEST_F(DefaultRulesTest, AnswerWhatTheyPromise) {
  EXPECT_THAT(AnswerTo(*set_, EventInput("subscribe")), testing::StartsWith("欢迎关注！"));
  EXPECT_EQ(AnswerTo(*set_, TextInput("你们的營業時間？")), "我们每天 9:00–21:00 营业。");
  EXPECT_EQ(AnswerTo(*set_, TextInput("Ping")), "pong");
  RuleSet::Scratch scratch;
  for (std::string_view text : {"人工", "转人工！", "找客服"}) {
    const auto match = set_->Match(TextInput(text), scratch);
    ASSERT_TRUE(match.has_value()) << text;
    EXPECT_EQ(match->reply, wechat::Reply(wechat::TransferReply{})) << text;
  }
}

TEST_F(DefaultRulesTest, LeaveNormalQuestionsToTheModel) {
  for (std::string_view text :
       {"人工智能是什么", "帮助我写一封信", "shopping 用中文怎么说", "谢谢你昨天的回答，再问一下", "这个软件有什么功能",
        "给我一份家常菜单", "如何感谢老师", "人工湖怎么养护", "ping 命令怎么用", "继续", "清空", "帮助", "你好",
        "今天天气怎么样"}) {
    EXPECT_EQ(AnswerTo(*set_, TextInput(text)), "(none)") << text;
  }
}

}  // namespace
}  // namespace yingda::rules
