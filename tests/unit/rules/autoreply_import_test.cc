// SPDX-License-Identifier: MIT
#include "rules/autoreply_import.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/utf8.h"
#include "rules/rule_text.h"
#include "unit/rules/rules_from_text.h"

namespace yingda::rules {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string ReadFile(const std::string& name) {
  std::ifstream in(YINGDA_SOURCE_DIR "/tests/data/autoreply/" + name);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

AutoreplyImport Imported(std::string_view text) {
  auto imported = ImportAutoreply(text);
  EXPECT_TRUE(imported.has_value()) << (imported ? "" : imported.error().message);
  return imported ? *std::move(imported) : AutoreplyImport();
}

/// The console, as its documentation has it: every rule with a keyword that the message is (equal) or holds (contain)
/// may answer; with one of its replies, or with all of which the first is what comes first.
class Console {
 public:
  explicit Console(const std::string& text) : info_(json::parse(text)) {}

  std::set<std::string> FirstReplies(const std::string& message) const {
    std::set<std::string> replies;
    for (const json& rule : Rules()) {
      if (!rule.is_object() || !Matches(rule, message)) continue;
      for (const json& reply : rule["reply_list_info"]) {
        const std::string shown = Shown(reply);
        if (shown.empty()) continue;  // what only the console can send
        replies.insert(shown);
        if (rule["reply_mode"] != "random_one") break;
      }
    }
    if (replies.empty())
      replies.insert(IsOn("is_autoreply_open") ? OrNone(info_["message_default_autoreply_info"]) : "(none)");
    return replies;
  }

  std::string Welcome() const {
    return IsOn("is_add_friend_reply_open") ? OrNone(info_["add_friend_autoreply_info"]) : "(none)";
  }

  std::vector<std::string> Messages() const {
    std::vector<std::string> messages = {"你好", "在吗"};
    for (const json& rule : Rules()) {
      if (!rule.is_object()) continue;
      for (const json& keyword : rule["keyword_list_info"]) {
        const std::string text = keyword["content"];
        messages.insert(messages.end(), {text, "请问" + text + "呢", text + "吗", "说" + text});
      }
    }
    return messages;
  }

  static std::string Shown(const json& reply) {
    const std::string type = reply.value("type", ""), content = reply.value("content", "");
    if (type == "text" && base::TrimBlanks(content).empty()) return "";
    if (type == "text") return content.substr(0, content.find_last_not_of('\n') + 1);
    if ((type == "img" || type == "voice") && !content.empty()) return type + " " + content;
    if (type != "news" || reply["news_info"]["list"].empty()) return "";
    return "news " + reply["news_info"]["list"][0]["title"].get<std::string>();
  }

 private:
  const json& Rules() const { return info_.at("keyword_autoreply_info").at("list"); }
  bool IsOn(const char* key) const { return info_[key] == 1 || info_[key] == "1" || info_[key] == true; }
  static std::string OrNone(const json& reply) {
    const std::string shown = Shown(reply);
    return shown.empty() ? "(none)" : shown;
  }
  static bool Matches(const json& rule, const std::string& message) {
    for (const json& keyword : rule["keyword_list_info"]) {
      const std::string text = keyword["content"];
      const bool equal = keyword["match_mode"] == "equal";
      if (text.size() > 3 * 64) continue;
      if (equal ? message == text : message.find(text) != std::string::npos) return true;
    }
    return false;
  }

  json info_;
};

std::string Shown(const RuleSet& set, const RuleInput& input) {
  RuleSet::Scratch scratch;
  auto match = set.Match(input, scratch);
  if (!match && input.kind == RuleInput::kText) match = set.MatchDefault(input, scratch);
  if (!match) return "(none)";
  if (const auto* text = std::get_if<wechat::TextReply>(&match->reply)) return text->content;
  if (const auto* image = std::get_if<wechat::ImageReply>(&match->reply)) return "img " + image->media_id;
  if (const auto* voice = std::get_if<wechat::VoiceReply>(&match->reply)) return "voice " + voice->media_id;
  if (const auto* news = std::get_if<wechat::NewsReply>(&match->reply)) return "news " + news->articles.front().title;
  return "(other)";
}

class SampleTest : public testing::TestWithParam<const char*> {};

TEST_P(SampleTest, AnswersAsTheConsoleDid) {
  const std::string text = ReadFile(std::string(GetParam()) + ".json");
  const Console console(text);
  const auto set = SetFrom(Imported(text).text);
  for (const std::string& message : console.Messages()) {
    const std::set<std::string> allowed = console.FirstReplies(message);
    std::set<std::string> seen;
    for (uint64_t choice = 0; choice < 60; ++choice) {
      seen.insert(Shown(*set, TextInput(message, choice)));
      EXPECT_TRUE(allowed.count(*seen.rbegin()) == 1 || seen.size() > 1) << message << ": " << *seen.begin();
    }
    for (const std::string& reply : seen) EXPECT_EQ(allowed.count(reply), 1U) << message << ": " << reply;
  }
  EXPECT_EQ(Shown(*set, EventInput("subscribe")), console.Welcome());
}

TEST_P(SampleTest, IsWrittenAsAPersonWouldHave) {
  const std::string name = GetParam();
  EXPECT_EQ(Imported(ReadFile(name + ".json")).text, ReadFile(name + ".yml")) << "tests/data/autoreply/" << name;
}

INSTANTIATE_TEST_SUITE_P(Samples, SampleTest, testing::Values("console", "closed", "odd"));

TEST(AutoreplyImportTest, WhatCannotBeKeptIsInTheNotesAndBesideTheRule) {
  const AutoreplyImport console = Imported(ReadFile("console.json"));
  for (const char* note :
       {"“新品”：全部回复：第一条", "“新品”：这张图片的编号是临时的", "“周刊”：回复消息时微信只允许 1 篇图文",
        "“演示”：微信只给出视频的地址", "“重复”：关键词“几点开门”也在规则“营业时间”里",
        "“收到消息的默认回复”：它会抢在", "“收到消息的默认回复”：这里它只回答文字"}) {
    EXPECT_THAT(console.notes, Contains(HasSubstr(note)));
    const std::string text = std::string(note).substr(std::string_view(note).find("：") + 3);
    EXPECT_THAT(console.text, HasSubstr(text)) << note;
  }
  EXPECT_THAT(Imported(ReadFile("closed.json")).notes, Contains(HasSubstr("在微信后台是关着的")));
}

TEST(AutoreplyImportTest, AnEmptyConsoleIsNoMistake) {
  const AutoreplyImport empty = Imported(ReadFile("empty.json"));
  EXPECT_EQ(empty.rules, 0U);
  EXPECT_EQ(empty.text, "");
}

TEST(AutoreplyImportTest, OtherFilesAndErrorsOfWeChatAreExplained) {
  const auto message = [](std::string_view text) {
    const auto imported = ImportAutoreply(text);
    return imported ? std::string() : imported.error().message;
  };
  EXPECT_THAT(message("<html>"), HasSubstr("不是 JSON"));
  EXPECT_THAT(message("[]"), HasSubstr("不是 JSON"));
  EXPECT_THAT(message("{\"a\":1}"), HasSubstr("没有自动回复"));
  EXPECT_THAT(message("{\"errcode\":48001,\"errmsg\":\"api unauthorized\"}"),
              AllOf(HasSubstr("48001"), HasSubstr("没有权限")));
  EXPECT_THAT(message("{\"errcode\":40001,\"errmsg\":\"x\"}"), HasSubstr("app_secret"));
}

class ImportBesideShippedRulesTest : public testing::Test {
 protected:
  /// The account's folder once the import is written into it, and loaded as a server loads it.
  std::shared_ptr<const RuleSet> Import(const std::string& console, const std::string& more = "") {
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "import_beside_test";
    std::filesystem::remove_all(folder);
    std::filesystem::copy(YINGDA_SOURCE_DIR "/reply_rules", folder);
    if (!more.empty()) std::ofstream(folder / "more.yml") << more;
    LoadReport report;
    const auto shipped = RuleSet::Load({folder.string()}, report);
    EXPECT_TRUE(shipped.has_value());
    imported_ = *ImportAutoreply(console, (*shipped)->rules());
    std::ofstream(folder / "imported.yml") << imported_.text;
    const auto both = RuleSet::Load({folder.string()}, report);
    EXPECT_TRUE(both.has_value()) << (both ? "" : both.error().message);
    return both ? *both : nullptr;
  }
  static std::string RuleOf(const char* mode, const char* keyword, const char* reply) {
    const json rule = {{"rule_name", ""},
                       {"reply_mode", "random_one"},
                       {"keyword_list_info", {{{"match_mode", mode}, {"content", keyword}}}},
                       {"reply_list_info", {{{"type", "text"}, {"content", reply}}}}};
    return rule.dump();
  }
  static std::string Json(const std::string& rules) {
    return R"({"is_add_friend_reply_open": 1, "is_autoreply_open": 1,
      "add_friend_autoreply_info": {"type": "text", "content": "原来的欢迎语"},
      "message_default_autoreply_info": {"type": "text", "content": "原来的默认回复"},
      "keyword_autoreply_info": {"list": [)" +
           rules + "]}}";
  }
  AutoreplyImport imported_;
};

TEST_F(ImportBesideShippedRulesTest, WhatTheConsoleAnsweredWins) {
  const auto set =
      Import(Json(RuleOf("contain", "营业时间", "原来的营业时间") + "," + RuleOf("contain", "人工", "原来的人工") +
                  "," + RuleOf("equal", "谢谢", "原来的谢谢") + "," + RuleOf("equal", "地址", "原来的地址")),
             "- {default: true, reply: 别的默认回复}\n");
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(Shown(*set, EventInput("subscribe")), "原来的欢迎语");
  for (const char* keyword : {"营业时间", "人工", "谢谢", "地址"}) {
    EXPECT_EQ(Shown(*set, TextInput(keyword)), "原来的" + std::string(keyword));
  }
  EXPECT_EQ(Shown(*set, TextInput("随便说点什么")), "原来的默认回复");
  EXPECT_THAT(imported_.text, HasSubstr("- event: subscribe\n  name: 关注后的回复\n"
                                        "  priority: 1  # 排到 default.yml 的“欢迎”前面\n"));
  EXPECT_THAT(imported_.text, HasSubstr("- keywords: [地址]\n  match: exact\n  reply:")) << "nothing is in its way";
  EXPECT_THAT(imported_.notes, Contains("“关注后的回复”：default.yml 的“欢迎”本来会抢在它前面，所以给它加了 "
                                        "priority: 1。两条里不要的那一条，请删掉"));
}

TEST_F(ImportBesideShippedRulesTest, OrderAmongTheImportedStaysAndThoseOfHigherPriorityAreOvertaken) {
  const auto set = Import(Json(RuleOf("contain", "营业时间", "甲") + "," + RuleOf("equal", "营业时间", "乙") + "," +
                               RuleOf("contain", "路线", "丙")),
                          "- {keywords: [路线], priority: 7, reply: x}\n");
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(Shown(*set, TextInput("营业时间")), "乙");
  EXPECT_EQ(Shown(*set, TextInput("路线")), "丙");
  EXPECT_THAT(imported_.text, HasSubstr("  priority: 8  # 排到 more.yml 的“路线”前面\n"));
}

TEST_F(ImportBesideShippedRulesTest, SamplesAnswerAsTheConsoleDid) {
  for (const char* sample : {"console", "odd"}) {
    const std::string text = ReadFile(std::string(sample) + ".json");
    const auto set = Import(text);
    ASSERT_NE(set, nullptr);
    const Console console(text);
    for (const std::string& message : console.Messages()) {
      const std::set<std::string> allowed = console.FirstReplies(message);
      if (allowed.contains("(none)")) continue;
      EXPECT_EQ(allowed.count(Shown(*set, TextInput(message))), 1U) << message;
    }
    if (console.Welcome() != "(none)") {
      EXPECT_EQ(Shown(*set, EventInput("subscribe")), console.Welcome());
    }
  }
}

/// Every text of the console comes back as it was, through keywords, names and replies.
TEST(AutoreplyImportTest, AnyTextSurvives) {
  std::mt19937 random(11);
  const auto number = [&](size_t from, size_t to) { return std::uniform_int_distribution<size_t>(from, to)(random); };
  const std::vector<std::string> pieces = {"好",
                                           "a",
                                           "1",
                                           " ",
                                           "  ",
                                           "\n",
                                           "\n\n",
                                           "\t",
                                           "-",
                                           "- ",
                                           ":",
                                           ": ",
                                           "#",
                                           " #",
                                           "\"",
                                           "'",
                                           "\\",
                                           "{",
                                           "}",
                                           "{{",
                                           "}}",
                                           "{1}",
                                           "{0}",
                                           "{date}",
                                           "[",
                                           "]",
                                           ",",
                                           "，",
                                           "、",
                                           "&",
                                           "*",
                                           "!",
                                           "|",
                                           ">",
                                           "%",
                                           "@",
                                           "`",
                                           "?",
                                           "? ",
                                           "~",
                                           "null",
                                           "true",
                                           "0x1F",
                                           "1e3",
                                           "2026-01-01",
                                           "---",
                                           "...",
                                           "\r\n",
                                           "\xEF\xBB\xBF",
                                           "\u2028",
                                           "\u0085",
                                           "😀",
                                           "\x01",
                                           "\xFF",
                                           "<a href=\"x\">",
                                           "&amp;",
                                           "\\n",
                                           "=",
                                           "<<"};
  for (int round = 0; round < 1500; ++round) {
    const auto text = [&](size_t most) {
      std::string made;
      for (size_t i = number(1, most); i > 0; --i) made += pieces[number(0, pieces.size() - 1)];
      return made;
    };
    const std::string keyword = WritableText(text(6)), reply = text(14), name = text(6), title = text(8);
    if (filter::FoldedKey(keyword).empty() || keyword.size() > 60) continue;
    // What is odd in the JSON is odd in its strings: an invalid byte there is no JSON at all.
    const json info = {
        {"keyword_autoreply_info",
         {{"list", json::array({{{"rule_name", base::ToValidUtf8(name)},
                                 {"reply_mode", "random_one"},
                                 {"keyword_list_info", {{{"match_mode", "equal"}, {"content", keyword}}}},
                                 {"reply_list_info",
                                  {{{"type", "text"}, {"content", base::ToValidUtf8(reply)}},
                                   {{"type", "text"}, {"content", "x"}},
                                   {{"type", "news"},
                                    {"news_info",
                                     {{"list", json::array({{{"title", base::ToValidUtf8(title)},
                                                             {"content_url", "https://e.com/{1}"}}})}}}}}}}})}}}};
    const AutoreplyImport imported = Imported(info.dump());
    const std::vector<Rule> rules = RulesFrom(imported.text);
    ASSERT_EQ(rules.size(), 1U) << imported.text;
    const Rule& rule = rules.front();
    EXPECT_EQ(rule.keywords.front().text, base::TrimBlanks(keyword)) << imported.text;
    const std::string want_name = WritableText(base::ToValidUtf8(name));
    if (!base::TrimBlanks(want_name).empty()) {
      EXPECT_EQ(rule.name, want_name) << imported.text;
    }
    const std::string want = WritableText(base::ToValidUtf8(reply));
    size_t at = 0;
    if (!base::TrimBlanks(want).empty()) {
      EXPECT_EQ(std::get<wechat::TextReply>(rule.replies[at++].Fill({})).content, want) << imported.text;
    }
    ++at;  // x
    const std::string want_title = WritableText(base::ToValidUtf8(title));
    if (!base::TrimBlanks(want_title).empty()) {
      const auto news = std::get<wechat::NewsReply>(rule.replies[at].Fill({}));
      EXPECT_EQ(news.articles.front().title, want_title) << imported.text;
      EXPECT_EQ(news.articles.front().url, "https://e.com/{1}");
    }
  }
}

}  // namespace
}  // namespace yingda::rules
