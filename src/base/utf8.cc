// SPDX-License-Identifier: MIT
#include "base/utf8.h"

namespace yingda::base {
namespace {

constexpr CodePoint kInvalid{0xFFFD, 1, false};

bool IsBlank(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200F) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x2060 || c == 0xFEFF;
}

}  // namespace

CodePoint DecodeUtf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return kInvalid;
  char32_t value = lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return kInvalid;
    value = (value << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (overlong || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return kInvalid;
  return {value, static_cast<uint8_t>(length), true};
}

bool IsValidUtf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto follows = [&](size_t at) { return (bytes[at] & 0xC0) == 0x80; };
  for (size_t at = 0; at < text.size();) {
    const unsigned char lead = bytes[at];
    // Nearly all there is in our texts; E0 and ED are the leads of which not everything is a character.
    if (lead < 0x80) {
      ++at;
    } else if (lead > 0xE0 && lead < 0xF0 && lead != 0xED && text.size() - at >= 3 && follows(at + 1) &&
               follows(at + 2)) {
      at += 3;
    } else {
      const CodePoint c = DecodeUtf8(text, at);
      if (!c.valid) return false;
      at += c.length;
    }
  }
  return true;
}

std::string ToValidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const CodePoint c = DecodeUtf8(text, at);
    if (c.valid) {
      out.append(text.substr(at, c.length));
    } else {
      out.append("\xEF\xBF\xBD");
    }
    at += c.length;
  }
  return out;
}

void AppendUtf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (c >> 6)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else if (c < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (c >> 12)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (c >> 18)));
    out.push_back(static_cast<char>(0x80 | ((c >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((c >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (c & 0x3F)));
  }
}

std::string_view Utf8Prefix(std::string_view text, size_t limit_bytes) {
  if (text.size() <= limit_bytes) return text;
  // Only a whole code point that begins before the limit and reaches over it is left out; stray bytes stand alone.
  for (size_t back = 1; back <= 3 && back <= limit_bytes; ++back) {
    const size_t start = limit_bytes - back;
    if ((static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) continue;
    const CodePoint c = DecodeUtf8(text, start);
    return text.substr(0, start + c.length > limit_bytes ? start : limit_bytes);
  }
  return text.substr(0, limit_bytes);
}

std::string_view TrimBlanks(std::string_view text) {
  size_t first = 0;
  while (first < text.size()) {
    const CodePoint c = DecodeUtf8(text, first);
    if (!c.valid || !IsBlank(c.value)) break;
    first += c.length;
  }
  size_t last = text.size();
  while (last > first) {
    size_t start = last - 1;
    while (start > first && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    const CodePoint c = DecodeUtf8(text, start);
    if (!c.valid || !IsBlank(c.value) || start + c.length != last) break;
    last = start;
  }
  return text.substr(first, last - first);
}

}  // namespace yingda::base
