// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace yingda::wechat {

/// The kinds of passive reply (被动回复). Limits: text ≤ 2047 bytes of UTF-8; news 1 article in answer to a message, ≤
/// 8 to an event. Media ids come from the account's media library (素材). Source: 公众号开发文档, 被动回复用户消息.
struct TextReply {
  std::string content;
  bool operator==(const TextReply&) const = default;
};
struct ImageReply {
  std::string media_id;
  bool operator==(const ImageReply&) const = default;
};
struct VoiceReply {
  std::string media_id;
  bool operator==(const VoiceReply&) const = default;
};
struct VideoReply {
  std::string media_id, title, description;
  bool operator==(const VideoReply&) const = default;
};
struct MusicReply {
  std::string title, description, music_url, hq_music_url, thumb_media_id;
  bool operator==(const MusicReply&) const = default;
};
struct Article {
  std::string title, description, picture_url, url;
  bool operator==(const Article&) const = default;
};
struct NewsReply {
  std::vector<Article> articles;
  bool operator==(const NewsReply&) const = default;
};
/// Hands the follower to a human agent (转人工客服); `agent` empty: any.
struct TransferReply {
  std::string agent;
  bool operator==(const TransferReply&) const = default;
};
/// `success`: accepted, nothing is shown, no further try.
struct NoReply {
  bool operator==(const NoReply&) const = default;
};

using Reply =
    std::variant<NoReply, TextReply, ImageReply, VoiceReply, VideoReply, MusicReply, NewsReply, TransferReply>;

}  // namespace yingda::wechat
