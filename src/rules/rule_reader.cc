// SPDX-License-Identifier: MIT
#include "rules/rule_reader.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "base/yaml_map.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"
#include "rules/condition_reader.h"
#include "rules/expression.h"
#include "rules/reply_reader.h"
#include "rules/rule_keys.h"

namespace yingda::rules {
namespace {

using base::YamlMap;
using base::YamlNode;

constexpr size_t kMaxRegexBytes = 1000;
constexpr size_t kMaxEventArticles = 8;
constexpr size_t kMaxReplies = 100;
// The reply and the customer-service messages that WeChat allows behind it.
constexpr size_t kMostAfterMessage = 1 + 5;
constexpr size_t kMostAfterEvent = 1 + 3;

std::string WhatIsWrong(const re2::RE2& regex) {
  const std::string part = regex.error_arg().empty() ? "" : "“" + regex.error_arg() + "”";
  switch (regex.error_code()) {
    case re2::RE2::ErrorMissingParen:
    case re2::RE2::ErrorUnexpectedParen:
      return "圆括号没有配对" + part + "：请补上另一半，要匹配括号本身请写 \\(";
    case re2::RE2::ErrorMissingBracket:
      return "方括号没有配对" + part + "：请补上 ]";
    case re2::RE2::ErrorRepeatArgument:
    case re2::RE2::ErrorRepeatOp:
      return part + " 前面没有可以重复的内容：要匹配符号本身请在前面加 \\";
    case re2::RE2::ErrorRepeatSize:
      return "重复次数 " + part + " 太大：最多 1000";
    case re2::RE2::ErrorBadPerlOp:
      return "不支持 " + part + "（如预查 (?=…)）：请换一种写法";
    case re2::RE2::ErrorBadEscape:
      return "不支持 " + part + " 这种写法（如反向引用 \\1）：请换一种写法";
    case re2::RE2::ErrorTrailingBackslash:
      return "末尾多了一个反斜杠：请删掉，要匹配反斜杠本身请写 \\\\";
    case re2::RE2::ErrorBadCharRange:
      return "字符范围 " + part + " 不对：应当从小到大，例如 [0-9]";
    case re2::RE2::ErrorPatternTooLarge:
      return "正则表达式太复杂：请减少重复次数或拆成几条";
    default:
      return part + "（" + regex.error() + "）";
  }
}

class RuleReader {
 public:
  RuleReader(const YamlNode& node, base::YamlProblems& problems, base::YamlProblems& warnings)
      : node_(node), problems_(problems), warnings_(warnings), map_(&node, problems) {}

  /// Nothing if the rule is wrong or switched off.
  std::optional<Rule> Read() {
    const size_t problems_before = problems_.size();
    if (!node_.IsMap()) {
      if (node_.IsNull()) problems_.Add(node_, "", "这一条规则是空的：请删掉多余的“-”，或补上 keywords 和 reply");
      return std::nullopt;
    }
    rule_.file = problems_.file();
    rule_.line = node_.line;
    rule_.column = node_.column;
    rule_.name = map_.String("name");
    rule_.priority = static_cast<int>(map_.Integer("priority", 0, -kHighestPriority, kHighestPriority));
    const bool enabled = map_.Bool("enabled", true);
    rule_.mode = map_.Choice<ReplyMode>(
        "mode", ReplyMode::kFirst,
        {{"first", ReplyMode::kFirst}, {"random", ReplyMode::kRandom}, {"all", ReplyMode::kAll}});
    rule_.match = map_.Choice<MatchKind>("match", MatchKind::kContains,
                                         {{"exact", MatchKind::kExact},
                                          {"contains", MatchKind::kContains},
                                          {"prefix", MatchKind::kPrefix},
                                          {"suffix", MatchKind::kSuffix},
                                          {"all_of", MatchKind::kAllOf},
                                          {"regex", MatchKind::kRegex}});
    ReadTrigger();
    ReadConditions(map_, rule_);
    ReadReplies();
    CheckAll();
    if (problems_.size() != problems_before || !enabled) return std::nullopt;
    return std::move(rule_);
  }

 private:
  void ReadTrigger() {
    const YamlNode* keywords = node_.Find("keywords");
    map_.Has("keywords");
    if (map_.Has("default")) return ReadDefault(keywords);
    if (map_.Has("event")) {
      if (keywords != nullptr) {
        problems_.Add(*keywords, "", "一条规则不能同时有 event 和 keywords：请分成两条规则");
      }
      ReadEvent();
      return;
    }
    if (map_.Has("key")) map_.Problem("key", "", "key 只能和 event 一起用：请补上 event，例如 event: click");
    if (keywords == nullptr) {
      problems_.Add(node_, "", "缺少 keywords（关键词）、event（事件）或 default: true：请补上其中一个");
      return;
    }
    ReadKeywords(*keywords);
  }

  void ReadDefault(const YamlNode* keywords) {
    rule_.match = MatchKind::kDefault;
    if (rule_.name.empty()) rule_.name = "默认回复";
    if (!map_.Bool("default", true)) map_.Problem("default", "", "请写 default: true，或者删掉这一行");
    if (keywords != nullptr) {
      problems_.Add(*keywords, "", "default 规则在没有别的规则命中时回复，不能有 keywords：请删掉其中一个");
    }
    for (const std::string_view key : {"event", "key", "match"}) {
      if (map_.Has(key)) map_.Problem(key, "", "default 规则不用写 " + std::string(key) + "：请删掉这一行");
    }
  }

  void ReadEvent() {
    if (map_.Has("match")) map_.Problem("match", "", "event 规则不用写 match：请删掉这一行");
    rule_.match = MatchKind::kEvent;
    rule_.event = base::TrimBlanks(map_.String("event"));
    if (rule_.event.empty() && map_.Find("event")->IsScalar()) {
      map_.Problem("event", "",
                   "event 是空的：请写上事件的名字，例如 subscribe（关注）、scan（扫码）、click（点菜单）");
    }
    std::transform(rule_.event.begin(), rule_.event.end(), rule_.event.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    rule_.event_keys = map_.Strings("key");
    const auto is_blank = [](const std::string& key) { return base::TrimBlanks(key).empty(); };
    const bool no_key = map_.Has("key") && rule_.event_keys.empty() && map_.Find("key")->IsList();
    if (no_key || std::any_of(rule_.event_keys.begin(), rule_.event_keys.end(), is_blank)) {
      map_.Problem("key", "", "key 是空的：请写上菜单的 key 或二维码的参数；不管哪一个都回复时，请删掉 key 这一行");
    }
    if (rule_.name.empty()) {
      rule_.name = rule_.event + (rule_.event_keys.empty() ? "" : " " + rule_.event_keys.front());
    }
    if (rule_.event.empty()) return;
    const auto* known = std::find_if(std::begin(kEvents), std::end(kEvents),
                                     [&](const KnownEvent& e) { return e.name == rule_.event; });
    if (known == std::end(kEvents)) {
      std::vector<std::string_view> names;
      for (const KnownEvent& event : kEvents) names.push_back(event.name);
      const std::string guess(base::ClosestWord(rule_.event, names));
      Warn("event", "不认识的事件 " + rule_.event +
                        (guess.empty() ? "：常用的有 subscribe（关注）、scan（扫码）、click（菜单点击）"
                                       : "：是不是想写 " + guess + "？"));
    } else if (!known->shows_reply) {
      Warn("event", "微信不会把 " + rule_.event + " 事件的回复显示给粉丝：" +
                        (rule_.event == "unsubscribe" ? "这条规则不会有效果"
                                                      : "只有能发客服消息的账号，才会改用客服消息发出去"));
    }
  }

  void ReadKeywords(const YamlNode& keywords) {
    if (keywords.IsNull() || (keywords.IsList() && keywords.items.empty())) {
      problems_.Add(keywords, "", "keywords 是空的：请至少写一个关键词，例如 keywords: [营业时间]");
    } else if (keywords.IsScalar()) {
      ReadKeyword(keywords);
    } else if (keywords.IsMap()) {
      problems_.Add(keywords, "", "keywords 应当是列表，例如 [营业时间, 几点开门]；含有 { } 的关键词要加上英文双引号");
    }
    for (const YamlNode& item : keywords.items) ReadKeyword(item);
    if (rule_.name.empty() && !rule_.keywords.empty()) rule_.name = rule_.keywords.front().text;
  }

  void ReadKeyword(const YamlNode& node) {
    if (!node.IsScalar() && !node.IsNull()) {
      problems_.Add(node, "", "关键词应当是文字：含有 [ ] { } 或冒号的关键词要加上英文双引号");
      return;
    }
    if (base::TrimBlanks(node.text).empty()) {
      problems_.Add(node, "", "关键词是空的：空的关键词会匹配所有消息，请删掉它或补上文字");
      return;
    }
    if (rule_.match == MatchKind::kRegex) return ReadRegex(node);
    const std::string text(base::TrimBlanks(node.text));
    const std::u32string codes = filter::FoldedCodes(text, filter::FoldMode::kLiteral);
    if (filter::FoldedKey(text).empty() || codes.empty()) {
      problems_.Add(node, "", "关键词里只有看不见的字符：请换成文字");
    } else if (codes.size() > filter::PatternIndex::kMaxCodes) {
      problems_.Add(node, "",
                    "关键词太长：最多 " + std::to_string(filter::PatternIndex::kMaxCodes) + " 个字，请取其中一段");
    } else {
      WarnAboutKeyword(node, codes);
      rule_.keywords.push_back({text, node.line, node.column, nullptr});
    }
  }

  void WarnAboutKeyword(const YamlNode& node, const std::u32string& codes) {
    if (!node.quoted && (node.text.find("，") != std::string::npos || node.text.find("、") != std::string::npos)) {
      warnings_.Add(
          node, "",
          "“" + node.text + "”是一个关键词：如果想写几个关键词，请用英文逗号分开；" + "如果就是一个，请加上英文双引号");
    }
    if (codes.size() == 1 && rule_.match == MatchKind::kContains) {
      warnings_.Add(node, "", "只有一个字的关键词会匹配很多不相干的消息：请写长一些，或用 match: exact");
    }
  }

  void ReadRegex(const YamlNode& node) {
    if (node.text.size() > kMaxRegexBytes) {
      problems_.Add(node, "", "正则表达式太长：最多 " + std::to_string(kMaxRegexBytes) + " 字节，请拆成几个关键词");
      return;
    }
    auto regex = std::make_shared<Expression>(node.text);
    if (!regex->ok()) {
      problems_.Add(node, "", "正则表达式写错了：" + WhatIsWrong(regex->Engine()));
      return;
    }
    if (regex->Matches("")) {
      warnings_.Add(node, "", "这个正则表达式连空文字也能匹配，所以会匹配所有消息：如果不是有意的，请写得更具体");
    }
    const int groups = regex->Engine().NumberOfCapturingGroups();
    groups_ = groups_ < 0 ? groups : std::min(groups_, groups);
    rule_.keywords.push_back({node.text, node.line, node.column, std::move(regex)});
  }

  void ReadReplies() {
    const YamlNode* reply = map_.Find("reply");
    const YamlNode* replies = map_.Find("replies");
    if (reply != nullptr && replies != nullptr) {
      problems_.Add(*replies, "", "reply 和 replies 只能写一个：请把它们合并到 replies 里");
    } else if (reply != nullptr && reply->IsList()) {
      problems_.Add(*reply, "", "reply 只能写一条回复：几条回复请写在 replies 里");
    } else if (reply != nullptr) {
      ReadOneReply(*reply);
    } else if (replies != nullptr && replies->IsList() && !replies->items.empty()) {
      for (const YamlNode& item : replies->items) ReadOneReply(item);
      if (replies->items.size() > kMaxReplies) {
        problems_.Add(*replies, "", "回复太多：一条规则最多 " + std::to_string(kMaxReplies) + " 条");
      }
      if (replies->items.size() > 1 && !map_.Has("mode")) {
        warnings_.Add(*replies, "",
                      "写了几条回复，但只会用第一条：想随机回复一条请加上 mode: random，想全部发送请加上 mode: all");
      }
    } else if (replies != nullptr) {
      problems_.Add(*replies, "", "replies 应当是列表：每条回复以“- ”开头");
    } else {
      problems_.Add(node_, "", "缺少 reply（回复）：请补上，例如 reply: 你好；不想回复时请写 reply: {none: true}");
    }
  }

  void ReadOneReply(const YamlNode& node) {
    ReplyContext context;
    context.max_articles = rule_.match == MatchKind::kEvent ? kMaxEventArticles : 1;
    // After a wrong expression nobody knows its groups; its own error is enough.
    const bool groups_known = rule_.match != MatchKind::kRegex || groups_ >= 0;
    context.groups = groups_known ? groups_ : 99;
    context.has_message = rule_.match != MatchKind::kEvent;
    if (auto read = ReadReply(node, context, problems_, warnings_)) rule_.replies.push_back(std::move(*read));
  }

  /// What cannot go out together with others.
  void CheckAll() {
    if (rule_.mode != ReplyMode::kAll) return;
    for (const ReplyTemplate& reply : rule_.replies) {
      const auto wrong = [&](const char* chinese) { problems_.Add(reply.line, reply.column, "", chinese); };
      const bool first = &reply == &rule_.replies.front();
      if (reply.ForModel()) {
        wrong("model 不能和 mode: all 一起用：请单独写成一条规则");
      } else if (std::holds_alternative<wechat::NoReply>(reply.pattern())) {
        wrong("none 不能和 mode: all 一起用：请删掉这一条");
      } else if (!first && std::holds_alternative<wechat::TransferReply>(reply.pattern())) {
        wrong("mode: all 里 transfer 只能是第一条：请把它移到最前面");
      }
    }
    // As a customer-service message an article is a message of its own.
    size_t messages = 1;
    for (size_t i = 1; i < rule_.replies.size(); ++i) {
      const auto* const news = std::get_if<wechat::NewsReply>(&rule_.replies[i].pattern());
      messages += news == nullptr ? 1 : news->articles.size();
    }
    const bool by_event = rule_.match == MatchKind::kEvent;
    const size_t most = by_event ? kMostAfterEvent : kMostAfterMessage;
    if (messages > most) {
      const size_t written = rule_.replies.size();
      const std::string apart =
          messages == written ? "" : "，分开发是 " + std::to_string(messages) + " 条消息（图文一篇一条）";
      Warn("replies", "写了 " + std::to_string(written) + " 条回复" + apart + "：" +
                          (by_event ? "粉丝关注、扫码或点菜单" : "粉丝发一条消息") + "之后，微信最多允许发 " +
                          std::to_string(most) + " 条，多出来的会发不出去");
    }
  }

  void Warn(std::string_view key, const std::string& chinese) {
    const YamlNode* value = node_.Find(key);
    warnings_.Add(value == nullptr ? node_ : *value, "", chinese);
  }

  const YamlNode& node_;
  base::YamlProblems& problems_;
  base::YamlProblems& warnings_;
  YamlMap map_;
  Rule rule_;
  int groups_ = -1;  // the fewest of the rule's expressions; -1: none
};

}  // namespace

std::optional<Rule> ReadRule(const YamlNode& node, base::YamlProblems& problems, base::YamlProblems& warnings) {
  return RuleReader(node, problems, warnings).Read();
}

}  // namespace yingda::rules
