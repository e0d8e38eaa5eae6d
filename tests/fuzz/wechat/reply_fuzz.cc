// SPDX-License-Identifier: MIT
// Any body as a reply: opening it ends; the same bytes as a text reply arrive whole, but for what no reply may carry.
#include <cstdint>

#include "base/utf8.h"
#include "check.h"
#include "wechat/passive_reply.h"
#include "wechat/reply_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace wechat = yingda::wechat;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static const auto cipher =
      wechat::MessageCipher::Create("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "wx0123456789abcdef");
  (void)wechat::OpenReply(input).has_value();
  const auto opened = wechat::OpenReply(input, {"wxbot_T0ken2024", &*cipher, true});
  if (opened && !std::holds_alternative<wechat::NoReply>(opened->reply))
    Check(opened->encrypted, "opened in safe mode");
  const wechat::TextReply text{std::string(input)};
  const std::string xml = wechat::PassiveReplyXml(text, "o1", "gh_1", 1);
  Check(yingda::base::IsValidUtf8(xml), "a reply is valid UTF-8");
  if (xml.size() > yingda::wechat::kSuccess.size() && size < 64 * 1024) {
    const auto back = wechat::OpenReply(xml);
    Check(back.has_value(), "our XML opens");
    const auto json = wechat::OpenReply(wechat::PassiveReplyJson(text, "o1", "gh_1", 1));
    Check(json.has_value() && json->reply == back->reply, "XML and JSON say the same");
  }
  return 0;
}
