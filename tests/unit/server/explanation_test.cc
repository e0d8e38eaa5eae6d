// SPDX-License-Identifier: MIT
#include "server/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "support/temp_dir.h"

namespace yingda::server {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class NoCallModel final : public model::ChatModel {
 public:
  std::unique_ptr<model::ChatCall> Ask(const model::ChatRequest&, model::ChatEvents) override {
    ADD_FAILURE() << "explaining must not cost a call";
    return nullptr;
  }
};

class ExplanationTest : public ::testing::Test {
 protected:
  ExplanationTest() {
    Write("rules/a.yml",
          "- keywords: [营业时间]\n"
          "  reply: 九点\n"
          "- keywords: [时间]\n"
          "  reply: 现在\n"
          "- keywords: [图片]\n"
          "  replies: [{image: MEDIA_1}]\n"
          "- keywords: [资讯]\n"
          "  replies: [{news: [{title: 标题, description: 简介, picture: 'https://a.example/p', url: "
          "'https://a.example/'}]}]\n"
          "- keywords: [转人工]\n"
          "  replies: [{transfer: true}]\n");
    Write("words/deny/a.txt", "大麻\n小坏词|mask\n");
    Write("words/allow/a.txt", "大麻烦\n");
    rules::LoadReport rules_report;
    auto rules = rules::RuleSet::Load({folder_.File("rules")}, rules_report);
    EXPECT_TRUE(rules) << rules.error().message;
    filter::LoadReport words_report;
    auto words = filter::WordFilter::Load(folder_.File("words"), words_report);
    EXPECT_TRUE(words) << words.error().message;
    if (rules && words)
      account_.files.Set(std::make_shared<const bot::AccountFiles>(bot::AccountFiles{*rules, *words}));
    account_.name = "main";
    account_.model = &model_;
  }

  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.File(name), std::ios::binary) << text;
  }

  /// Explains a text; what came out is in json_ and explanation_.
  void Ask(const std::string& text) {
    explanation_ = Explain(account_, TextMessage(text), {});
    json_ = json::parse(explanation_.json, nullptr, false);
    ASSERT_TRUE(json_.is_object()) << explanation_.json;
    EXPECT_TRUE(base::IsValidUtf8(explanation_.text));
    EXPECT_EQ(json_["account"], "main");
  }

  yingda::testing::TempDir folder_;
  NoCallModel model_;
  bot::Account account_;
  Explanation explanation_;
  json json_;
};

TEST_F(ExplanationTest, RuleIsNamedWithItsPlaceAndItsReply) {
  Ask("请问营业时间？");
  EXPECT_EQ(json_["route"], "rule");
  EXPECT_EQ(json_["action"], "reply");
  EXPECT_THAT(json_["source"].get<std::string>(), EndsWith("a.yml:1"));
  EXPECT_EQ(json_["reply"], json({{"kind", "text"}, {"text", "九点"}}));
  EXPECT_THAT(explanation_.text, AllOf(HasSubstr("关键词规则"), HasSubstr("九点"), HasSubstr("a.yml:1")));
  EXPECT_FALSE(explanation_.asks_model);
}

TEST_F(ExplanationTest, InstructionAndFurtherRepliesAreShown) {
  Write(
      "rules/b.yml",
      "- {keywords: [讲故事], reply: {model: 讲得短一点}}\n- {keywords: [套餐], mode: all, replies: [一, {image: M}]}\n"
      "- {default: true, reply: 没听懂}\n");
  rules::LoadReport report;
  auto rules = rules::RuleSet::Load({folder_.File("rules")}, report);
  ASSERT_TRUE(rules) << rules.error().message;
  account_.files.Set(std::make_shared<const bot::AccountFiles>(bot::AccountFiles{*rules, account_.files.Get()->words}));
  Ask("讲故事吧");
  EXPECT_EQ(json_["route"], "model");
  EXPECT_EQ(json_["instruction"], "讲得短一点");
  EXPECT_EQ(explanation_.instruction, "讲得短一点");
  EXPECT_THAT(json_["source"].get<std::string>(), EndsWith("b.yml:1"));
  Ask("套餐");
  EXPECT_EQ(json_["more"], json::array({{{"kind", "image"}, {"media_id", "M"}}}));
  Ask("继续");
  EXPECT_EQ(json_["route"], "command");
  EXPECT_EQ(json_["rules"][0]["wins"], false);
  Ask("别的");
  EXPECT_EQ(json_["reply"]["text"], "没听懂");
  EXPECT_EQ(json_["rules"][0]["wins"], true);
}

TEST_F(ExplanationTest, RulesThatLostAreListedWithTheirReason) {
  Ask("营业时间");
  ASSERT_EQ(json_["rules"].size(), 2U);
  EXPECT_EQ(json_["rules"][0]["rule"], "营业时间");
  EXPECT_EQ(json_["rules"][0]["wins"], true);
  EXPECT_EQ(json_["rules"][1]["rule"], "时间");
  EXPECT_EQ(json_["rules"][1]["wins"], false);
  EXPECT_THAT(json_["rules"][1]["source"].get<std::string>(), EndsWith("a.yml:3"));
  EXPECT_NE(json_["rules"][1]["why"], "");
  EXPECT_THAT(explanation_.text, HasSubstr("落选的规则“时间”"));
}

TEST_F(ExplanationTest, ReplyThatIsNoTextIsShownByItsKind) {
  Ask("图片");
  EXPECT_EQ(json_["reply"], json({{"kind", "image"}, {"media_id", "MEDIA_1"}}));
  EXPECT_THAT(explanation_.text, HasSubstr("MEDIA_1"));
  Ask("资讯");
  EXPECT_EQ(json_["reply"]["kind"], "news");
  EXPECT_EQ(json_["reply"]["articles"][0]["title"], "标题");
  Ask("转人工");
  EXPECT_EQ(json_["reply"]["kind"], "transfer");
}

TEST_F(ExplanationTest, RefusedWordIsNamedWithItsPlace) {
  Ask("哪里有大-麻");
  EXPECT_EQ(json_["route"], "words");
  EXPECT_EQ(json_["reply"]["text"], account_.settings.Get()->texts.blocked_question);
  ASSERT_EQ(json_["words"].size(), 1U);
  EXPECT_EQ(json_["words"][0]["word"], "大麻");
  EXPECT_EQ(json_["words"][0]["matched"], "大-麻");
  EXPECT_EQ(json_["words"][0]["level"], "block");
  EXPECT_EQ(json_["words"][0]["outcome"], "acts");
  EXPECT_THAT(json_["words"][0]["source"].get<std::string>(), EndsWith("a.txt:1"));
  EXPECT_THAT(explanation_.text, AllOf(HasSubstr("被敏感词拦下"), HasSubstr("a.txt")));
}

TEST_F(ExplanationTest, RuleThatABlockedWordComesBeforeDoesNotWin) {
  Ask("营业时间，大麻");
  EXPECT_EQ(json_["route"], "words");
  ASSERT_EQ(json_["rules"].size(), 2U);
  EXPECT_EQ(json_["rules"][0]["wins"], false);
  EXPECT_EQ(json_["rules"][0]["why"], "命中 contains“营业时间”，但消息里有敏感词，先被拦下了，轮不到规则");
  EXPECT_THAT(explanation_.text, AllOf(HasSubstr("落选的规则“营业时间”"), Not(HasSubstr("由它回复"))));
}

TEST_F(ExplanationTest, AllowedWordSaysThatItIsAndLetsTheMessagePass) {
  Ask("我遇到了大麻烦");
  EXPECT_EQ(json_["route"], "model");
  ASSERT_EQ(json_["words"].size(), 1U);
  EXPECT_EQ(json_["words"][0]["outcome"], "allowed");
  EXPECT_THAT(explanation_.text, HasSubstr("大麻烦"));
}

TEST_F(ExplanationTest, MaskedWordIsMaskedInWhatTheModelIsAsked) {
  Ask("什么是小坏词");
  EXPECT_EQ(json_["action"], "ask_model");
  EXPECT_EQ(json_["question"], "什么是＊＊＊");
  EXPECT_EQ(json_["words"][0]["level"], "mask");
  EXPECT_EQ(explanation_.question, "什么是＊＊＊");
}

TEST_F(ExplanationTest, CommandIsToldFromAQuestion) {
  Ask("继续");
  EXPECT_EQ(json_["route"], "command");
  EXPECT_EQ(json_["action"], "continue");
  EXPECT_FALSE(json_.contains("reply")) << "the next page is the follower's own";
  Ask("清空");
  EXPECT_EQ(json_["action"], "clear");
  EXPECT_EQ(json_["reply"]["text"], account_.settings.Get()->texts.cleared);
  Ask("帮助");
  EXPECT_EQ(json_["reply"]["text"], account_.settings.Get()->texts.help);
  EXPECT_THAT(explanation_.text, HasSubstr("内置指令"));
}

TEST_F(ExplanationTest, EverythingElseAsksTheModel) {
  Ask("今天天气怎么样");
  EXPECT_EQ(json_["route"], "model");
  EXPECT_EQ(json_["action"], "ask_model");
  EXPECT_EQ(json_["question"], "今天天气怎么样");
  EXPECT_FALSE(json_.contains("reply"));
  EXPECT_FALSE(json_.contains("rules"));
  EXPECT_FALSE(json_.contains("words"));
  EXPECT_TRUE(explanation_.asks_model);
  EXPECT_EQ(explanation_.question, "今天天气怎么样");
  EXPECT_THAT(explanation_.text, HasSubstr("模型会收到：今天天气怎么样"));
}

TEST_F(ExplanationTest, AccountWithoutModelSaysWhatTheFollowerGetsInstead) {
  account_.model = nullptr;
  Ask("今天天气怎么样");
  EXPECT_EQ(json_["route"], "model");
  EXPECT_EQ(json_["action"], "reply");
  EXPECT_EQ(json_["reply"]["text"], account_.settings.Get()->texts.model_unavailable);
  EXPECT_FALSE(explanation_.asks_model);
}

TEST_F(ExplanationTest, AccountWithoutRulesAndWordsIsExplainedToo) {
  bot::Account bare;
  bare.name = "main";
  bare.model = &model_;
  const Explanation explanation = Explain(bare, TextMessage("营业时间，大麻"), {});
  EXPECT_TRUE(explanation.asks_model);
  EXPECT_THAT(explanation.text, Not(HasSubstr("规则“")));
}

TEST_F(ExplanationTest, EventIsExplainedByItsRoute) {
  wechat::Incoming event = TextMessage("");
  event.type = wechat::MessageType::kEvent;
  event.type_name = "event";
  event.event = wechat::EventType::kUnsubscribe;
  event.event_name = "unsubscribe";
  const auto parsed = json::parse(Explain(account_, event, {}).json);
  EXPECT_EQ(parsed["route"], "event");
  EXPECT_EQ(parsed["action"], "forget");
}

TEST_F(ExplanationTest, EventIsExplainedByTheRulesThatAnswerIt) {
  Write("rules/events.yml",
        "- {event: subscribe, reply: 欢迎}\n- {event: subscribe, key: door-7, reply: 七号门}\n"
        "- {event: click, key: K, reply: {image: M}}\n");
  rules::LoadReport report;
  auto rules = rules::RuleSet::Load({folder_.File("rules")}, report);
  ASSERT_TRUE(rules) << rules.error().message;
  account_.files.Set(std::make_shared<const bot::AccountFiles>(bot::AccountFiles{*rules, account_.files.Get()->words}));
  for (const char* key : {"door-7", "qrscene_door-7"}) {
    const Explanation door = Explain(account_, EventMessage("subscribe", key), {});
    const auto parsed = json::parse(door.json);
    EXPECT_EQ(parsed["reply"]["text"], "七号门");
    EXPECT_EQ(parsed["event"], "subscribe");
    EXPECT_EQ(parsed["rules"].size(), 2U);
    EXPECT_EQ(parsed["rules"][0]["wins"], true);
    EXPECT_THAT(door.text,
                AllOf(HasSubstr("结果：是一个事件"), HasSubstr("粉丝会收到：七号门"), HasSubstr("events.yml:2")));
  }
  EXPECT_THAT(Explain(account_, EventMessage("CLICK", "K"), {}).text, HasSubstr("粉丝会收到：图片（素材编号 M）"));
  EXPECT_THAT(Explain(account_, EventMessage("CLICK", "other"), {}).text, HasSubstr("粉丝会收到：（不回复）"));
  EXPECT_THAT(Explain(account_, EventMessage("subscrbe", ""), {}).text, HasSubstr("subscribe（关注）"));
  EXPECT_THAT(Explain(account_, EventMessage("VIEW", "https://e.com"), {}).text,
              AllOf(HasSubstr("不会把对这种事件的回复显示"), Not(HasSubstr("粉丝会收到"))));
}

class NoMessages final : public platform::FollowerMessages {
 public:
  void Send(std::string, wechat::Reply, bool, Done) override { ADD_FAILURE() << "nobody is written to"; }
  void Typing(std::string) override {}
};

TEST_F(ExplanationTest, WhatWeChatDoesNotShowIsToldByTheAccountsAbility) {
  Write("rules/events.yml", "- {event: view, reply: 欢迎}\n- {event: pic_weixin, reply: 欢迎}\n");
  rules::LoadReport report;
  auto rules = rules::RuleSet::Load({folder_.File("rules")}, report);
  ASSERT_TRUE(rules) << rules.error().message;
  account_.files.Set(std::make_shared<const bot::AccountFiles>(bot::AccountFiles{*rules, account_.files.Get()->words}));
  const auto of = [this](const char* event) { return Explain(account_, EventMessage(event, ""), {}).text; };
  EXPECT_THAT(of("VIEW"), AllOf(HasSubstr("不会把对这种事件的回复显示"), Not(HasSubstr("：欢迎"))));
  EXPECT_THAT(of("pic_weixin"), HasSubstr("粉丝会收到：欢迎")) << "it is tried";
  NoMessages messages;
  account_.messages = &messages;
  account_.ability = bot::Ability::kPush;
  for (const char* event : {"VIEW", "pic_weixin"}) {
    const bool view = std::string(event) == "VIEW";
    EXPECT_THAT(of(event), HasSubstr(view ? "\n用客服消息发（账号有这个权限时）：欢迎" : "粉丝会收到：欢迎"));
  }
  account_.ability = bot::Ability::kPushOnly;
  EXPECT_THAT(of("VIEW"), AllOf(HasSubstr("粉丝会收到：欢迎"), Not(HasSubstr("不会把"))));
}

TEST_F(ExplanationTest, WordInARulesReplyIsNamedWithItsPlace) {
  Write("rules/words.yml", "- {keywords: [拦], reply: 有大麻卖}\n- {keywords: [盖], reply: 小坏词和小坏词}\n");
  rules::LoadReport report;
  auto rules = rules::RuleSet::Load({folder_.File("rules")}, report);
  ASSERT_TRUE(rules) << rules.error().message;
  account_.files.Set(std::make_shared<const bot::AccountFiles>(bot::AccountFiles{*rules, account_.files.Get()->words}));
  Ask("拦");
  EXPECT_THAT(explanation_.text, HasSubstr("规则的回复里有“大麻”（deny/a.txt:1），所以不发这一条\n"));
  EXPECT_EQ(json_["words_in_reply"][0]["source"], "deny/a.txt:1");
  Ask("盖");
  EXPECT_THAT(explanation_.text, HasSubstr("规则的回复里有“小坏词”（deny/a.txt:2），已经打码\n"));
  EXPECT_EQ(json_["words_in_reply"].size(), 1U);
}

TEST_F(ExplanationTest, HostileTextsGiveValidJson) {
  for (const std::string& text :
       {std::string("\"}{[,\\\n\r\t\b"), std::string("a\0b", 3), std::string("\xff\xfe大麻\xe4\xbd"),
        std::string("</script>\x1b[31m"), std::string(20000, '"'), std::string()}) {
    const Explanation explanation = Explain(account_, TextMessage(text), {});
    const json parsed = json::parse(explanation.json, nullptr, false);
    ASSERT_TRUE(parsed.is_object()) << text;
    EXPECT_TRUE(base::IsValidUtf8(explanation.json));
    if (base::IsValidUtf8(text)) {
      EXPECT_EQ(parsed["message"], text);
    }
  }
}

}  // namespace
}  // namespace yingda::server
