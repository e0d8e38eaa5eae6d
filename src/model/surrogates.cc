// SPDX-License-Identifier: MIT
#include "model/surrogates.h"

#include <optional>

#include "base/utf8.h"

namespace yingda::model {
namespace {

// A mark is the noncharacter U+FFFE and four hexadecimal digits of what it stands for; a real U+FFFE is marked as well,
// so marks cannot be mistaken.
constexpr std::string_view kMark = "\xEF\xBF\xBE";
constexpr std::string_view kEscapedMark = "\\ufffe";
constexpr std::string_view kMarkedMark = "\\ufffefffe";
constexpr size_t kEscapeSize = 6;

std::optional<char32_t> HexUnit(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  char32_t value = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<char32_t>(digit);
  }
  return value;
}

/// The unit of the \uXXXX escape at `at`.
std::optional<char32_t> EscapeAt(std::string_view json, size_t at) {
  if (json.substr(at, 2) != "\\u") return std::nullopt;
  return HexUnit(json.substr(at + 2));
}

bool IsHigh(char32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(char32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// Copies `json`, with a real U+FFFE marked everywhere and lone halves marked; tells whether there was a lone half.
bool Rewrite(std::string_view json, std::string* out) {
  bool found = false;
  for (size_t at = 0; at < json.size();) {
    const size_t next = out != nullptr ? json.find_first_of("\\\xEF", at) : json.find('\\', at);
    if (out != nullptr) out->append(json.substr(at, next - at));
    if (next == json.npos) break;
    at = next;
    if (json[at] != '\\') {
      const bool mark = json.substr(at, kMark.size()) == kMark;
      out->append(mark ? kMarkedMark : json.substr(at, 1));
      at += mark ? kMark.size() : 1;
      continue;
    }
    size_t size = 2;
    std::string_view replacement;
    std::string marked;
    if (const auto unit = EscapeAt(json, at)) {
      size = kEscapeSize;
      const auto second = IsHigh(*unit) ? EscapeAt(json, at + kEscapeSize) : std::nullopt;
      if (second && IsLow(*second)) {
        size = 2 * kEscapeSize;
      } else if (IsHigh(*unit) || IsLow(*unit)) {
        found = true;
        marked.append(kEscapedMark).append(json.substr(at + 2, 4));
        replacement = marked;
      } else if (*unit == 0xFFFE) {
        replacement = kMarkedMark;
      }
    }
    if (out != nullptr) out->append(replacement.empty() ? json.substr(at, size) : replacement);
    at += size;
    if (out == nullptr && found) return true;
  }
  return found;
}

}  // namespace

std::string MarkLoneSurrogates(std::string_view json) {
  std::string out;
  if (!Rewrite(json, nullptr)) return out;
  out.reserve(json.size() + 64);
  Rewrite(json, &out);
  return out;
}

void SurrogateJoiner::Feed(std::string_view piece, bool marked, std::string& out) {
  while (!piece.empty()) {
    const size_t mark = marked ? piece.find(kMark) : piece.npos;
    const std::string_view plain = piece.substr(0, mark);
    if (!plain.empty()) {
      Finish(out);
      out += plain;
    }
    if (mark == piece.npos) return;
    piece.remove_prefix(mark + kMark.size());
    const auto unit = HexUnit(piece);
    if (!unit) continue;
    piece.remove_prefix(4);
    AddHalf(*unit, out);
  }
}

void SurrogateJoiner::AddHalf(char32_t half, std::string& out) {
  if (IsLow(half) && high_ != 0) {
    base::AppendUtf8(out, 0x10000 + ((high_ - 0xD800) << 10) + (half - 0xDC00));
    high_ = 0;
    return;
  }
  Finish(out);
  if (IsHigh(half)) {
    high_ = half;
  } else {
    base::AppendUtf8(out, IsLow(half) ? 0xFFFD : half);
  }
}

void SurrogateJoiner::Finish(std::string& out) {
  if (high_ != 0) base::AppendUtf8(out, 0xFFFD);
  high_ = 0;
}

}  // namespace yingda::model
