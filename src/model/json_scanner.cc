// SPDX-License-Identifier: MIT
#include "model/json_scanner.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace yingda::model {
namespace {

constexpr int kMaxDepth = 16;
/// More could be out of the range of a double, which the full parser refuses.
constexpr std::ptrdiff_t kMaxNumberBytes = 30;

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

/// The high bit of each byte that is zero; right up to the first one, which is all that is asked.
constexpr uint64_t ZeroBytes(uint64_t word) { return (word - kOnes) & ~word & kHighBits; }

/// The high bit of each byte that is a quote, a backslash, a control character or not ASCII; right up to the first.
constexpr uint64_t SpecialBytes(uint64_t word) {
  const uint64_t control = (word - kOnes * 0x20) & ~word & kHighBits;
  return ZeroBytes(word ^ (kOnes * '"')) | ZeroBytes(word ^ (kOnes * '\\')) | control | (word & kHighBits);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

bool JsonScanner::Literal(std::string_view word) {
  SkipSpace();
  if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

/// Goes on to the next quote or backslash. False for a control character, invalid UTF-8, or the end.
bool JsonScanner::OrdinaryBytes() {
  while (at_ != end_) {
    if (end_ - at_ >= 8) {
      uint64_t word = 0;
      std::memcpy(&word, at_, sizeof word);
      const uint64_t special = SpecialBytes(word);
      if (special == 0) {
        at_ += sizeof word;
        continue;
      }
      if constexpr (std::endian::native == std::endian::little) at_ += std::countr_zero(special) / 8;
    }
    const auto byte = static_cast<unsigned char>(*at_);
    if (byte == '"' || byte == '\\') return true;
    if (byte < 0x20) return false;
    if (byte < 0x80) {
      ++at_;
    } else if (byte > 0xE0 && byte < 0xF0 && byte != 0xED && end_ - at_ >= 3 && IsContinuation(at_[1]) &&
               IsContinuation(at_[2])) {
      at_ += 3;  // nearly all of Chinese
    } else {
      const base::CodePoint c = base::DecodeUtf8({at_, static_cast<size_t>(end_ - at_)}, 0);
      if (!c.valid) return false;
      at_ += c.length;
    }
  }
  return false;
}

bool JsonScanner::Plain(std::string_view& text) {
  if (!Take('"')) return false;
  const char* const start = at_;
  if (!OrdinaryBytes() || *at_ != '"') return false;
  text = {start, static_cast<size_t>(at_ - start)};
  ++at_;
  return true;
}

bool JsonScanner::String(std::string& text) {
  text.clear();
  if (!Take('"')) return false;
  for (;;) {
    const char* const start = at_;
    if (!OrdinaryBytes()) return false;
    text.append(start, at_);
    if (*at_++ == '"') return true;
    if (!Escape(text)) return false;
  }
}

bool JsonScanner::SkipString(bool& empty) {
  if (!Take('"')) return false;
  empty = at_ != end_ && *at_ == '"';
  for (;;) {
    if (!OrdinaryBytes()) return false;
    if (*at_++ == '"') return true;
    std::string unescaped;
    if (!Escape(unescaped)) return false;
  }
}

/// What stands behind a backslash.
bool JsonScanner::Escape(std::string& text) {
  if (at_ == end_) return false;
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const char letter = *at_++;
  if (letter != 'u') {
    const size_t which = kLetters.find(letter);
    if (which == kLetters.npos) return false;
    text += kMeanings[which];
    return true;
  }
  char32_t unit = 0;
  if (!HexUnit(unit)) return false;
  if (unit >= 0xD800 && unit <= 0xDBFF) {
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return false;
    at_ += 2;
    char32_t low = 0;
    if (!HexUnit(low) || low < 0xDC00 || low > 0xDFFF) return false;
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
  } else if (unit >= 0xDC00 && unit <= 0xDFFF) {
    return false;
  }
  base::AppendUtf8(text, unit);
  return true;
}

bool JsonScanner::HexUnit(char32_t& unit) {
  if (end_ - at_ < 4) return false;
  unit = 0;
  for (const char* const stop = at_ + 4; at_ != stop; ++at_) {
    const char c = *at_;
    const int digit = IsDigit(c)             ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    unit = unit << 4 | static_cast<char32_t>(digit);
  }
  return true;
}

bool JsonScanner::Count(int& count) {
  SkipSpace();
  const char* const start = at_;
  if (!Number()) return false;
  const std::string_view digits(start, static_cast<size_t>(at_ - start));
  if (digits.size() > 9 || digits.find_first_not_of("0123456789") != digits.npos) return false;
  count = 0;
  for (const char digit : digits) count = count * 10 + (digit - '0');
  return true;
}

bool JsonScanner::Number() {
  const char* const start = at_;
  const auto digits = [this] {
    const char* const first = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ - first;
  };
  if (at_ != end_ && *at_ == '-') ++at_;
  const bool zero = at_ != end_ && *at_ == '0';
  const std::ptrdiff_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (digits() == 0) return false;
  }
  // With an exponent it could be out of range, too.
  return at_ - start <= kMaxNumberBytes && (at_ == end_ || (*at_ != 'e' && *at_ != 'E'));
}

bool JsonScanner::Skip(int depth) {
  SkipSpace();
  if (at_ == end_ || depth > kMaxDepth) return false;
  switch (*at_) {
    case '"': {
      bool empty = false;
      return SkipString(empty);
    }
    case '{':
      return Object([&](std::string_view) { return Skip(depth + 1); });
    case '[':
      ++at_;
      if (Take(']')) return true;
      do {
        if (!Skip(depth + 1)) return false;
      } while (Take(','));
      return Take(']');
    case 't':
      return Literal("true");
    case 'f':
      return Literal("false");
    case 'n':
      return Literal("null");
    default:
      return Number();
  }
}

}  // namespace yingda::model
