// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "wechat/incoming.h"

namespace yingda::bot {

/// What a message that is no text says to the model, as if its sender had typed it: one short line, without line ends
/// and control characters, every part cut at a character with … behind it. Pure.

/// （我发来一个位置：北京市海淀区…，纬度 39.98，经度 116.30）. Limits: the label 100 characters. Empty when the message
/// names no place.
std::string LocationText(const wechat::Incoming& message);

/// （我分享了一个链接：标题《…》，简介：…，网址 …）. Limits: title 80, description 200, address 300 characters; only
/// http and https addresses. Empty when the message has none of them.
std::string LinkText(const wechat::Incoming& message);

/// Stands beside the picture itself; what a model that sees no pictures is told, too.
inline constexpr std::string_view kPictureText = "（我发来一张图片，请看图回答。）";

}  // namespace yingda::bot
