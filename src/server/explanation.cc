// SPDX-License-Identifier: MIT
#include "server/explanation.h"

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

std::string TextOf(const wechat::Reply& reply) {
  const auto* const text = std::get_if<wechat::TextReply>(&reply);
  if (text != nullptr) return text->content;
  return ReplyJson(reply).dump(-1, ' ', false, Json::error_handler_t::replace);
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

void ExplainRules(const bot::Account& account, const wechat::Incoming& message, base::WallTime now,
                  bot::Decision::Route route, Json& json, std::string& lines) {
  const auto rules = account.files.Get()->rules;
  if (!rules) return;
  rules::RuleInput input;
  input.kind = rules::RuleInput::kText;
  input.text = message.content;
  input.open_id = message.from_user;
  input.now = now;
  Json list = Json::array();
  for (rules::RuleExplanation& rule : rules->Explain(input)) {
    if (rule.is_default && rule.wins && route == bot::Decision::Route::kCommand) {
      rule.wins = false;
      rule.why = rule.matched + "，但内置指令排在它前面";
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
      return "事件";
    case Route::kWords:
      return "被敏感词拦下";
    case Route::kRule:
      return "关键词规则";
    case Route::kCommand:
      return "内置命令";
    case Route::kModel:
      return "交给模型";
    case Route::kMessageType:
      return "按消息类型回复";
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
  if (!decision.source.empty()) json["source"] = decision.source;
  if (decision.action == bot::Decision::Action::kReply || decision.action == bot::Decision::Action::kClear) {
    json["reply"] = ReplyJson(decision.reply);
    text += "粉丝会收到：" + TextOf(decision.reply) + "\n";
    for (const wechat::Reply& more : decision.more) {
      json["more"].push_back(ReplyJson(more));
      text += "接着用客服消息发（账号有这个权限时）：" + TextOf(more) + "\n";
    }
  }
  if (explanation.asks_model) {
    json["question"] = decision.question;
    text += "模型会收到：" + decision.question + "\n";
    if (!decision.instruction.empty()) {
      json["instruction"] = decision.instruction;
      text += "附加的说明：" + decision.instruction + "\n";
    }
  }
  ExplainWords(account, message.content, json, text);
  ExplainRules(account, message, now, decision.route, json, text);
  explanation.json = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return explanation;
}

}  // namespace yingda::server
