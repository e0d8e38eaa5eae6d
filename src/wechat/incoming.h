// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace yingda::wechat {

/// The kinds of message (消息); kUnknown for kinds this version does not know, which are answered with `success`.
enum class MessageType {
  kText,
  kImage,
  kVoice,
  kVideo,
  kShortVideo,
  kLocation,
  kLink,
  kMiniProgramPage,
  kEvent,
  kUnknown
};

/// The kinds of event (事件) that something depends on; all others are kOther. Names are compared without case.
enum class EventType {
  kNone,  // a message, not an event
  kSubscribe,
  kUnsubscribe,
  kScan,      // a follower scanned a QR code with a scene; event_key is the scene, without prefix
  kLocation,  // reports where the follower is, up to every 5 s; not the message of the same name
  kClick,
  kView,
  kViewMiniProgram,
  kScanCodePush,
  kScanCodeWait,
  kPicture,  // pic_sysphoto, pic_photo_or_album, pic_weixin
  kLocationSelect,
  kTemplateJobFinished,
  kMassJobFinished,
  kPublishJobFinished,
  kSubscribeMessage,  // subscribe_msg_popup_event, _change_event, _sent_event
  kAgentSession,      // kf_create_session, kf_close_session, kf_switch_session
  kEnterTempSession,  // a mini-program's customer-service window was opened
  kDebugDemo,
  kOther
};

/// One push (推送) from WeChat, as parsed from XML or JSON. All text is valid UTF-8.
struct Incoming {
  std::string to_user;      // the account's original ID (原始ID), gh_…
  std::string from_user;    // the follower's OpenID
  int64_t create_time = 0;  // Unix seconds; 0 when it was missing or not a number
  MessageType type = MessageType::kUnknown;
  EventType event = EventType::kNone;
  std::string type_name;   // MsgType as sent
  std::string event_name;  // Event as sent
  std::string event_key;
  std::string msg_id;   // of messages; text, because some are beyond 64 bits or not numbers; empty for events
  std::string content;  // of texts; blanks at the ends belong to it

  /// Everything else under WeChat's own names, in the order sent. Names of nested elements are joined with dots
  /// ("ScanCodeInfo.ScanResult"); repeated elements repeat their names. Limits: 64 fields, 4 levels; the rest is
  /// dropped.
  struct Field {
    std::string name;
    std::string value;
    bool operator==(const Field&) const = default;
  };
  std::vector<Field> fields;

  /// The first field of this name, empty if there is none.
  std::string_view Get(std::string_view name) const;
  /// Adds a field; for those who make pushes.
  void Add(std::string name, std::string value) { fields.push_back({std::move(name), std::move(value)}); }

  // Images, voice and video. A voice's media_id is 8 kHz, media_id_16k 16 kHz; recognition (语音识别结果) is mostly
  // empty.
  std::string_view pic_url() const { return Get("PicUrl"); }
  std::string_view media_id() const { return Get("MediaId"); }
  std::string_view media_id_16k() const { return Get("MediaId16K"); }
  std::string_view thumb_media_id() const { return Get("ThumbMediaId"); }
  std::string_view format() const { return Get("Format"); }
  std::string_view recognition() const { return Get("Recognition"); }
  // Location messages, LOCATION and location_select events: decimal degrees as text.
  std::string_view latitude() const;
  std::string_view longitude() const;
  std::string_view label() const;
  std::string_view scale() const { return Get("Scale"); }
  // Links, files, mini-program cards.
  std::string_view title() const { return Get("Title"); }
  std::string_view description() const { return Get("Description"); }
  std::string_view url() const { return Get("Url"); }
  std::string_view page_path() const { return Get("PagePath"); }
  /// The tapped item of a menu message (菜单消息, bizmsgmenuid); empty for texts typed by hand.
  std::string_view menu_item_id() const { return Get("bizmsgmenuid"); }
  // Events.
  std::string_view ticket() const { return Get("Ticket"); }
  std::string_view scan_result() const { return Get("ScanCodeInfo.ScanResult"); }
  std::string_view session_from() const { return Get("SessionFrom"); }
  /// Outcome of a job event, and the id of the *outgoing* message it is about (MsgID): never a key of this push.
  std::string_view status() const { return Get("Status"); }
  std::string_view job_id() const { return Get("MsgID"); }
  /// The scene (场景值) of a QR code, of subscribe as well as SCAN events; empty if there was no QR code.
  std::string_view scene() const;

  bool operator==(const Incoming&) const = default;
};

/// Limits: larger bodies are refused. WeChat's are below 10 KB, three times that in compatible mode.
inline constexpr size_t kMaxPushBytes = 256 * 1024;

/// Parses a push in clear, XML or JSON by its first non-blank byte. Unknown fields are kept, missing ones are empty,
/// invalid UTF-8 becomes U+FFFD. Errors: kInvalidArgument when it is malformed, has a DOCTYPE, or lacks ToUserName,
/// FromUserName or MsgType; kTooLarge. Never throws for bad input.
base::Result<Incoming> ParseIncoming(std::string_view body);

/// The type behind a MsgType or Event name, whatever its case.
MessageType MessageTypeOf(std::string_view name);
EventType EventTypeOf(std::string_view name);

/// Whether WeChat shows a passive reply to this event in the chat. Events it shows none for (and those nobody has
/// documented) are answered with `success`; calling a model for them would be wasted.
bool ShowsReply(EventType event);

}  // namespace yingda::wechat
