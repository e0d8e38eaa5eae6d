// SPDX-License-Identifier: MIT
#include "wechat/message_key.h"

#include "wechat/signature.h"

namespace yingda::wechat {
namespace {

constexpr size_t kMaxPartBytes = 128;

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != 0x7F && c != '|' && c != '%';
}

void AppendPart(std::string& key, std::string_view part) {
  if (!key.empty()) key.push_back('|');
  if (part.size() > kMaxPartBytes) {
    key.append("sha1:").append(Sha1Hex(part));
    return;
  }
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : part) {
    if (IsPlain(c)) {
      key.push_back(c);
    } else {
      key.push_back('%');
      key.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
      key.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
    }
  }
}

std::string Contents(const Incoming& message) {
  std::string all = message.content;
  for (const Incoming::Field& field : message.fields) all.append(1, '\0').append(field.name + '=' + field.value);
  return all;
}

}  // namespace

std::string MessageKey(std::string_view account, const Incoming& message) {
  const bool event = message.type == MessageType::kEvent;
  // No real id is 0; taking it for one would make all such messages of a follower the same.
  const bool has_id = !message.msg_id.empty() && message.msg_id != "0";
  std::string key;
  key.reserve(128);
  AppendPart(key, account);
  AppendPart(key, event ? "e" : has_id ? "m" : "c");
  AppendPart(key, message.to_user);
  AppendPart(key, message.from_user);
  if (!event && has_id) {
    AppendPart(key, message.msg_id);
    return key;
  }
  AppendPart(key, std::to_string(message.create_time));
  AppendPart(key, event ? message.event_name : message.type_name);
  AppendPart(key, event ? message.event_key : Sha1Hex(Contents(message)));
  return key;
}

}  // namespace yingda::wechat
