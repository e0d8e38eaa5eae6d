// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "wechat/incoming.h"

namespace yingda::simulator {

/// What a follower can send, ready for WeChatSimulator::Push, which adds whom it is from and to, the time and the id.
/// Source: 公众号开发文档, 接收普通消息 and 接收事件推送.

/// `menu_item_id`: when it was sent by a tap on a menu message (bizmsgmenuid).
wechat::Incoming TextMessage(std::string content, std::string menu_item_id = {});
wechat::Incoming ImageMessage(std::string picture_url, std::string media_id);
/// `recognition` (语音识别结果) is absent when empty, as it mostly is nowadays.
wechat::Incoming VoiceMessage(std::string media_id, std::string recognition = {});
wechat::Incoming VideoMessage(std::string media_id, std::string thumb_media_id);
wechat::Incoming ShortVideoMessage(std::string media_id, std::string thumb_media_id);
/// Decimal degrees as text.
wechat::Incoming LocationMessage(std::string latitude, std::string longitude, std::string label);
wechat::Incoming LinkMessage(std::string title, std::string description, std::string url);
wechat::Incoming MiniProgramPageMessage(std::string title, std::string app_id, std::string page_path);

/// `scene`: of the QR code that was scanned to follow; empty without one.
wechat::Incoming SubscribeEvent(const std::string& scene = {});
wechat::Incoming UnsubscribeEvent();
wechat::Incoming ScanEvent(const std::string& scene);
wechat::Incoming ClickEvent(std::string menu_key);
wechat::Incoming ViewEvent(std::string url);
/// The report of a place when the chat is opened (not the message).
wechat::Incoming LocationEvent(std::string latitude, std::string longitude);
/// Any other event, by WeChat's own names; nested elements joined with dots ("ScanCodeInfo.ScanResult").
wechat::Incoming OtherEvent(std::string name, std::string event_key = {},
                            std::vector<std::pair<std::string, std::string>> fields = {});

}  // namespace yingda::simulator
