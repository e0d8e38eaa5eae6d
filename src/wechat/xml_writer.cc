// SPDX-License-Identifier: MIT
#include "wechat/xml_writer.h"

#include <algorithm>

#include "base/utf8.h"

namespace yingda::wechat {
namespace {

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

// U+FFFE and U+FFFF are valid UTF-8 and yet forbidden in XML.
constexpr std::string_view kNoncharacters[] = {"\xEF\xBF\xBE", "\xEF\xBF\xBF"};

bool IsClean(std::string_view text) {
  return std::none_of(text.begin(), text.end(), IsControl) && base::IsValidUtf8(text) &&
         std::none_of(std::begin(kNoncharacters), std::end(kNoncharacters),
                      [&](std::string_view c) { return text.find(c) != std::string_view::npos; });
}

void AppendSplit(std::string& out, std::string_view text) {
  static constexpr std::string_view kEnd = "]]>";
  out.append("<![CDATA[");
  for (size_t at = text.find(kEnd); at != std::string_view::npos; at = text.find(kEnd)) {
    out.append(text.substr(0, at + 2)).append("]]><![CDATA[");
    text.remove_prefix(at + 2);
  }
  out.append(text).append(kEnd);
}

}  // namespace

std::string CleanText(std::string_view text) {
  std::string clean = base::ToValidUtf8(text);
  clean.erase(std::remove_if(clean.begin(), clean.end(), IsControl), clean.end());
  for (const std::string_view unwanted : kNoncharacters) {
    for (size_t at = clean.find(unwanted); at != std::string::npos; at = clean.find(unwanted, at)) {
      clean.erase(at, unwanted.size());
    }
  }
  return clean;
}

void AppendCdata(std::string& out, std::string_view text) {
  if (IsClean(text)) {
    AppendSplit(out, text);
  } else {
    AppendSplit(out, CleanText(text));
  }
}

void AppendElement(std::string& out, std::string_view name, std::string_view text) {
  out.append(1, '<').append(name).append(1, '>');
  AppendCdata(out, text);
  out.append("</").append(name).append(1, '>');
}

bool IsXmlName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace yingda::wechat
