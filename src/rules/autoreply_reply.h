// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::rules {

/// One reply of WeChat's console as lines of a rule file, without indentation.
struct WrittenReply {
  std::vector<std::string> comments;  // in Chinese: what is not as it was, or has to be done by hand
  bool section = false;               // keys with values; else one value
  std::vector<std::string> lines;     // none: there is nothing that could be sent
};

/// `reply` is an object with type, content and news_info; anything else makes a reply without lines and with a comment.
WrittenReply WriteConsoleReply(const nlohmann::json& reply, size_t max_articles);

/// The text of a member as a rule file can hold it; numbers as text; empty when it is not there.
std::string ConsoleText(const nlohmann::json& object, const char* key);
/// A member of an object, or null.
const nlohmann::json& ConsoleMember(const nlohmann::json& object, const char* key);
/// `text` on one line and not too long, for a comment.
std::string ForComment(std::string_view text);

}  // namespace yingda::rules
