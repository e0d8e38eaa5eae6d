// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace yingda::simulator {

/// A customer-service message (客服消息) as its JSON said it.
struct CustomerMessage {
  std::string open_id;
  std::string type;            // text, image, news, …
  std::string text;            // of a text: its content; of anything else: its object as JSON
  bool made_by_model = false;  // aimsgcontext.is_ai_msg: WeChat adds 内容由第三方AI生成
};

/// What the checks need to know of the account.
struct CustomerMessageRules {
  size_t max_text_bytes = 2048;
  bool mini_program = false;                               // takes `link`, and `miniprogrampage` without appid
  bool menus_allowed = true;                               // false: msgmenu is refused with 40200
  std::function<bool(const std::string&)> media_exists{};  // empty: none does
};

struct CheckedCustomerMessage {
  int errcode = 0;  // 0, 40003, 40007, 40008, 40033, 40035, 40200, 44002, 44004, 45002, 45008, 47001
  CustomerMessage message;
};

/// Checks the body of POST /cgi-bin/message/custom/send as WeChat does, as far as it is known. Pure.
CheckedCustomerMessage CheckCustomerMessage(std::string_view body, const CustomerMessageRules& rules);

struct CheckedTyping {
  int errcode = 0;  // 0, 40003, 40033, 44002, 45072, 47001
  std::string open_id;
  bool cancel = false;
};
/// The same for POST /cgi-bin/message/custom/typing. Pure.
CheckedTyping CheckTyping(std::string_view body);

/// Whether it could be an OpenID by its looks: o, then letters, digits, dashes; 2 to 64 bytes. Pure.
bool LooksLikeAnOpenId(std::string_view text);

/// Whether JSON text holds a \uXXXX escape, which WeChat shows as it stands or refuses (40033). Pure.
bool HasUnicodeEscape(std::string_view json);

}  // namespace yingda::simulator
