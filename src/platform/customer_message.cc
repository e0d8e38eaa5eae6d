// SPDX-License-Identifier: MIT
#include "platform/customer_message.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "wechat/clean_text.h"

namespace yingda::platform {
namespace {

using nlohmann::json;

struct Typed {
  const char* type = nullptr;
  json content;
};

/// One kind of message each; no type: there is no such customer-service message.
struct OfficialAccount {
  Typed operator()(const wechat::TextReply& text) const { return {"text", {{"content", text.content}}}; }
  Typed operator()(const wechat::ImageReply& image) const { return {"image", {{"media_id", image.media_id}}}; }
  Typed operator()(const wechat::VoiceReply& voice) const { return {"voice", {{"media_id", voice.media_id}}}; }
  Typed operator()(const wechat::VideoReply& video) const {
    return {"video", {{"media_id", video.media_id}, {"title", video.title}, {"description", video.description}}};
  }
  Typed operator()(const wechat::MusicReply& music) const {
    return {"music",
            {{"title", music.title},
             {"description", music.description},
             {"musicurl", music.music_url},
             {"hqmusicurl", music.hq_music_url},
             {"thumb_media_id", music.thumb_media_id}}};
  }
  Typed operator()(const wechat::NewsReply& news) const {
    if (news.articles.empty()) return {};
    const wechat::Article& first = news.articles.front();
    const json article = {
        {"title", first.title}, {"description", first.description}, {"url", first.url}, {"picurl", first.picture_url}};
    return {"news", {{"articles", json::array({article})}}};
  }
  Typed operator()(const wechat::TransferReply&) const { return {}; }
  Typed operator()(const wechat::NoReply&) const { return {}; }
};

struct MiniProgram {
  Typed operator()(const wechat::TextReply& text) const { return OfficialAccount()(text); }
  Typed operator()(const wechat::ImageReply& image) const { return OfficialAccount()(image); }
  Typed operator()(const wechat::NewsReply& news) const {
    if (news.articles.empty()) return {};
    const wechat::Article& first = news.articles.front();
    return {"link",
            {{"title", first.title},
             {"description", first.description},
             {"url", first.url},
             {"thumb_url", first.picture_url}}};
  }
  template <typename Other>
  Typed operator()(const Other&) const {
    return {};
  }
};

/// Every string in it, however deep, so that no kind of message can forget one of its own.
void CleanStrings(json& value) {
  if (value.is_string()) value = wechat::CleanText(value.get_ref<const std::string&>());
  if (!value.is_structured()) return;
  for (json& element : value) CleanStrings(element);
}

/// WeChat refuses \uXXXX (40033), which is how dump() writes control characters: there must be none of them.
std::string Dump(json body) {
  CleanStrings(body);
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::optional<std::string> CustomerMessageBody(const std::string& open_id, const wechat::Reply& message,
                                               bool made_by_model, MessageDialect dialect) {
  const bool mini_program = dialect == MessageDialect::kMiniProgram;
  const Typed typed = mini_program ? std::visit(MiniProgram(), message) : std::visit(OfficialAccount(), message);
  if (typed.type == nullptr) return std::nullopt;
  json body = {{"touser", open_id}, {"msgtype", typed.type}, {typed.type, typed.content}};
  if (made_by_model && !mini_program) body["aimsgcontext"] = {{"is_ai_msg", 1}};
  return Dump(std::move(body));
}

std::string TypingBody(const std::string& open_id) { return Dump({{"touser", open_id}, {"command", "Typing"}}); }

}  // namespace yingda::platform
