// SPDX-License-Identifier: MIT
#include "wechat/incoming.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "wechat/clean_text.h"
#include "wechat/incoming_fields.h"

namespace yingda::wechat {
namespace {

template <typename T>
using Name = std::pair<std::string_view, T>;

constexpr Name<MessageType> kMessageTypes[] = {
    {"text", MessageType::kText},
    {"event", MessageType::kEvent},
    {"image", MessageType::kImage},
    {"voice", MessageType::kVoice},
    {"video", MessageType::kVideo},
    {"shortvideo", MessageType::kShortVideo},
    {"location", MessageType::kLocation},
    {"link", MessageType::kLink},
    {"miniprogrampage", MessageType::kMiniProgramPage},
};

constexpr Name<EventType> kEventTypes[] = {
    {"subscribe", EventType::kSubscribe},
    {"unsubscribe", EventType::kUnsubscribe},
    {"scan", EventType::kScan},
    {"location", EventType::kLocation},
    {"click", EventType::kClick},
    {"view", EventType::kView},
    {"view_miniprogram", EventType::kViewMiniProgram},
    {"scancode_push", EventType::kScanCodePush},
    {"scancode_waitmsg", EventType::kScanCodeWait},
    {"pic_sysphoto", EventType::kPicture},
    {"pic_photo_or_album", EventType::kPicture},
    {"pic_weixin", EventType::kPicture},
    {"location_select", EventType::kLocationSelect},
    {"templatesendjobfinish", EventType::kTemplateJobFinished},
    {"masssendjobfinish", EventType::kMassJobFinished},
    {"publishjobfinish", EventType::kPublishJobFinished},
    {"subscribe_msg_popup_event", EventType::kSubscribeMessage},
    {"subscribe_msg_change_event", EventType::kSubscribeMessage},
    {"subscribe_msg_sent_event", EventType::kSubscribeMessage},
    {"kf_create_session", EventType::kAgentSession},
    {"kf_close_session", EventType::kAgentSession},
    {"kf_switch_session", EventType::kAgentSession},
    {"user_enter_tempsession", EventType::kEnterTempSession},
    {"debug_demo", EventType::kDebugDemo},
};

bool EqualWithoutCase(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
}

template <typename T, size_t count>
T Find(const Name<T> (&names)[count], std::string_view name, T otherwise) {
  for (const auto& [known, type] : names) {
    if (EqualWithoutCase(name, known)) return type;
  }
  return otherwise;
}

std::string* MemberFor(Incoming& message, std::string_view name) {
  static constexpr Name<std::string Incoming::*> kMembers[] = {
      {"ToUserName", &Incoming::to_user}, {"FromUserName", &Incoming::from_user}, {"MsgType", &Incoming::type_name},
      {"Content", &Incoming::content},    {"MsgId", &Incoming::msg_id},           {"Event", &Incoming::event_name},
      {"EventKey", &Incoming::event_key},
  };
  for (const auto& [known, member] : kMembers) {
    if (name == known) return &(message.*member);
  }
  return nullptr;
}

base::Error Malformed(std::string message) { return {base::ErrorCode::kInvalidArgument, std::move(message)}; }

}  // namespace

MessageType MessageTypeOf(std::string_view name) { return Find(kMessageTypes, name, MessageType::kUnknown); }
EventType EventTypeOf(std::string_view name) { return Find(kEventTypes, name, EventType::kOther); }

bool ShowsReply(EventType event) {
  return event == EventType::kSubscribe || event == EventType::kScan || event == EventType::kClick ||
         event == EventType::kScanCodeWait;
}

std::string_view Incoming::Get(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::string_view Incoming::latitude() const {
  if (event == EventType::kLocation) return Get("Latitude");
  return Get(event == EventType::kLocationSelect ? "SendLocationInfo.Location_X" : "Location_X");
}
std::string_view Incoming::longitude() const {
  if (event == EventType::kLocation) return Get("Longitude");
  return Get(event == EventType::kLocationSelect ? "SendLocationInfo.Location_Y" : "Location_Y");
}
std::string_view Incoming::label() const {
  return Get(event == EventType::kLocationSelect ? "SendLocationInfo.Label" : "Label");
}

std::string_view Incoming::scene() const {
  static constexpr std::string_view kPrefix = "qrscene_";
  if (event == EventType::kScan) return event_key;
  // Other prefixes exist (a follow after a payment has last_trade_no_…); they are no scenes.
  if (event == EventType::kSubscribe && event_key.starts_with(kPrefix)) {
    return std::string_view(event_key).substr(kPrefix.size());
  }
  return {};
}

void PutField(Incoming& message, std::string_view path, std::string_view value) {
  if (path == "CreateTime") {
    std::from_chars(value.data(), value.data() + value.size(), message.create_time);
    return;
  }
  std::string* const member = MemberFor(message, path);
  if (member != nullptr && !member->empty()) return;
  if (member == nullptr && message.fields.size() >= kMaxFields) return;
  std::string text = RepairedText(value);
  if (member != nullptr) {
    *member = std::move(text);
  } else {
    message.fields.push_back({RepairedText(path), std::move(text)});
  }
}

bool IsComplete(const Incoming& message) {
  return !message.to_user.empty() && !message.from_user.empty() && !message.type_name.empty();
}

base::Result<PushBody> ParsePushBody(std::string_view body) {
  if (body.size() > kMaxPushBytes) return base::Error{base::ErrorCode::kTooLarge, "the push is too large"};
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return Malformed("the push is empty");
  PushBody parsed;
  parsed.json = body[first] == '{';
  YINGDA_TRY(parsed.message, parsed.json ? ParseJsonFields(body) : ParseXmlFields(body.substr(first)));
  Incoming& message = parsed.message;
  message.type = MessageTypeOf(message.type_name);
  if (message.type == MessageType::kEvent) message.event = EventTypeOf(message.event_name);
  return parsed;
}

base::Result<Incoming> ParseIncoming(std::string_view body) {
  YINGDA_TRY(PushBody parsed, ParsePushBody(body));
  if (!IsComplete(parsed.message)) return Malformed("the push lacks ToUserName, FromUserName or MsgType");
  return std::move(parsed.message);
}

}  // namespace yingda::wechat
