// SPDX-License-Identifier: MIT
#include "rules/autoreply_reply.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "rules/rule_text.h"

namespace yingda::rules {
namespace {

using nlohmann::json;

constexpr size_t kCommentBytes = 400;

/// Addresses in the answer are sometimes escaped as in HTML.
std::string Address(const json& object, const char* key) {
  std::string url = ConsoleText(object, key);
  for (size_t at = url.find("&amp;"); at != std::string::npos; at = url.find("&amp;", at + 1)) url.erase(at + 1, 4);
  return url;
}

bool IsAddress(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

WrittenReply Without(const std::string& why) {
  WrittenReply written;
  written.comments.push_back(why);
  return written;
}

void Say(const std::string& text, WrittenReply& written) { written.comments.push_back(text); }

void Media(const std::string& kind, const std::string& media_id, WrittenReply& written) {
  const std::string what = kind == "voice" ? "语音" : "图片";
  const std::string this_one = kind == "voice" ? "这段语音" : "这张图片";
  if (base::TrimBlanks(media_id).empty() || IsAddress(media_id)) {
    written = Without(what + "没有素材编号，没有导入：请把它上传到素材库，再写 " + kind + ": 素材编号" +
                      (media_id.empty() ? "" : "；原来的地址是 " + ForComment(media_id)));
    return;
  }
  Say(this_one + "的编号是临时的，3 天后失效：请把" + what + "上传为永久素材，换成它的编号", written);
  written.section = true;
  written.lines = {kind + ": " + YamlScalar(media_id)};
}

void Video(const std::string& content, WrittenReply& written) {
  if (base::TrimBlanks(content).empty() || IsAddress(content)) {
    written = Without("微信只给出视频的地址，没有素材编号，所以没有导入：请把视频上传为永久素材，再写 video: 素材编号" +
                      (content.empty() ? "" : "；原来的地址是 " + ForComment(content)));
    return;
  }
  Say("这段视频的编号是临时的，3 天后失效：请把视频上传为永久素材，换成它的编号", written);
  written.section = true;
  written.lines = {"video: " + YamlScalar(content)};
}

void AddArticle(const json& article, const std::string& title, const std::string& url, WrittenReply& written) {
  written.lines.push_back("  - title: " + YamlScalar(TemplateText(title)));
  const std::string digest = ConsoleText(article, "digest");
  if (!base::TrimBlanks(digest).empty()) {
    written.lines.push_back("    description: " + YamlScalar(TemplateText(digest)));
  }
  const std::string cover = Address(article, "cover_url");
  if (IsAddress(cover)) written.lines.push_back("    picture: " + YamlScalar(TemplateText(cover)));
  written.lines.push_back("    url: " + YamlScalar(TemplateText(url)));
}

void News(const json& reply, size_t max_articles, WrittenReply& written) {
  size_t articles = 0;
  for (const json& article : ConsoleMember(ConsoleMember(reply, "news_info"), "list")) {
    const std::string title = ConsoleText(article, "title");
    std::string url = Address(article, "content_url");
    if (!IsAddress(url)) url = Address(article, "source_url");
    const std::string shown = "“" + ForComment(title) + "” " + ForComment(url);
    if (base::TrimBlanks(title).empty() || !IsAddress(url)) {
      Say("一篇图文没有标题或网址，没有导入：" + shown, written);
    } else if (articles >= max_articles) {
      Say("回复消息时微信只允许 1 篇图文，这一篇没有导入：" + shown, written);
    } else {
      if (articles++ == 0) written.lines.push_back("news:");
      AddArticle(article, title, url, written);
    }
  }
  written.section = true;
  if (articles > 0) return;
  const std::string content = ConsoleText(reply, "content");
  Say("这条图文回复里没有文章，没有导入" + (content.empty() ? "" : "；它的素材编号是 " + ForComment(content)), written);
}

}  // namespace

const json& ConsoleMember(const json& object, const char* key) {
  static const json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string ConsoleText(const json& object, const char* key) {
  const json& value = ConsoleMember(object, key);
  if (value.is_string()) return WritableText(value.get_ref<const std::string&>());
  return value.is_number() ? value.dump() : "";
}

std::string ForComment(std::string_view text) {
  const std::string_view begin = base::Utf8Prefix(text, kCommentBytes);
  std::string line;
  for (size_t at = 0; at < begin.size();) {
    const base::CodePoint c = base::DecodeUtf8(begin, at);
    // Whatever any reader of YAML takes for the end of a line would end the comment, too.
    const bool shown = c.value >= 0x20 && (c.value < 0x7F || c.value >= 0xA0) && c.value != 0x2028 &&
                       c.value != 0x2029 && c.value != 0xFEFF;
    line += shown ? begin.substr(at, c.length) : " ";
    at += c.length;
  }
  return line + (begin.size() < text.size() ? "…" : "");
}

WrittenReply WriteConsoleReply(const json& reply, size_t max_articles) {
  const std::string type = ConsoleText(reply, "type");
  const std::string content = ConsoleText(reply, "content");
  WrittenReply written;
  if (type == "text") {
    if (base::TrimBlanks(content).empty()) return Without("一条文字回复是空的，没有导入");
    written.lines = YamlLines(TemplateText(content));
  } else if (type == "img" || type == "image" || type == "voice") {
    Media(type == "voice" ? "voice" : "image", content, written);
  } else if (type == "video") {
    Video(content, written);
  } else if (type == "news") {
    News(reply, max_articles, written);
  } else {
    return Without("“" + ForComment(type) + "”这种回复这里没有，所以没有导入" +
                   (content.empty() ? "" : "；它的内容是 " + ForComment(content)));
  }
  return written;
}

}  // namespace yingda::rules
