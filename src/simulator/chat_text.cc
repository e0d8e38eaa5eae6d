// SPDX-License-Identifier: MIT
#include "simulator/chat_text.h"

#include <cctype>
#include <charconv>

namespace yingda::simulator {
namespace {

constexpr std::string_view kTapPrefix = "weixin://bizmsgmenu?";

struct FoundLink {
  ChatLink link;
  size_t begin = 0;
  size_t end = 0;
};

/// The value of href in the inside of a tag, in either kind of quotes.
std::optional<std::string> Href(std::string_view tag) {
  const size_t name = tag.find("href=");
  if (name == std::string_view::npos || name + 6 >= tag.size()) return std::nullopt;
  const char quote = tag[name + 5];
  if (quote != '"' && quote != '\'') return std::nullopt;
  const size_t end = tag.find(quote, name + 6);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(tag.substr(name + 6, end - name - 6));
}

std::optional<FoundLink> NextLink(std::string_view text, size_t from) {
  for (size_t begin = text.find("<a ", from); begin != std::string_view::npos; begin = text.find("<a ", begin + 1)) {
    const size_t tag_end = text.find('>', begin);
    const size_t close = tag_end == std::string_view::npos ? tag_end : text.find("</a>", tag_end);
    if (close == std::string_view::npos) return std::nullopt;
    if (auto href = Href(text.substr(begin, tag_end - begin))) {
      return FoundLink{
          {*std::move(href), std::string(text.substr(tag_end + 1, close - tag_end - 1))}, begin, close + 4};
    }
  }
  return std::nullopt;
}

std::string PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const bool digits =
        text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(text.data() + at + 1, text.data() + at + 3, value, 16).ptr == text.data() + at + 3;
    if (digits) at += 2;
    decoded.push_back(digits ? static_cast<char>(value) : text[at]);
  }
  return decoded;
}

std::string QueryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=') {
      return PercentDecoded(pair.substr(name.size() + 1));
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
  return {};
}

std::string DescribeNews(const wechat::NewsReply& news) {
  std::string text;
  for (const wechat::Article& article : news.articles) {
    if (!text.empty()) text += "\n";
    text += "[图文] " + article.title + " " + article.url;
  }
  return text;
}

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace

std::vector<ChatLink> LinksIn(std::string_view text) {
  std::vector<ChatLink> links;
  for (auto found = NextLink(text, 0); found; found = NextLink(text, found->end)) links.push_back(found->link);
  return links;
}

std::optional<TapLink> TapLinkIn(std::string_view text) {
  for (const ChatLink& link : LinksIn(text)) {
    if (!link.href.starts_with(kTapPrefix)) continue;
    const std::string_view query = std::string_view(link.href).substr(kTapPrefix.size());
    TapLink tap{QueryValue(query, "msgmenucontent"), QueryValue(query, "msgmenuid"), link.label};
    if (!tap.content.empty()) return tap;
  }
  return std::nullopt;
}

std::string WithoutLinks(std::string_view text) {
  std::string plain;
  size_t from = 0;
  for (auto found = NextLink(text, 0); found; found = NextLink(text, found->end)) {
    plain += text.substr(from, found->begin - from);
    plain += found->link.label;
    from = found->end;
  }
  return plain + std::string(text.substr(from));
}

std::string ReplyAsText(const wechat::Reply& reply) {
  return std::visit(
      Overloaded{[](const wechat::NoReply&) { return std::string(); },
                 [](const wechat::TextReply& text) { return text.content; },
                 [](const wechat::ImageReply& image) { return "[图片] " + image.media_id; },
                 [](const wechat::VoiceReply& voice) { return "[语音] " + voice.media_id; },
                 [](const wechat::VideoReply& video) { return "[视频] " + video.title + " " + video.media_id; },
                 [](const wechat::MusicReply& music) { return "[音乐] " + music.title + " " + music.music_url; },
                 [](const wechat::NewsReply& news) { return DescribeNews(news); },
                 [](const wechat::TransferReply&) { return std::string("[转人工客服]"); }},
      reply);
}

}  // namespace yingda::simulator
