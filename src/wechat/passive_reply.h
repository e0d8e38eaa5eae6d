// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wechat/reply.h"

namespace yingda::wechat {

/// The acknowledgement that shows the follower nothing and ends WeChat's tries: exactly these seven bytes.
inline constexpr std::string_view kSuccess = "success";

/// The body of a passive reply (被动回复). `to_user` is the follower (the push's FromUserName), `from_user` the account
/// (its ToUserName). What WeChat would answer with its failure notice never gets out: invalid UTF-8 and control
/// characters are cleaned away, articles beyond the eighth are dropped, and a reply that has nothing to show (NoReply,
/// empty text, no articles) is `success`. Limits: the length of a text is the caller's business (2047 bytes).
/// Source: 公众号开发文档, 被动回复用户消息.
std::string PassiveReplyXml(const Reply& reply, std::string_view to_user, std::string_view from_user,
                            int64_t create_time);
/// The same for accounts whose pushes are JSON (mini-programs), with the XML's names.
std::string PassiveReplyJson(const Reply& reply, std::string_view to_user, std::string_view from_user,
                             int64_t create_time);

}  // namespace yingda::wechat
