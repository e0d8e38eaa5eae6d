// SPDX-License-Identifier: MIT
#include "model/json_write.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace yingda::model {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscape(char c, std::string& json) {
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t", kNames = "\"\\bfnrt";
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (const size_t at = kNamed.find(c); at != kNamed.npos) {
    json.append({'\\', kNames[at]});
  } else {
    json.append({'\\', 'u', '0', '0', kDigits[static_cast<size_t>(c) / 16], kDigits[static_cast<size_t>(c) % 16]});
  }
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& json) {
  if (!base::IsValidUtf8(text)) {
    // Which bytes become one mark is the library's to say.
    json += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return;
  }
  json += '"';
  size_t written = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    json.append(text, written, i - written);
    AppendEscape(text[i], json);
    written = i + 1;
  }
  json.append(text, written).append("\"");
}

}  // namespace yingda::model
