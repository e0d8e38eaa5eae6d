// SPDX-License-Identifier: MIT
#include "bot/seen_text.h"

#include "base/utf8.h"

namespace yingda::bot {
namespace {

constexpr size_t kLabelCharacters = 100;
constexpr size_t kTitleCharacters = 80;
constexpr size_t kDescriptionCharacters = 200;
constexpr size_t kUrlCharacters = 300;
constexpr size_t kDegreeBytes = 12;

/// Ends a line, shows nothing, or turns the writing around: in one line of somebody else's words it only misleads.
bool IsBlankOrHidden(char32_t c) {
  return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x3000 || (c >= 0x200B && c <= 0x200F && c != 0x200D) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x180E || c == 0x3164 ||
         (c >= 0xE0000 && c <= 0xE0FFF) || (c & 0xFFFE) == 0xFFFE;
}

/// One line of at most `characters` and an ellipsis.
std::string OneLine(std::string_view text, size_t characters) {
  std::string line;
  bool blank = false;
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    at += c.length;
    if (!c.valid || IsBlankOrHidden(c.value)) {
      blank = !line.empty();
      continue;
    }
    if (characters == 0) return line + "…";
    if (blank && characters == 1) return line + "…";
    if (blank) {
      line += ' ';
      --characters;
    }
    blank = false;
    base::AppendUtf8(line, c.value);
    --characters;
  }
  return line;
}

/// Decimal degrees as WeChat sends them; anything else is left out.
std::string Degrees(std::string_view text) {
  const bool digits = text.find_first_of("0123456789") != text.npos;
  const bool plain = text.find_first_not_of("-.0123456789") == text.npos && text.find('-', 1) == text.npos;
  return digits && plain && text.size() <= kDegreeBytes ? std::string(text) : std::string();
}

void AddPart(std::string& list, std::string_view before, const std::string& part, std::string_view behind = {}) {
  if (part.empty()) return;
  if (!list.empty()) list += "，";
  list.append(before).append(part).append(behind);
}

}  // namespace

std::string LocationText(const wechat::Incoming& message) {
  std::string place;
  AddPart(place, "", OneLine(message.label(), kLabelCharacters));
  const std::string latitude = Degrees(message.latitude());
  const std::string longitude = Degrees(message.longitude());
  if (!latitude.empty() && !longitude.empty()) {
    AddPart(place, "纬度 ", latitude);
    AddPart(place, "经度 ", longitude);
  }
  return place.empty() ? place : "（我发来一个位置：" + place + "）";
}

std::string LinkText(const wechat::Incoming& message) {
  std::string link;
  AddPart(link, "标题《", OneLine(message.title(), kTitleCharacters), "》");
  AddPart(link, "简介：", OneLine(message.description(), kDescriptionCharacters));
  const std::string url = OneLine(message.url(), kUrlCharacters);
  if (url.starts_with("http://") || url.starts_with("https://")) AddPart(link, "网址 ", url);
  return link.empty() ? link : "（我分享了一个链接：" + link + "）";
}

}  // namespace yingda::bot
