// SPDX-License-Identifier: MIT
#include "wechat/push_builder.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "wechat/incoming_fields.h"
#include "wechat/signature.h"
#include "wechat/xml_writer.h"

namespace yingda::wechat {
namespace {

using Json = nlohmann::ordered_json;
using Path = std::vector<std::string_view>;

Path Split(std::string_view name) {
  Path path;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    path.push_back(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  path.push_back(name);
  return path;
}

void Close(std::string& out, Path& open, size_t keep) {
  for (; open.size() > keep; open.pop_back()) out.append("</").append(open.back()).append(1, '>');
}

// Fields that share their leading names share their parents; a leaf seen twice in one parent starts a new parent, which
// is how repeated List elements come back.
void AppendFields(std::string& out, const std::vector<Incoming::Field>& fields) {
  Path open;
  std::vector<std::string_view> in_parent;
  for (const Incoming::Field& field : fields) {
    Path path = Split(field.name);
    if (!std::all_of(path.begin(), path.end(), IsXmlName)) continue;
    const std::string_view leaf = path.back();
    path.pop_back();
    size_t shared = 0;
    while (shared < open.size() && shared < path.size() && open[shared] == path[shared]) ++shared;
    const bool repeated = std::find(in_parent.begin(), in_parent.end(), leaf) != in_parent.end();
    if (repeated && shared == path.size() && shared > 0) --shared;
    if (shared < open.size() || shared < path.size()) in_parent.clear();
    Close(out, open, shared);
    for (; open.size() < path.size(); open.push_back(path[open.size()])) {
      out.append(1, '<').append(path[open.size()]).append(1, '>');
    }
    AppendElement(out, leaf, field.value);
    in_parent.push_back(leaf);
  }
  Close(out, open, 0);
}

std::string PercentEncoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      out.append(1, '%').append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return out;
}

std::string BuildEnvelope(const std::string& encrypt, const std::string& to_user, bool json) {
  if (json) return Json{{"ToUserName", to_user}, {"Encrypt", encrypt}}.dump();
  std::string out = "<xml>";
  AppendElement(out, "ToUserName", to_user);
  AppendElement(out, "Encrypt", encrypt);
  return out.append("</xml>");
}

std::string WithEncrypt(std::string body, const std::string& encrypt, bool json) {
  if (json) {
    body.resize(body.size() - 1);
    return body.append(",\"Encrypt\":").append(Json(encrypt).dump()).append(1, '}');
  }
  body.resize(body.size() - std::string_view("</xml>").size());
  AppendElement(body, "Encrypt", encrypt);
  return body.append("</xml>");
}

}  // namespace

std::string BuildPushXml(const Incoming& message) {
  std::string out = "<xml>";
  AppendElement(out, "ToUserName", message.to_user);
  AppendElement(out, "FromUserName", message.from_user);
  out.append("<CreateTime>").append(std::to_string(message.create_time)).append("</CreateTime>");
  AppendElement(out, "MsgType", message.type_name);
  if (!message.content.empty() || message.type == MessageType::kText) AppendElement(out, "Content", message.content);
  if (!message.event_name.empty()) AppendElement(out, "Event", message.event_name);
  if (!message.event_key.empty()) AppendElement(out, "EventKey", message.event_key);
  AppendFields(out, message.fields);
  if (!message.msg_id.empty()) AppendElement(out, "MsgId", message.msg_id);
  return out.append("</xml>");
}

std::string BuildPushJson(const Incoming& message) {
  Json out{{"ToUserName", message.to_user},
           {"FromUserName", message.from_user},
           {"CreateTime", message.create_time},
           {"MsgType", message.type_name}};
  if (!message.content.empty() || message.type == MessageType::kText) out["Content"] = message.content;
  if (!message.event_name.empty()) out["Event"] = message.event_name;
  if (!message.event_key.empty()) out["EventKey"] = message.event_key;
  for (const Incoming::Field& field : message.fields) {
    const Path path = Split(field.name);
    // Deeper than any push: a name that itself holds dots.
    if (path.size() > kMaxFieldDepth) continue;
    Json* at = &out;
    for (const std::string_view name : path) {
      // A scalar in the way of a nested name would throw; the later field is dropped.
      if (!at->is_object() && !at->is_null()) break;
      at = &(*at)[std::string(name)];
    }
    if (at->is_null()) *at = field.value;
  }
  if (!message.msg_id.empty()) out["MsgId"] = message.msg_id;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string PushQuery::Text() const {
  std::string text;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (!text.empty()) text.push_back('&');
    text.append(name).append(1, '=').append(PercentEncoded(value));
  };
  add("signature", signature);
  add("timestamp", timestamp);
  add("nonce", nonce);
  add("openid", open_id);
  add("encrypt_type", encrypt_type);
  add("msg_signature", msg_signature);
  add("echostr", echostr);
  return text;
}

base::Result<PushBuilder> PushBuilder::Create(Options options) {
  PushBuilder builder(std::move(options));
  if (builder.options_.mode != CallbackMode::kPlain) {
    YINGDA_TRY(builder.cipher_, MessageCipher::Create(builder.options_.encoding_aes_key, builder.options_.app_id));
  }
  return builder;
}

PushQuery PushBuilder::Sign(const Stamp& stamp) const {
  PushQuery query;
  query.timestamp = std::to_string(stamp.timestamp);
  query.nonce = stamp.nonce;
  query.signature = Signature(options_.token, query.timestamp, query.nonce);
  return query;
}

PushQuery PushBuilder::BuildVerification(std::string echostr, const Stamp& stamp) const {
  PushQuery query = Sign(stamp);
  query.echostr = std::move(echostr);
  return query;
}

BuiltPush PushBuilder::Build(const Incoming& message, const Stamp& stamp) const {
  BuiltPush push{Sign(stamp), options_.json ? BuildPushJson(message) : BuildPushXml(message)};
  push.query.open_id = message.from_user;
  if (!cipher_) return push;
  const std::string encrypt = cipher_->Encrypt(push.body, stamp.random16);
  push.query.encrypt_type = "aes";
  push.query.msg_signature = Signature(options_.token, push.query.timestamp, push.query.nonce, encrypt);
  push.body = options_.mode == CallbackMode::kSafe ? BuildEnvelope(encrypt, message.to_user, options_.json)
                                                   : WithEncrypt(std::move(push.body), encrypt, options_.json);
  return push;
}

}  // namespace yingda::wechat
