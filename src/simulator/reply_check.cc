// SPDX-License-Identifier: MIT
#include "simulator/reply_check.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/utf8.h"
#include "wechat/reply_parser.h"

namespace yingda::simulator {
namespace {

constexpr size_t kMaxTextBytes = 2047;
constexpr size_t kMaxArticlesForEvents = 8;

bool IsForbiddenInXml(char byte) {
  return static_cast<unsigned char>(byte) < 0x20 && byte != '\n' && byte != '\t' && byte != '\r';
}

std::optional<std::string> TextTrouble(const wechat::TextReply& text) {
  if (base::TrimBlanks(text.content).empty()) return "the text is empty";
  if (text.content.size() > kMaxTextBytes) {
    return "the text has " + std::to_string(text.content.size()) + " bytes, WeChat takes 2047";
  }
  if (std::any_of(text.content.begin(), text.content.end(), IsForbiddenInXml)) return "the text has control characters";
  return std::nullopt;
}

std::optional<std::string> NewsTrouble(const wechat::NewsReply& news, const wechat::Incoming& message) {
  const size_t limit = message.type == wechat::MessageType::kEvent ? kMaxArticlesForEvents : 1;
  if (news.articles.size() <= limit) return std::nullopt;
  return std::to_string(news.articles.size()) + " articles, WeChat takes " + std::to_string(limit) + " here";
}

std::optional<std::string> LimitTrouble(const wechat::Reply& reply, const wechat::Incoming& message) {
  if (const auto* text = std::get_if<wechat::TextReply>(&reply)) return TextTrouble(*text);
  if (const auto* news = std::get_if<wechat::NewsReply>(&reply)) return NewsTrouble(*news, message);
  return std::nullopt;
}

base::Error Bad(std::string message) { return {base::ErrorCode::kInvalidArgument, std::move(message)}; }

}  // namespace

base::Result<wechat::Reply> CheckReply(const wechat::PushBuilder& builder, const wechat::Incoming& message,
                                       std::string_view body) {
  if (!base::IsValidUtf8(body)) return Bad("the reply is not UTF-8");
  wechat::ReplyKeys keys;
  keys.token = builder.options().token;
  keys.cipher = builder.cipher();
  keys.require_encrypted = builder.options().mode == wechat::CallbackMode::kSafe;
  YINGDA_TRY(wechat::OpenedReply opened, wechat::OpenReply(body, keys));
  if (std::holds_alternative<wechat::NoReply>(opened.reply)) return std::move(opened.reply);
  if (opened.to_user != message.from_user) return Bad("ToUserName is not the follower who asked");
  if (opened.from_user != message.to_user) return Bad("FromUserName is not the account that was asked");
  if (opened.create_time <= 0) return Bad("CreateTime is missing or no number");
  if (const auto trouble = LimitTrouble(opened.reply, message)) return Bad(*trouble);
  return std::move(opened.reply);
}

}  // namespace yingda::simulator
