// SPDX-License-Identifier: MIT
#include "server/explanation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bot/pipeline.h"
#include "wechat/passive_reply.h"

namespace yingda::server {
namespace {

using Json = nlohmann::ordered_json;

Json ReplyJson(const wechat::Reply& reply) {
  struct Visitor {
    Json operator()(const wechat::NoReply&) const { return {{"kind", "none"}}; }
    Json operator()(const wechat::TextReply& r) const { return {{"kind", "text"}, {"text", r.content}}; }
    Json operator()(const wechat::ImageReply& r) const { return {{"kind", "image"}, {"media_id", r.media_id}}; }
    Json operator()(const wechat::VoiceReply& r) const { return {{"kind", "voice"}, {"media_id", r.media_id}}; }
    Json operator()(const wechat::VideoReply& r) const {
      return {{"kind", "video"}, {"media_id", r.media_id}, {"title", r.title}, {"description", r.description}};
    }
    Json operator()(const wechat::MusicReply& r) const {
      return {{"kind", "music"}, {"title", r.title}, {"url", r.music_url}};
    }
    Json operator()(const wechat::NewsReply& r) const {
      Json articles = Json::array();
      for (const wechat::Article& article : r.articles)
        articles.push_back({{"title", article.title}, {"url", article.url}});
      return {{"kind", "news"}, {"articles", std::move(articles)}};
    }
    Json operator()(const wechat::TransferReply& r) const { return {{"kind", "transfer"}, {"agent", r.agent}}; }
  };
  return std::visit(Visitor(), reply);
}

/// For a person.
std::string TextOf(const wechat::Reply& reply) {
  struct Visitor {
    static std::string Media(const std::string& kind, const std::string& id) {
      return kind + "（素材编号 " + id + "）";
    }
    std::string operator()(const wechat::NoReply&) const { return "（不回复）"; }
    std::string operator()(const wechat::TextReply& r) const { return r.content; }
    std::string operator()(const wechat::ImageReply& r) const { return Media("图片", r.media_id); }
    std::string operator()(const wechat::VoiceReply& r) const { return Media("语音", r.media_id); }
    std::string operator()(const wechat::VideoReply& r) const { return Media("视频", r.media_id); }
    std::string operator()(const wechat::MusicReply& r) const { return "音乐“" + r.title + "” " + r.music_url; }
    std::string operator()(const wechat::NewsReply& r) const {
      std::string text = "图文";
      for (const wechat::Article& article : r.articles) text += "“" + article.title + "” " + article.url + " ";
      return text;
    }
    std::string operator()(const wechat::TransferReply& r) const {
      return r.agent.empty() ? "（转给人工客服）" : "（转给客服 " + r.agent + "）";
    }
  };
  return std::visit(Visitor(), reply);
}

const char* FateName(filter::Fate fate) {
  switch (fate) {
    case filter::Fate::kActs:
      return "acts";
    case filter::Fate::kInsideWord:
      return "inside_word";
    case filter::Fate::kInterrupted:
      return "interrupted";
    case filter::Fate::kAllowed:
      return "allowed";
    case filter::Fate::kSwitchedOff:
      return "switched_off";
    case filter::Fate::kPartMissing:
      return "part_missing";
  }
  return "unknown";
}

void ExplainWords(const bot::Account& account, const std::string& text, Json& json, std::string& lines) {
  const auto words = account.files.Get()->words;
  if (!words) return;
  Json list = Json::array();
  for (const filter::Explanation& found : words->Explain(text, filter::Direction::kInbound)) {
    const filter::WordInfo info = words->Info(found.hit.word);
    list.push_back({{"word", info.text},
                    {"matched", text.substr(found.hit.begin, found.hit.end - found.hit.begin)},
                    {"level", filter::ToString(info.levels.inbound)},
                    {"source", info.Place()},
                    {"outcome", FateName(found.fate)}});
    lines += words->Describe(found, text) + "\n";
  }
  if (!list.empty()) json["words"] = std::move(list);
}

void ExplainWordsOfReply(const bot::Decision& decision, Json& json, std::string& lines) {
  if (!decision.reply_words) return;
  Json list = Json::array();
  for (const filter::WordHit& hit : decision.found_in_reply.hits) {
    const filter::WordInfo info = decision.reply_words->Info(hit.word);
    Json found = {{"word", info.text}, {"level", filter::ToString(hit.level)}, {"source", info.Place()}};
    if (std::find(list.begin(), list.end(), found) != list.end()) continue;
    const char* const what = hit.level == filter::Level::kBlock  ? "所以不发这一条"
                             : hit.level == filter::Level::kMask ? "已经打码"
                                                                 : "照发";
    lines += "规则的回复里有“" + info.text + "”（" + info.Place() + "），" + what + "\n";
    list.push_back(std::move(found));
  }
  if (!list.empty()) json["words_in_reply"] = std::move(list);
}

/// Why a rule that would have answered did not get the message; nullptr: it did.
const char* WhatCameFirst(const bot::Decision& decision) {
  if (decision.rules != nullptr) return nullptr;
  switch (decision.route) {
    case bot::Decision::Route::kWords:
      return "但消息里有敏感词，先被拦下了，轮不到规则";
    case bot::Decision::Route::kCommand:
      return "但内置指令排在它前面";
    default:
      return "但这种消息（事件）不看规则";
  }
}

void ExplainRules(const bot::Account& account, const wechat::Incoming& message, base::WallTime now,
                  const bot::Decision& decision, Json& json, std::string& lines) {
  const auto rules = account.files.Get()->rules;
  if (!rules) return;
  rules::RuleInput input;
  const bot::RuleEvent event = bot::RuleEventOf(message);
  if (message.type == wechat::MessageType::kEvent) {
    input.kind = rules::RuleInput::kEvent;
    input.event = event.name;
    input.event_key = event.key;
  } else {
    input.text = message.content;
  }
  input.now = now;
  Json list = Json::array();
  for (rules::RuleExplanation& rule : rules->Explain(input)) {
    const char* const first = rule.wins ? WhatCameFirst(decision) : nullptr;
    if (first != nullptr) {
      rule.wins = false;
      rule.why = (rule.is_default ? "" : "命中 ") + rule.matched + "，" + first;
    }
    list.push_back({{"rule", rule.rule}, {"source", rule.source}, {"wins", rule.wins}, {"why", rule.why}});
    lines += std::string(rule.wins ? "规则" : "落选的规则") + "“" + rule.rule + "”（" + rule.source + "）：" +
             rule.why + "\n";
  }
  if (!list.empty()) json["rules"] = std::move(list);
}

const char* RouteInWords(bot::Decision::Route route) {
  using Route = bot::Decision::Route;
  switch (route) {
    case Route::kEvent:
      return "是一个事件";
    case Route::kWords:
      return "被敏感词拦下";
    case Route::kRule:
      return "由关键词规则回复";
    case Route::kCommand:
      return "由内置指令处理";
    case Route::kModel:
      return "交给大模型回答";
    case Route::kMessageType:
      return "不看规则，按消息的种类回复";
  }
  return "";
}

}  // namespace

wechat::Incoming TextMessage(std::string_view text) {
  wechat::Incoming message;
  message.to_user = "gh_explain";
  message.from_user = "o_explain";
  message.type = wechat::MessageType::kText;
  message.type_name = "text";
  message.content = std::string(text);
  return message;
}

wechat::Incoming EventMessage(std::string_view name, std::string_view key) {
  wechat::Incoming message = TextMessage("");
  message.type = wechat::MessageType::kEvent;
  message.type_name = "event";
  message.event_name = std::string(name);
  message.event = wechat::EventTypeOf(name);
  message.event_key = std::string(key);
  // WeChat writes the scene of a code that a new follower scanned with a prefix, all others without.
  const bool bare = message.event == wechat::EventType::kSubscribe && !key.empty() && !key.starts_with("qrscene_");
  if (bare) message.event_key.insert(0, "qrscene_");
  return message;
}

Explanation Explain(const bot::Account& account, const wechat::Incoming& message, base::WallTime now) {
  bot::PipelineScratch scratch;
  const bot::Decision decision = bot::Decide(account, message, {0, now, nullptr}, scratch);
  Explanation explanation;
  explanation.asks_model = decision.action == bot::Decision::Action::kAskModel;
  explanation.question = decision.question;
  explanation.instruction = decision.instruction;

  Json json = {{"account", account.name},
               {"message", message.content},
               {"route", bot::ToString(decision.route)},
               {"action", bot::ToString(decision.action)}};
  std::string& text = explanation.text;
  text = std::string("结果：") + RouteInWords(decision.route) + "\n";
  const bool event = message.type == wechat::MessageType::kEvent;
  if (event) {
    json["event"] = message.event_name;
    json["event_key"] = message.event_key;
  }
  const bool shown = !event || !bot::IsNotShown(account, message.event);
  if (message.event == wechat::EventType::kOther) {
    text += "没有听说过这种事件；常用的有 subscribe（关注）、scan（扫码）、click（点菜单）\n";
  } else if (!shown) {
    text += "微信不会把对这种事件的回复显示给粉丝；能发客服消息的账号，改用客服消息发\n";
  }
  if (!decision.source.empty()) json["source"] = decision.source;
  const bool replies =
      decision.action == bot::Decision::Action::kReply || decision.action == bot::Decision::Action::kClear;
  if (replies) {
    json["reply"] = ReplyJson(decision.reply);
    if (shown) text += "粉丝会收到：" + TextOf(decision.reply) + "\n";
    for (const wechat::Reply& more : decision.more) {
      json["more"].push_back(ReplyJson(more));
      text += (shown ? "接着用客服消息发（账号有这个权限时）：" : "用客服消息发（账号有这个权限时）：") + TextOf(more) +
              "\n";
    }
  }
  ExplainWordsOfReply(decision, json, text);
  if (explanation.asks_model) {
    json["question"] = decision.question;
    text += "模型会收到：" + decision.question + "\n";
    if (!decision.instruction.empty()) {
      json["instruction"] = decision.instruction;
      text += "附加的说明：" + decision.instruction + "\n";
    }
  }
  ExplainWords(account, message.content, json, text);
  ExplainRules(account, message, now, decision, json, text);
  explanation.json = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return explanation;
}

}  // namespace yingda::server
