// SPDX-License-Identifier: MIT
#include "text/prepare.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/characters.h"
#include "text/preparer.h"

namespace yingda::text {
namespace {

// U+FDD0 to U+FDEF in UTF-8 are EF B7 90 to EF B7 AF: sixteen marks, then sixteen digits.
constexpr std::string_view kMarkLead = "\xEF\xB7";
constexpr unsigned char kFirstMark = 0x90;
constexpr unsigned char kFirstDigit = 0xA0;

bool IsPlainByte(char byte) {
  const auto c = static_cast<unsigned char>(byte);
  return (c >= ' ' && c < 0x7F) || c == '\n' || c == '\t';
}

}  // namespace

bool IsInvisible(char32_t c) {
  return (c < ' ' && c != '\n' && c != '\t') || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x034F || c == 0x061C ||
         c == 0x200B || c == 0x200C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE ||
         (c >= 0xFFF9 && c <= 0xFFFB);
}

size_t NextMark(std::string_view text, size_t at) {
  while ((at = text.find(kMarkLead, at)) != std::string_view::npos) {
    if (at + 2 < text.size() && MarkAt(text, at) != Mark::kNone) return at;
    at += kMarkLead.size();
  }
  return at;
}

Mark MarkAt(std::string_view text, size_t at) {
  const auto byte = static_cast<unsigned char>(text[at + 2]);
  if (byte < kFirstMark || byte > kFirstMark + static_cast<unsigned char>(Mark::kOwnLink) - 1) return Mark::kNone;
  return static_cast<Mark>(byte - kFirstMark + 1);
}

size_t PieceNumberAt(std::string_view text, size_t at) {
  if (at + kPieceMarkBytes > text.size()) return std::string_view::npos;
  size_t number = 0;
  for (size_t digit = at + kMarkBytes; digit < at + kPieceMarkBytes; digit += kMarkBytes) {
    const auto byte = static_cast<unsigned char>(text[digit + 2]);
    if (text.substr(digit, 2) != kMarkLead || byte < kFirstDigit || byte > kFirstDigit + 15) {
      return std::string_view::npos;
    }
    number = number * 16 + (byte - kFirstDigit);
  }
  return number;
}

void AppendMark(std::string& out, Mark mark) {
  out.append(kMarkLead);
  out.push_back(static_cast<char>(kFirstMark + static_cast<unsigned char>(mark) - 1));
}

void AppendPieceMark(std::string& out, size_t number) {
  AppendMark(out, Mark::kPiece);
  for (int shift = 12; shift >= 0; shift -= 4) {
    out.append(kMarkLead);
    out.push_back(static_cast<char>(kFirstDigit + ((number >> shift) & 15)));
  }
}

LinePrefix PrefixOf(std::string_view line) {
  LinePrefix prefix;
  size_t markers = 0;
  while (prefix.end < line.size()) {
    const char c = line[prefix.end];
    const auto blank_at = [&](size_t at) { return at < line.size() && IsBlank(static_cast<unsigned char>(line[at])); };
    if (IsBlank(static_cast<unsigned char>(c))) {
      ++prefix.end;
      continue;
    }
    if (++markers > kMaxMarkersOnLine) {
      prefix.is_cut = true;
      break;
    }
    if (c == '>') {
      ++prefix.end;
      ++prefix.quotes;
    } else if ((c == '-' || c == '*' || c == '+') && blank_at(prefix.end + 1)) {
      prefix.end += 2;
      prefix.is_item = true;
    } else if (IsDigit(static_cast<unsigned char>(c))) {
      size_t end = prefix.end;
      while (end < line.size() && end < prefix.end + 10 && IsDigit(static_cast<unsigned char>(line[end]))) ++end;
      if (end >= line.size() || (line[end] != '.' && line[end] != ')') || !blank_at(end + 1)) break;
      prefix.end = end + 2;
      prefix.is_item = true;
    } else {
      break;
    }
  }
  return prefix;
}

size_t LineContent(std::string_view line) { return PrefixOf(line).end; }

PreparedMarkdown::PreparedMarkdown(std::string_view markdown) : source_size_(markdown.size()) {
  Clean(markdown);
  Preparer(*this).Run();
}

void PreparedMarkdown::Clean(std::string_view markdown) {
  size_t at = 0;
  size_t copied = 0;
  const auto replace = [&](size_t length, std::string_view with) {
    cleaned_.append(markdown.substr(copied, at - copied)).append(with);
    at += length;
    copied = at;
    cleaned_from_.emplace_back(cleaned_.size(), at);
  };
  while (at < markdown.size()) {
    if (IsPlainByte(markdown[at])) {
      ++at;
      continue;
    }
    const base::CodePoint c = base::DecodeUtf8(markdown, at);
    if (!c.valid) {
      replace(1, "\xEF\xBF\xBD");
    } else if (c.value == '\r') {
      replace(1, at + 1 < markdown.size() && markdown[at + 1] == '\n' ? "" : "\n");
    } else if (IsInvisible(c.value)) {
      replace(c.length, "");
    } else {
      at += c.length;
    }
  }
  if (cleaned_from_.empty()) {
    clean_ = markdown;
  } else {
    cleaned_.append(markdown.substr(copied));
    clean_ = cleaned_;
  }
}

size_t PreparedMarkdown::Translate(const Offsets& offsets, size_t offset) {
  const auto after = std::upper_bound(offsets.begin(), offsets.end(), offset,
                                      [](size_t value, const auto& entry) { return value < entry.first; });
  const size_t source =
      after == offsets.begin() ? offset : std::prev(after)->second + (offset - std::prev(after)->first);
  return after == offsets.end() ? source : std::min(source, after->second);
}

size_t PreparedMarkdown::SourceOffset(size_t offset) const {
  return Translate(cleaned_from_, Translate(text_from_, offset));
}

size_t PreparedMarkdown::UndecidedHead() const {
  return undecided_head_ < clean_.size() ? Translate(cleaned_from_, undecided_head_) : source_size_;
}

bool PreparedMarkdown::IsRewrittenRule(size_t offset) const {
  return std::binary_search(rewritten_rules_.begin(), rewritten_rules_.end(), offset);
}

}  // namespace yingda::text
