// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "wechat/reply.h"

namespace yingda::platform {

/// Whose customer-service messages these are: their kinds differ.
enum class MessageDialect {
  kOfficialAccount,
  kMiniProgram,  // text, image, link only
};

/// The body for /cgi-bin/message/custom/send, as raw UTF-8 without control characters but
/// line ends and tabs. News are cut to their first article, all that WeChat takes;
/// a mini-program gets it as a link. `made_by_model` adds the mark that shows followers who wrote it; mini-programs
/// know no such mark. Nothing for what is no customer-service message there. Source: 公众号开发文档, 客服接口-发消息;
/// 小程序开发文档, 发送客服消息.
std::optional<std::string> CustomerMessageBody(const std::string& open_id, const wechat::Reply& message,
                                               bool made_by_model, MessageDialect dialect);
/// The body for /cgi-bin/message/custom/typing.
std::string TypingBody(const std::string& open_id);

}  // namespace yingda::platform
