// SPDX-License-Identifier: MIT
#include "wechat/envelope.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "wechat/signature.h"
#include "wechat/xml_writer.h"

namespace yingda::wechat {

std::string ReplyEnvelope(const MessageCipher& cipher, std::string_view reply_body, const EnvelopeSeal& seal,
                          bool json) {
  const std::string encrypt = cipher.Encrypt(reply_body, seal.random16);
  const std::string signature = Signature(seal.token, seal.timestamp, seal.nonce, encrypt);
  if (json) {
    int64_t seconds = 0;
    std::from_chars(seal.timestamp.data(), seal.timestamp.data() + seal.timestamp.size(), seconds);
    const nlohmann::ordered_json envelope{
        {"Encrypt", encrypt}, {"MsgSignature", signature}, {"TimeStamp", seconds}, {"Nonce", seal.nonce}};
    return envelope.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }
  std::string out;
  out.reserve(encrypt.size() + 256);
  // Base64 and hex of our own need no cleaning, and the base64 is long.
  out.append("<xml><Encrypt><![CDATA[").append(encrypt).append("]]></Encrypt>");
  out.append("<MsgSignature><![CDATA[").append(signature).append("]]></MsgSignature>");
  out.append("<TimeStamp>").append(seal.timestamp).append("</TimeStamp>");
  AppendElement(out, "Nonce", seal.nonce);
  out.append("</xml>");
  return out;
}

}  // namespace yingda::wechat
