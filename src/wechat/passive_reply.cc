// SPDX-License-Identifier: MIT
#include "wechat/passive_reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wechat/clean_text.h"
#include "wechat/xml_writer.h"

namespace yingda::wechat {
namespace {

constexpr size_t kMaxArticles = 8;

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

std::string_view TypeName(const Reply& reply) {
  static constexpr std::string_view kNames[] = {"",      "text",  "image", "voice",
                                                "video", "music", "news",  "transfer_customer_service"};
  static_assert(std::size(kNames) == std::variant_size_v<Reply>);
  return kNames[reply.index()];
}

bool IsEmptyOnceCleaned(std::string_view text) {
  return text.empty() || (!IsCleanText(text.substr(0, 3)) && CleanText(text).empty());
}

bool ShowsNothing(const Reply& reply) {
  if (const auto* text = std::get_if<TextReply>(&reply)) return IsEmptyOnceCleaned(text->content);
  if (const auto* news = std::get_if<NewsReply>(&reply)) return news->articles.empty();
  return std::holds_alternative<NoReply>(reply);
}

size_t TextBytes(const Reply& reply) {
  if (const auto* text = std::get_if<TextReply>(&reply)) return text->content.size();
  const auto* news = std::get_if<NewsReply>(&reply);
  return news == nullptr ? 512 : 512 * news->articles.size();
}

void AppendNews(std::string& out, const NewsReply& news) {
  const size_t count = std::min(news.articles.size(), kMaxArticles);
  out.append("<ArticleCount>").append(std::to_string(count)).append("</ArticleCount><Articles>");
  for (size_t i = 0; i < count; ++i) {
    const Article& article = news.articles[i];
    out.append("<item>");
    AppendElement(out, "Title", article.title);
    AppendElement(out, "Description", article.description);
    AppendElement(out, "PicUrl", article.picture_url);
    AppendElement(out, "Url", article.url);
    out.append("</item>");
  }
  out.append("</Articles>");
}

void AppendMedia(std::string& out, std::string_view kind, std::string_view media_id) {
  out.append(1, '<').append(kind).append(1, '>');
  AppendElement(out, "MediaId", media_id);
  out.append("</").append(kind).append(1, '>');
}

void AppendPayload(std::string& out, const Reply& reply) {
  std::visit(
      Overloaded{[](const NoReply&) {}, [&](const TextReply& text) { AppendElement(out, "Content", text.content); },
                 [&](const ImageReply& image) { AppendMedia(out, "Image", image.media_id); },
                 [&](const VoiceReply& voice) { AppendMedia(out, "Voice", voice.media_id); },
                 [&](const VideoReply& video) {
                   out.append("<Video>");
                   AppendElement(out, "MediaId", video.media_id);
                   AppendElement(out, "Title", video.title);
                   AppendElement(out, "Description", video.description);
                   out.append("</Video>");
                 },
                 [&](const MusicReply& music) {
                   out.append("<Music>");
                   AppendElement(out, "Title", music.title);
                   AppendElement(out, "Description", music.description);
                   AppendElement(out, "MusicUrl", music.music_url);
                   AppendElement(out, "HQMusicUrl", music.hq_music_url);
                   AppendElement(out, "ThumbMediaId", music.thumb_media_id);
                   out.append("</Music>");
                 },
                 [&](const NewsReply& news) { AppendNews(out, news); },
                 [&](const TransferReply& transfer) {
                   if (transfer.agent.empty()) return;
                   out.append("<TransInfo>");
                   AppendElement(out, "KfAccount", transfer.agent);
                   out.append("</TransInfo>");
                 }},
      reply);
}

using Json = nlohmann::ordered_json;

void PutPayload(Json& out, const Reply& reply) {
  std::visit(
      Overloaded{
          [](const NoReply&) {}, [&](const TextReply& text) { out["Content"] = CleanText(text.content); },
          [&](const ImageReply& image) { out["Image"]["MediaId"] = image.media_id; },
          [&](const VoiceReply& voice) { out["Voice"]["MediaId"] = voice.media_id; },
          [&](const VideoReply& video) {
            out["Video"] = {{"MediaId", video.media_id}, {"Title", video.title}, {"Description", video.description}};
          },
          [&](const MusicReply& music) {
            out["Music"] = {{"Title", music.title},
                            {"Description", music.description},
                            {"MusicUrl", music.music_url},
                            {"HQMusicUrl", music.hq_music_url},
                            {"ThumbMediaId", music.thumb_media_id}};
          },
          [&](const NewsReply& news) {
            const size_t count = std::min(news.articles.size(), kMaxArticles);
            out["ArticleCount"] = count;
            for (size_t i = 0; i < count; ++i) {
              const Article& article = news.articles[i];
              out["Articles"].push_back({{"Title", article.title},
                                         {"Description", article.description},
                                         {"PicUrl", article.picture_url},
                                         {"Url", article.url}});
            }
          },
          [&](const TransferReply& transfer) {
            if (!transfer.agent.empty()) out["TransInfo"]["KfAccount"] = transfer.agent;
          }},
      reply);
}

}  // namespace

std::string PassiveReplyXml(const Reply& reply, std::string_view to_user, std::string_view from_user,
                            int64_t create_time) {
  if (ShowsNothing(reply)) return std::string(kSuccess);
  std::string out;
  out.reserve(320 + TextBytes(reply));
  out.append("<xml>");
  AppendElement(out, "ToUserName", to_user);
  AppendElement(out, "FromUserName", from_user);
  out.append("<CreateTime>").append(std::to_string(create_time)).append("</CreateTime>");
  AppendElement(out, "MsgType", TypeName(reply));
  AppendPayload(out, reply);
  out.append("</xml>");
  return out;
}

std::string PassiveReplyJson(const Reply& reply, std::string_view to_user, std::string_view from_user,
                             int64_t create_time) {
  if (ShowsNothing(reply)) return std::string(kSuccess);
  Json out{
      {"ToUserName", to_user}, {"FromUserName", from_user}, {"CreateTime", create_time}, {"MsgType", TypeName(reply)}};
  PutPayload(out, reply);
  // `replace`: the default would throw on invalid UTF-8 in a field that was not cleaned.
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace yingda::wechat
