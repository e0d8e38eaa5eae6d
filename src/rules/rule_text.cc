// SPDX-License-Identifier: MIT
#include "rules/rule_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/utf8.h"
#include "base/yaml_source.h"
#include "wechat/clean_text.h"

namespace yingda::rules {
namespace {

bool IsAlphanumeric(char32_t c) {
  return (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

/// Characters that no reader of YAML takes for anything but themselves, wherever they stand.
bool IsPlain(char32_t c) {
  constexpr std::u32string_view kMarks = U"，。！？、；：…—–～·“”‘’《》（）【】＋％";
  return IsAlphanumeric(c) || (c >= 0x3400 && c <= 0x9FFF) || kMarks.find(c) != std::u32string_view::npos;
}

/// Plain, but not first: here they would begin a list or a number.
bool IsPlainInside(char32_t c) { return IsPlain(c) || c == U'-' || c == U'_' || c == U'.' || c == U'/' || c == U'+'; }

bool IsSpecialWord(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  static constexpr std::array<std::string_view, 9> kWords = {"null", "true", "false", "yes", "no",
                                                             "on",   "off",  "y",     "n"};
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

bool CanStandAlone(std::string_view text) {
  if (text.empty() || IsSpecialWord(text)) return false;
  // Other programs read numbers and dates.
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii && text.front() >= '0' && text.front() <= '9') return false;
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    const bool blank_inside = c.value == U' ' && at > 0 && at + 1 < text.size() && text[at + 1] != ' ';
    // "9:00", but not "key: value".
    const bool colon_inside =
        c.value == U':' && at > 0 && at + 1 < text.size() && IsAlphanumeric(static_cast<unsigned char>(text[at + 1]));
    if (!blank_inside && !colon_inside && !(at == 0 ? IsPlain(c.value) : IsPlainInside(c.value))) return false;
    at += c.length;
  }
  return true;
}

/// Characters that are shown nowhere, or end a line for YAML only.
bool NeedsEscape(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    if (c.value == U'"' || c.value == U'\\') {
      quoted += '\\';
      quoted += static_cast<char>(c.value);
    } else if (c.value == U'\n') {
      quoted += "\\n";
    } else if (c.value == U'\t') {
      quoted += "\\t";
    } else if (NeedsEscape(c.value)) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04X", static_cast<unsigned>(c.value));
      quoted += escape;
    } else {
      quoted += text.substr(at, c.length);
    }
    at += c.length;
  }
  return quoted + '"';
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// A block (|) keeps its lines as they are, with these exceptions.
bool FitsBlock(const std::vector<std::string_view>& lines) {
  if (lines.size() < 2 || lines.front().empty() || lines.front().front() == ' ') return false;
  for (const std::string_view line : lines) {
    if (!line.empty() && (line.front() == '\t' || line.find_first_not_of(" \t") == std::string_view::npos)) {
      return false;
    }
    for (size_t at = 0; at < line.size();) {
      const base::CodePoint c = base::DecodeUtf8(line, at);
      if (NeedsEscape(c.value) && c.value != U'\t') return false;
      at += c.length;
    }
  }
  return true;
}

}  // namespace

std::string WritableText(std::string_view text) {
  const std::string clean = wechat::CleanText(text);
  std::string writable;
  for (size_t at = 0; at < clean.size();) {
    const base::CodePoint c = base::DecodeUtf8(clean, at);
    const std::string_view bytes = std::string_view(clean).substr(at, c.length);
    if (base::ShowNumberedBraces(bytes) == bytes) writable += bytes;
    at += c.length;
  }
  while (!writable.empty() && writable.back() == '\n') writable.pop_back();
  return writable;
}

std::string YamlScalar(std::string_view text) { return CanStandAlone(text) ? std::string(text) : Quoted(text); }

std::string YamlKeyword(std::string_view text) {
  for (const std::string_view mark : {"，", "、", ":"}) {
    if (text.find(mark) != std::string_view::npos) return Quoted(text);
  }
  return YamlScalar(text);
}

std::string TemplateText(std::string_view text) {
  bool special = text.find("{{") != std::string_view::npos || text.find("}}") != std::string_view::npos;
  for (size_t at = text.find('{'); at != std::string_view::npos && !special; at = text.find('{', at + 1)) {
    size_t end = at + 1;
    while (end < text.size() && (IsAlphanumeric(static_cast<unsigned char>(text[end])) || text[end] == '_')) ++end;
    special = end > at + 1 && end < text.size() && text[end] == '}';
  }
  if (!special) return std::string(text);
  std::string doubled;
  for (const char c : text) doubled.append(c == '{' || c == '}' ? 2 : 1, c);
  return doubled;
}

std::vector<std::string> YamlLines(std::string_view text) {
  const std::vector<std::string_view> lines = LinesOf(text);
  if (!FitsBlock(lines)) return {YamlScalar(text)};
  std::vector<std::string> block = {"|"};
  block.insert(block.end(), lines.begin(), lines.end());
  return block;
}

}  // namespace yingda::rules
