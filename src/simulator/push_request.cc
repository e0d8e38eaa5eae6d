// SPDX-License-Identifier: MIT
#include "simulator/push_request.h"

#include <utility>

namespace yingda::simulator {
namespace {

constexpr int64_t kStaleBySeconds = 3600;

/// Keeps the query that the operator's URL may have, as WeChat does.
std::string WithQuery(const std::string& url, const std::string& query) {
  const std::string base = url.substr(0, url.find('#'));
  if (base.find('?') == std::string::npos) return base + "?" + query;
  return base + (base.back() == '?' || base.back() == '&' ? "" : "&") + query;
}

/// Another character of the same alphabet, so that only the meaning is wrong.
void Change(char& character) { character = character == '0' ? '1' : '0'; }

void SpoilSignatures(wechat::PushQuery& query) {
  if (!query.signature.empty()) Change(query.signature.front());
  if (!query.msg_signature.empty()) Change(query.msg_signature.front());
}

/// Changes a character in the middle of the ciphertext; false in a body without one. It is the last element there is.
bool SpoilCiphertext(std::string& body, bool json) {
  const size_t element = body.rfind(json ? "\"Encrypt\":" : "<Encrypt>");
  constexpr size_t kIntoTheText = 40;  // past the names and CDATA, and within the 44 or more characters that follow
  if (element == std::string::npos || element + kIntoTheText >= body.size()) return false;
  Change(body[element + kIntoTheText]);
  return true;
}

wechat::BuiltPush Build(const wechat::PushBuilder& builder, const wechat::Incoming& message,
                        const wechat::PushBuilder::Stamp& stamp, Tamper tamper) {
  if (tamper != Tamper::kAppId || builder.cipher() == nullptr) return builder.Build(message, stamp);
  wechat::PushBuilder::Options options = builder.options();
  options.app_id += "0";
  const auto other = wechat::PushBuilder::Create(std::move(options));
  return other ? other->Build(message, stamp) : builder.Build(message, stamp);
}

}  // namespace

net::HttpClientRequest MakePush(const std::string& callback_url, const wechat::PushBuilder& builder,
                                const wechat::Incoming& message, wechat::PushBuilder::Stamp stamp, Tamper tamper) {
  if (tamper == Tamper::kStale) stamp.timestamp -= kStaleBySeconds;
  wechat::BuiltPush push = Build(builder, message, stamp, tamper);
  const bool plain = builder.cipher() == nullptr;
  const bool spoilt = tamper == Tamper::kCiphertext && SpoilCiphertext(push.body, builder.options().json);
  if (tamper == Tamper::kSignature || (plain && tamper == Tamper::kAppId) ||
      (tamper == Tamper::kCiphertext && !spoilt)) {
    SpoilSignatures(push.query);
  }
  net::HttpClientRequest request;
  request.method = "POST";
  request.url = WithQuery(callback_url, push.query.Text());
  request.headers = {{"Content-Type", builder.options().json ? "application/json" : "text/xml"},
                     {"User-Agent", "Mozilla/4.0"}};
  request.body = std::move(push.body);
  return request;
}

net::HttpClientRequest MakeVerification(const std::string& callback_url, const wechat::PushBuilder& builder,
                                        const wechat::PushBuilder::Stamp& stamp, const std::string& echo) {
  net::HttpClientRequest request;
  request.url = WithQuery(callback_url, builder.BuildVerification(echo, stamp).Text());
  request.headers = {{"User-Agent", "Mozilla/4.0"}};
  return request;
}

}  // namespace yingda::simulator
