// SPDX-License-Identifier: MIT
#include "simulator/customer_message.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace yingda::simulator {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestOpenId = 64;

/// The errcode of a body that is no object at all, or 0 with the object in `json`.
int ParseBody(std::string_view body, Json& json) {
  if (body.empty()) return 44002;
  json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return 47001;
  return HasUnicodeEscape(body) ? 40033 : 0;
}

std::string StringAt(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int CheckText(const Json& text, const CustomerMessageRules& rules) {
  const std::string content = StringAt(text, "content");
  if (content.empty()) return 44004;
  return content.size() > rules.max_text_bytes ? 45002 : 0;
}

int CheckMedia(const Json& object, const CustomerMessageRules& rules) {
  const std::string media_id = StringAt(object, "media_id");
  return !media_id.empty() && rules.media_exists && rules.media_exists(media_id) ? 0 : 40007;
}

int CheckNews(const Json& news) {
  if (!news.contains("articles") || !news["articles"].is_array() || news["articles"].empty()) return 40035;
  return news["articles"].size() > 1 ? 45008 : 0;
}

int CheckMenu(const Json& menu, const CustomerMessageRules& rules) {
  if (!rules.menus_allowed) return 40200;
  return menu.contains("list") && menu["list"].is_array() && !menu["list"].empty() ? 0 : 40035;
}

int CheckObject(const std::string& type, const Json& object, const CustomerMessageRules& rules) {
  constexpr std::array kMedia = {"image", "voice", "video", "mpnews"};
  // Each with the field without which nothing could be shown.
  constexpr std::array<std::pair<const char*, const char*>, 4> kOthers = {
      {{"music", "musicurl"}, {"mpnewsarticle", "article_id"}, {"wxcard", "card_id"}, {"miniprogrampage", "pagepath"}}};
  if (type == "text") return CheckText(object, rules);
  if (type == "news") return CheckNews(object);
  if (type == "msgmenu") return CheckMenu(object, rules);
  if (type == "link") {
    if (!rules.mini_program) return 40008;
    return StringAt(object, "url").empty() ? 40035 : 0;
  }
  if (std::find(kMedia.begin(), kMedia.end(), type) != kMedia.end()) return CheckMedia(object, rules);
  for (const auto& [name, field] : kOthers) {
    if (type == name) return StringAt(object, field).empty() ? 40035 : 0;
  }
  return 40008;
}

bool MadeByModel(const Json& json) {
  const auto context = json.find("aimsgcontext");
  if (context == json.end() || !context->is_object()) return false;
  const auto flag = context->find("is_ai_msg");
  return flag != context->end() && flag->is_number_integer() && flag->get<int>() == 1;
}

}  // namespace

bool LooksLikeAnOpenId(std::string_view text) {
  return text.size() >= 2 && text.size() <= kLongestOpenId && text.front() == 'o' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
         });
}

bool HasUnicodeEscape(std::string_view json) {
  for (size_t i = 0; i + 1 < json.size(); ++i) {
    if (json[i] != '\\') continue;
    if (json[i + 1] == 'u') return true;
    ++i;  // an escaped backslash must not be taken for the beginning of the next escape
  }
  return false;
}

CheckedCustomerMessage CheckCustomerMessage(std::string_view body, const CustomerMessageRules& rules) {
  CheckedCustomerMessage checked;
  Json json;
  checked.errcode = ParseBody(body, json);
  if (checked.errcode != 0) return checked;
  checked.message.open_id = StringAt(json, "touser");
  checked.message.type = StringAt(json, "msgtype");
  checked.message.made_by_model = MadeByModel(json);
  if (!LooksLikeAnOpenId(checked.message.open_id)) {
    checked.errcode = 40003;
    return checked;
  }
  const auto object = json.find(checked.message.type);
  const Json content = object != json.end() && object->is_object() ? *object : Json::object();
  checked.errcode = CheckObject(checked.message.type, content, rules);
  checked.message.text = checked.message.type == "text" ? StringAt(content, "content") : content.dump();
  return checked;
}

CheckedTyping CheckTyping(std::string_view body) {
  CheckedTyping checked;
  Json json;
  checked.errcode = ParseBody(body, json);
  if (checked.errcode != 0) return checked;
  checked.open_id = StringAt(json, "touser");
  const std::string command = StringAt(json, "command");
  checked.cancel = command == "CancelTyping";
  if (!LooksLikeAnOpenId(checked.open_id)) {
    checked.errcode = 40003;
  } else if (!checked.cancel && command != "Typing") {
    checked.errcode = 45072;
  }
  return checked;
}

}  // namespace yingda::simulator
