// SPDX-License-Identifier: MIT
#include "bot/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <variant>

#include "bot/word_log.h"
#include "net/event_loop.h"
#include "support/manual_clock.h"
#include "support/temp_dir.h"

namespace yingda::bot {
namespace {

using Action = Decision::Action;
using Route = Decision::Route;

class SilentModel final : public model::ChatModel {
 public:
  std::unique_ptr<model::ChatCall> Ask(const model::ChatRequest&, model::ChatEvents) override { return nullptr; }
};

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    Write("rules/a.yml",
          "- keywords: [营业时间]\n"
          "  reply: 九点\n"
          "- keywords: ['订单(\\d+)']\n"
          "  match: regex\n"
          "  reply: 订单 {1}\n"
          "- keywords: [转人工]\n"
          "  replies: [{transfer: true}]\n"
          "- event: subscribe\n"
          "  reply: 欢迎\n"
          "- event: click\n"
          "  key: K1\n"
          "  reply: 菜单一\n");
    Write("words/deny/a.txt", "网络博彩平台\n小坏词|mask\n");
    Write("words/allow/a.txt", "\n");
    rules::LoadReport rules_report;
    auto rules = rules::RuleSet::Load({folder_.File("rules")}, rules_report);
    EXPECT_TRUE(rules) << rules.error().message;
    filter::LoadReport words_report;
    auto words = filter::WordFilter::Load(folder_.File("words"), words_report);
    EXPECT_TRUE(words) << words.error().message;
    account_.files.Set(std::make_shared<const AccountFiles>(AccountFiles{*rules, *words}));
    account_.name = "main";
    account_.model = &model_;
  }

  void Change(const std::function<void(AccountSettings&)>& change) {
    auto settings = std::make_shared<AccountSettings>(*account_.settings.Get());
    change(*settings);
    account_.settings.Set(std::move(settings));
  }

  void UseRules(const std::string& yaml) {
    Write("other/a.yml", yaml);
    rules::LoadReport report;
    auto rules = rules::RuleSet::Load({folder_.File("other")}, report);
    ASSERT_TRUE(rules) << rules.error().message;
    account_.files.Set(std::make_shared<const AccountFiles>(AccountFiles{*rules, account_.files.Get()->words}));
  }
  void UseWords(const std::string& deny, const filter::Options& options = {}) {
    auto words = filter::WordFilter::FromLists({filter::ParseWordList(deny, "deny/b.txt", false)}, options);
    account_.files.Set(
        std::make_shared<const AccountFiles>(AccountFiles{account_.files.Get()->rules, std::move(words)}));
  }

  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.File(name), std::ios::binary) << text;
  }

  Decision Text(const std::string& text) {
    wechat::Incoming message;
    message.type = wechat::MessageType::kText;
    message.content = text;
    return Decide(account_, message, {}, scratch_);
  }
  Decision Event(const std::string& name, const std::string& key = "") {
    wechat::Incoming message;
    message.type = wechat::MessageType::kEvent;
    message.event = wechat::EventTypeOf(name);
    message.event_name = name;
    message.event_key = key;
    return Decide(account_, message, {}, scratch_);
  }
  Decision Type(wechat::MessageType type) {
    wechat::Incoming message;
    message.type = type;
    return Decide(account_, message, {}, scratch_);
  }
  Decision Place(const std::string& label) {
    wechat::Incoming message;
    message.type = wechat::MessageType::kLocation;
    message.Add("Location_X", "39.98");
    message.Add("Location_Y", "116.30");
    message.Add("Label", label);
    return Decide(account_, message, {}, scratch_);
  }
  Decision Link(const std::string& title) {
    wechat::Incoming message;
    message.type = wechat::MessageType::kLink;
    message.Add("Title", title);
    message.Add("Url", "https://example.com/a");
    return Decide(account_, message, {}, scratch_);
  }
  static std::string Shown(const Decision& decision) {
    const auto* const text = std::get_if<wechat::TextReply>(&decision.reply);
    return text == nullptr ? "" : text->content;
  }

  testing::TempDir folder_;
  SilentModel model_;
  Account account_;
  PipelineScratch scratch_;
};

TEST_F(PipelineTest, ModelRuleFillsItsGroupsWithWhatTheModelMaySee) {
  UseRules(R"(
- {keywords: ['找(.+)店'], match: regex, reply: {model: '他在找“{1}”，用“{0}”的口气回答。'}}
- {keywords: ['^问.{9}$'], match: regex, reply: {model: '“{0}”'}}
)");
  const Decision decision = Text("找小坏词店");
  EXPECT_EQ(decision.action, Action::kAskModel);
  EXPECT_EQ(decision.question.find("小坏词"), std::string::npos);
  EXPECT_EQ(decision.instruction.find("小坏词"), std::string::npos) << decision.instruction;
  EXPECT_EQ(decision.instruction.find("小坏"), std::string::npos);
  EXPECT_EQ(Text("找好店").instruction, "他在找“好”，用“找好店”的口气回答。");
  EXPECT_EQ(Text("找网络博彩平台店").route, Route::kWords);
}

TEST_F(PipelineTest, RuleReplyThatEchoesWhatMayNotGoOutIsBlockedOrMasked) {
  UseRules(R"(
- {keywords: ['说(.+)'], match: regex, reply: '你说{1}'}
- {keywords: ['看(.+)'], match: regex, reply: {news: [{title: 好, description: '{1}', url: 'https://a.cn/{1}'}]}}
- {keywords: ['全(.+)'], match: regex, mode: all, replies: [一, '{1}', {music: {title: '{1}', url: 'https://a.cn', thumb_media_id: M}}, 三]}
- {keywords: [自己写的], reply: 我们的菠萝派}
)");
  UseWords("菠萝派|in:pass,out:block\n小坏词|in:pass,out:mask\n甲甲 && 乙乙|in:pass,out:block\n");
  const std::string blocked = account_.settings.Get()->texts.blocked_answer;
  Decision decision = Text("说菠 萝 派");
  EXPECT_EQ(Shown(decision), blocked);
  EXPECT_EQ(decision.found_in_reply.level, filter::Level::kBlock);
  EXPECT_NE(decision.reply_words, nullptr);
  EXPECT_EQ(decision.rule, "说(.+)") << "it is the rule that answered";
  decision = Text("说小坏词");
  EXPECT_EQ(Shown(decision).find("小坏词"), std::string::npos);
  EXPECT_EQ(Shown(decision).find("你说"), 0u);
  EXPECT_EQ(Shown(Text("看菠萝派")), blocked);
  const auto news = std::get<wechat::NewsReply>(Text("看小坏词").reply);
  EXPECT_EQ(news.articles.front().description.find("小坏词"), std::string::npos);
  EXPECT_EQ(Shown(Text("自己写的")), blocked) << "whoever wrote it";
  decision = Text("全菠萝派");
  EXPECT_EQ(Shown(decision), "一");
  ASSERT_EQ(decision.more.size(), 2u) << "the second blocked one need not say so again";
  EXPECT_EQ(std::get<wechat::TextReply>(decision.more[0]).content, blocked);
  EXPECT_EQ(std::get<wechat::TextReply>(decision.more[1]).content, "三");
  UseRules(
      "- {keywords: ['看(.+)'], match: regex, reply: {news: [{title: 甲甲, description: '{1}', url: "
      "'https://a.cn'}]}}\n");
  EXPECT_EQ(Shown(Text("看乙乙")), blocked) << "title and description are read together";
  EXPECT_EQ(Text("看丙丙").found_in_reply.hits.size(), 0u);
}

TEST_F(PipelineTest, DetectorsCountInRuleRepliesOnlyWhereTheyRepeatTheFollower) {
  UseRules(R"(
- {keywords: ['^找(.+)'], match: regex, reply: '{1}的资料在 www.example.com/{1}，电话 13800138000'}
)");
  filter::Options options;
  for (const auto kind : {filter::DetectorKind::kUrl, filter::DetectorKind::kPhone}) {
    options.detectors.push_back({kind, {filter::Level::kPass, filter::Level::kBlock}});
  }
  UseWords("", options);
  EXPECT_EQ(Shown(Text("找猫")), "猫的资料在 www.example.com/猫，电话 13800138000") << "what the admin wrote is meant";
  for (const char* const text : {"找www.evil.com", "找１３９００１３９０００"}) {
    EXPECT_EQ(Shown(Text(text)), account_.settings.Get()->texts.blocked_answer) << text;
  }
}

TEST_F(PipelineTest, WhatTheAdminWroteStaysBesideAMaskedWord) {
  UseRules("- {keywords: ['(.*)坏词'], match: regex, reply: '你说{0}，电话 13800138000，见 www.example.com'}\n");
  for (const filter::Level level : {filter::Level::kMask, filter::Level::kBlock}) {
    filter::Options options;
    for (const auto kind : {filter::DetectorKind::kUrl, filter::DetectorKind::kPhone}) {
      options.detectors.push_back({kind, {filter::Level::kPass, level}});
    }
    UseWords("小坏词|in:pass,out:mask\n", options);
    EXPECT_EQ(Shown(Text("小坏词")), "你说＊＊＊，电话 13800138000，见 www.example.com");
  }
}

TEST_F(PipelineTest, AWordThatStandsInTwoTextsOfAReplyIsMaskedInBoth) {
  UseRules(
      "- {keywords: ['看(.+)'], match: regex, reply: {news: [{title: 好甲甲, description: '{1}', url: "
      "'https://a.cn'}]}}\n");
  UseWords("甲甲 && 乙乙|in:pass,out:mask\n");
  const auto news = std::get<wechat::NewsReply>(Text("看乙乙").reply);
  EXPECT_EQ(news.articles.front().title, "好＊＊");
  EXPECT_EQ(news.articles.front().description, "＊＊");
  EXPECT_EQ(std::get<wechat::NewsReply>(Text("看丙丙").reply).articles.front().title, "好甲甲");
}

TEST_F(PipelineTest, WhereABlockedReplySaysNothingNoMessageIsLeftOfIt) {
  Change([](AccountSettings& settings) { settings.texts.blocked_answer = ""; });
  UseRules("- {keywords: [全], mode: all, replies: [一, 菠萝派, 三]}\n- {keywords: [单], reply: 菠萝派}\n");
  UseWords("菠萝派|in:pass,out:block\n");
  const Decision decision = Text("全");
  EXPECT_EQ(Shown(decision), "一");
  ASSERT_EQ(decision.more.size(), 1u);
  EXPECT_EQ(std::get<wechat::TextReply>(decision.more.front()).content, "三");
  EXPECT_TRUE(std::holds_alternative<wechat::NoReply>(Text("单").reply));
}

class NoMessages final : public platform::FollowerMessages {
 public:
  void Send(std::string, wechat::Reply, bool, Done) override {}
  void Typing(std::string) override {}
};

TEST_F(PipelineTest, RuleForAnEventWhoseReplyIsNotShownAnswersByMessageWhereTheAccountMay) {
  std::string rules;
  const std::vector<std::string> names = {"subscribe",
                                          "scan",
                                          "click",
                                          "scancode_waitmsg",
                                          "pic_sysphoto",
                                          "pic_weixin",
                                          "pic_photo_or_album",
                                          "location_select",
                                          "scancode_push",
                                          "view",
                                          "view_miniprogram",
                                          "location"};
  for (const std::string& name : names) rules += "- {event: " + name + ", reply: 好}\n";
  UseRules(rules);
  NoMessages messages;
  using Way = std::pair<std::string, size_t>;
  const auto ways = [&] {
    std::vector<Way> all;
    for (const std::string& name : names) {
      const Decision decision = Event(name);
      all.emplace_back(Shown(decision), decision.more.size());
    }
    return all;
  };
  std::vector<Way> passive(8, {"好", 0}), push = passive;
  passive.insert(passive.end(), {{"好", 0}, {"", 0}, {"", 0}, {"", 0}});  // nobody knows whether WeChat shows the first
  EXPECT_EQ(ways(), passive);
  account_.messages = &messages;
  account_.ability = Ability::kPush;
  push.insert(push.end(), 4, {"", 1});
  EXPECT_EQ(ways(), push);
  UseRules("- {event: view, reply: {transfer: true}}\n");
  EXPECT_EQ(Event("view").more.size(), 0u) << "no message hands anybody over";
  UseRules(rules);
  account_.ability = Ability::kPushOnly;
  EXPECT_EQ(ways(), std::vector<Way>(names.size(), {"好", 0})) << "goes out as a message anyway";
}

// Remembers its lines as "level event key=value …".
class LineLogger final : public base::Logger {
 public:
  LineLogger() : Logger(base::LogLevel::kDebug) {}
  std::vector<std::string> lines;

 private:
  void Write(base::LogLevel level, std::string_view event, std::initializer_list<base::LogField> fields) override {
    std::string line = std::to_string(static_cast<int>(level)) + " " + std::string(event);
    for (const base::LogField& field : fields) {
      line += " " + std::string(field.key) + "=" + std::string(std::get<std::string_view>(field.value));
    }
    lines.push_back(std::move(line));
  }
};

TEST_F(PipelineTest, WhatTheWordFilterFoundIsLoggedByPlaceAndCountedByLevel) {
  const auto words = filter::WordFilter::FromLists(
      {filter::ParseWordList("坏词一|block|甲,乙\n坏词二|mask\n坏词三|review|丙", "deny/b.txt", false)});
  account_.files.Set(std::make_shared<const AccountFiles>(AccountFiles{account_.files.Get()->rules, words}));
  LineLogger logger;
  base::Metrics metrics;
  WordLog log(logger, metrics);
  for (const char* text : {"坏词一坏词一坏词三", "坏词二", "坏词三和坏词二", "好词"}) {
    const Decision decision = Text(text);
    ASSERT_EQ(decision.words != nullptr, text != std::string("好词"));
    if (decision.words) log.Note("main", "r1", filter::Direction::kInbound, *decision.words, decision.found);
  }
  EXPECT_THAT(
      logger.lines,
      ::testing::ElementsAre(
          "1 words account=main request=r1 direction=inbound level=block words=deny/b.txt:1 (甲,乙)",
          "0 words account=main request=r1 direction=inbound level=mask words=deny/b.txt:2",
          "1 words account=main request=r1 direction=inbound level=mask words=deny/b.txt:3 (丙), deny/b.txt:2"));
  const auto counted = [&](const char* level) {
    return metrics
        .Counter("yingda_words_total", "Texts with words of the filter, by the highest level among them",
                 {{"direction", "inbound"}, {"level", level}})
        .Value();
  };
  EXPECT_EQ(counted("block"), 1);
  EXPECT_EQ(counted("mask"), 2);
  EXPECT_EQ(counted("review"), 0);
}

TEST_F(PipelineTest, OrdinaryTextGoesToTheModelAsItIs) {
  const Decision decision = Text(" 今天天气怎么样？ ");
  EXPECT_EQ(decision.action, Action::kAskModel);
  EXPECT_EQ(decision.question, " 今天天气怎么样？ ");
}

TEST_F(PipelineTest, BlockedWordStandsBeforeRules) {
  const Decision decision = Text("营业时间 网络博彩平台");
  EXPECT_EQ(decision.route, Route::kWords);
  EXPECT_EQ(Shown(decision), account_.settings.Get()->texts.blocked_question);
}

TEST_F(PipelineTest, MaskedWordReachesTheModelMasked) {
  const Decision decision = Text("说个小坏词吧");
  EXPECT_EQ(decision.action, Action::kAskModel);
  EXPECT_EQ(decision.question, "说个＊＊＊吧");
}

TEST_F(PipelineTest, RuleAnswersWithItsPlace) {
  const Decision decision = Text("请问营业时间？");
  EXPECT_EQ(decision.route, Route::kRule);
  EXPECT_EQ(Shown(decision), "九点");
  EXPECT_THAT(decision.source, ::testing::EndsWith("a.yml:1"));
}

TEST_F(PipelineTest, RegexGroupsFillTheTemplate) { EXPECT_EQ(Shown(Text("查订单123")), "订单 123"); }

TEST_F(PipelineTest, TransferToAHumanIsAReplyOfItsOwn) {
  EXPECT_TRUE(std::holds_alternative<wechat::TransferReply>(Text("我要转人工").reply));
}

TEST_F(PipelineTest, CommandsComeBehindRules) {
  EXPECT_EQ(Text("继续").action, Action::kContinue);
  EXPECT_EQ(Text("清空").action, Action::kClear);
  EXPECT_EQ(Shown(Text("帮助")), account_.settings.Get()->texts.help);
  EXPECT_EQ(Text("继续说").action, Action::kAskModel);
}

TEST_F(PipelineTest, OddTextsHaveTheirOwnReplies) {
  EXPECT_EQ(Shown(Text("")), account_.settings.Get()->texts.empty_text);
  EXPECT_EQ(Shown(Text(" \n　")), account_.settings.Get()->texts.empty_text);
  EXPECT_EQ(Shown(Text("【收到不支持的消息类型，暂无法显示】")), account_.settings.Get()->texts.unsupported);
  EXPECT_EQ(Shown(Text(std::string(60'000, 'x'))), account_.settings.Get()->texts.question_too_long);
  EXPECT_EQ(Text("]]>\x01\xef\xbf\xbd").action, Action::kAskModel);
}

TEST_F(PipelineTest, EveryMessageTypeHasItsText) {
  using wechat::MessageType;
  EXPECT_EQ(Shown(Type(MessageType::kImage)), account_.settings.Get()->texts.image);
  EXPECT_EQ(Shown(Type(MessageType::kVoice)), account_.settings.Get()->texts.voice);
  EXPECT_EQ(Shown(Type(MessageType::kVideo)), account_.settings.Get()->texts.video);
  EXPECT_EQ(Shown(Type(MessageType::kShortVideo)), account_.settings.Get()->texts.video);
  EXPECT_EQ(Shown(Type(MessageType::kLocation)), account_.settings.Get()->texts.location);
  EXPECT_EQ(Shown(Type(MessageType::kLink)), account_.settings.Get()->texts.link);
  EXPECT_TRUE(std::holds_alternative<wechat::NoReply>(Type(MessageType::kUnknown).reply));
}

TEST_F(PipelineTest, EmptiedTextOfATypeMeansSilence) {
  Change([](AccountSettings& settings) { settings.texts.image.clear(); });
  EXPECT_TRUE(std::holds_alternative<wechat::NoReply>(Type(wechat::MessageType::kImage).reply));
}

TEST_F(PipelineTest, RecognisedVoiceIsTreatedAsText) {
  wechat::Incoming message;
  message.type = wechat::MessageType::kVoice;
  message.Add("Recognition", "营业时间");
  EXPECT_EQ(Shown(Decide(account_, message, {}, scratch_)), "九点");
}

TEST_F(PipelineTest, PlacesAndLinksAreQuestionsToTheModel) {
  const Decision place = Place("北京市海淀区");
  EXPECT_EQ(place.action, Action::kAskModel);
  EXPECT_EQ(place.route, Route::kModel);
  EXPECT_EQ(place.question, "（我发来一个位置：北京市海淀区，纬度 39.98，经度 116.30）");
  EXPECT_EQ(place.picture_url, "");
  const Decision link = Link("十个好去处");
  EXPECT_EQ(link.action, Action::kAskModel);
  EXPECT_EQ(link.question, "（我分享了一个链接：标题《十个好去处》，网址 https://example.com/a）");
}

TEST_F(PipelineTest, PlacesAndLinksPassTheWordsButNeitherRulesNorCommands) {
  EXPECT_EQ(Link("网络博彩平台大全").route, Route::kWords);
  EXPECT_EQ(Shown(Link("网络博彩平台大全")), account_.settings.Get()->texts.blocked_question);
  EXPECT_EQ(Place("网络博彩平台").route, Route::kWords);
  EXPECT_THAT(Link("一个小坏词").question, ::testing::HasSubstr("《一个＊＊＊》"));
  EXPECT_EQ(Link("营业时间").action, Action::kAskModel);
  EXPECT_EQ(Place("继续").action, Action::kAskModel);
}

TEST_F(PipelineTest, WhatTheModelDoesNotSeeGetsItsText) {
  Change([](AccountSettings& settings) { settings.sees = {false, true, false}; });
  EXPECT_EQ(Shown(Place("北京")), account_.settings.Get()->texts.location);
  EXPECT_EQ(Link("题").action, Action::kAskModel);
  Change([](AccountSettings& settings) { settings.sees = {true, false, false}; });
  EXPECT_EQ(Place("北京").action, Action::kAskModel);
  EXPECT_EQ(Shown(Link("题")), account_.settings.Get()->texts.link);
  Change([](AccountSettings& settings) { settings.sees = {true, true, true}; });
  account_.model = nullptr;
  EXPECT_EQ(Shown(Place("北京")), account_.settings.Get()->texts.location);
  EXPECT_EQ(Shown(Link("题")), account_.settings.Get()->texts.link);
  EXPECT_EQ(Place("网络博彩平台").route, Route::kMessageType) << "nobody reads it";
}

class NoHttp final : public net::HttpClient {
 public:
  CallId Start(net::HttpClientRequest, net::HttpClientEvents) override { return 1; }
  void Cancel(CallId) override {}
};

TEST_F(PipelineTest, PicturesAreQuestionsOnlyWhereTheyAreSeen) {
  wechat::Incoming message;
  message.type = wechat::MessageType::kImage;
  const auto decide = [&] { return Decide(account_, message, {}, scratch_); };
  testing::ManualClock clock;
  net::EventLoop loop(clock);
  NoHttp client;
  base::Metrics metrics;
  model::PictureFetcher fetcher({}, client, loop, metrics);
  message.Add("PicUrl", "http://mmbiz.qpic.cn/a/0");
  EXPECT_EQ(Shown(decide()), account_.settings.Get()->texts.image);
  Change([](AccountSettings& settings) { settings.sees.picture = true; });
  EXPECT_EQ(Shown(decide()), account_.settings.Get()->texts.image) << "nothing to fetch it with";
  account_.pictures = &fetcher;
  EXPECT_EQ(decide().action, Action::kAskModel);
  EXPECT_EQ(decide().picture_url, "http://mmbiz.qpic.cn/a/0");
  EXPECT_EQ(decide().question, "（我发来一张图片，请看图回答。）");
  Change([](AccountSettings& settings) { settings.sees.picture = false; });
  EXPECT_EQ(Shown(decide()), account_.settings.Get()->texts.image);
  Change([](AccountSettings& settings) { settings.sees.picture = true; });
  message.fields.front().value.append(2048, 'a');
  EXPECT_EQ(Shown(decide()), account_.settings.Get()->texts.picture_failed);
  message.fields.clear();
  EXPECT_EQ(Shown(decide()), account_.settings.Get()->texts.image);
}

TEST_F(PipelineTest, EventsAreAnsweredByRulesOrNotAtAll) {
  EXPECT_EQ(Shown(Event("subscribe")), "欢迎");
  EXPECT_EQ(Shown(Event("subscribe", "qrscene_door-7")), "欢迎");
  EXPECT_EQ(Shown(Event("CLICK", "K1")), "菜单一");
  EXPECT_TRUE(std::holds_alternative<wechat::NoReply>(Event("CLICK", "K2").reply));
  for (const char* name : {"LOCATION", "VIEW", "TEMPLATESENDJOBFINISH", "no_such_event"}) {
    EXPECT_TRUE(std::holds_alternative<wechat::NoReply>(Event(name).reply)) << name;
    EXPECT_EQ(Event(name).action, Action::kReply) << name;
  }
  EXPECT_EQ(Event("unsubscribe").action, Action::kForget);
}

TEST_F(PipelineTest, WithoutAModelTheFollowerIsTold) {
  account_.model = nullptr;
  EXPECT_EQ(Shown(Text("问题")), account_.settings.Get()->texts.model_unavailable);
}

}  // namespace
}  // namespace yingda::bot
