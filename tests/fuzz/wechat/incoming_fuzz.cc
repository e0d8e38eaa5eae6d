// SPDX-License-Identifier: MIT
// Any body, XML or JSON: parsing ends, its texts are valid UTF-8, and what we write of it reads back as the same.
#include "wechat/incoming.h"

#include <cstdint>

#include "base/utf8.h"
#include "check.h"
#include "wechat/message_key.h"
#include "wechat/push_builder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace wechat = yingda::wechat;
  const auto message = wechat::ParseIncoming({reinterpret_cast<const char*>(data), size});
  if (!message) return 0;
  Check(yingda::base::IsValidUtf8(message->content), "content is valid UTF-8");
  Check(message->fields.size() <= 64, "fields are bounded");
  Check(wechat::MessageKey("main", *message).size() < 1024, "a key is short");
  const auto again = wechat::ParseIncoming(wechat::BuildPushJson(*message));
  Check(again.has_value(), "our JSON parses");
  Check(again->content == message->content && again->from_user == message->from_user, "our JSON says the same");
  (void)wechat::ParseIncoming(wechat::BuildPushXml(*message)).has_value();
  return 0;
}
