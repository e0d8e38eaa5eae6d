// SPDX-License-Identifier: MIT
#include "wechat/xml_writer.h"

#include <algorithm>

#include "wechat/clean_text.h"

namespace yingda::wechat {
namespace {

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

void AppendCdata(std::string& out, std::string_view text) {
  if (IsCleanText(text)) {
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
