// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechat/reply.h"

namespace yingda::simulator {

/// What WeChat shows when every try has failed.
inline constexpr std::string_view kFaultNotice = "该公众号提供的服务出现故障，请稍后再试";

/// One <a href="…">label</a> of a text.
struct ChatLink {
  std::string href;
  std::string label;
};
std::vector<ChatLink> LinksIn(std::string_view text);

/// A link that sends a message for its reader when tapped (weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=1).
struct TapLink {
  std::string content;
  std::string menu_item_id;
  std::string label;
};
/// The first one of a text.
std::optional<TapLink> TapLinkIn(std::string_view text);

/// The text as the eye sees it: links are their labels.
std::string WithoutLinks(std::string_view text);

/// A reply as one piece of text: a text as it was sent, other kinds described ("[图片] media id"). Empty for NoReply.
std::string ReplyAsText(const wechat::Reply& reply);

}  // namespace yingda::simulator
