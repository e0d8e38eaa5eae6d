// SPDX-License-Identifier: MIT
#include "base/yaml_source.h"

#include "base/utf8.h"

namespace yingda::base {
namespace {

// A three-byte placeholder stands for the three bytes of "{1}", a four-byte one for "{12}", so that every other place
// keeps its offset. Noncharacters, and an unassigned plane: private-use characters do come, from old Chinese encodings.
constexpr char32_t kOneDigit = 0xFDD0;
constexpr char32_t kTwoDigits = 0x40000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

YamlSource::Place YamlSource::PlaceAt(size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < last_) last_ = 0, place_ = begin_;
  for (; last_ < offset; ++last_) {
    if (text_[last_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((static_cast<unsigned char>(text_[last_]) & 0xC0) != 0x80) {
      ++place_.column;
    }
  }
  return place_;
}

size_t YamlSource::LineStart(size_t offset) const {
  const size_t end = offset == 0 ? std::string_view::npos : text_.rfind('\n', std::min(offset, text_.size()) - 1);
  return end == std::string_view::npos ? 0 : end + 1;
}

bool YamlSource::QuoteIsClosed(size_t offset) const {
  const char quote = text_[offset];
  for (size_t i = offset + 1; i < text_.size(); ++i) {
    if (quote == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (quote == '"' || At(i + 1) != quote) return true;
      ++i;
    }
  }
  return false;
}

bool CheckYamlBytes(std::string_view text, int first_line, YamlProblems& problems) {
  YamlSource source(text, first_line);
  for (size_t i = 0; i < text.size();) {
    const CodePoint c = DecodeUtf8(text, i);
    const bool control = c.value < 0x20 && c.value != '\t' && c.value != '\n' && c.value != '\r';
    if (!c.valid || control) {
      const auto [line, column] = source.PlaceAt(i);
      problems.Add(line, column, c.valid ? "a control character: remove it" : "not UTF-8: save the file as UTF-8",
                   c.valid ? "这里有一个看不见的控制字符：请删掉" : "文件编码不对：请另存为 UTF-8 编码");
      return false;
    }
    i += c.length;
  }
  return true;
}

std::string HideNumberedBraces(std::string_view text) {
  std::string hidden;
  hidden.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '{' && i + 2 < text.size() && IsDigit(text[i + 1])) {
      if (text[i + 2] == '}') {
        AppendUtf8(hidden, kOneDigit + static_cast<char32_t>(text[i + 1] - '0'));
        i += 3;
        continue;
      }
      if (IsDigit(text[i + 2]) && i + 3 < text.size() && text[i + 3] == '}') {
        AppendUtf8(hidden, kTwoDigits + static_cast<char32_t>((text[i + 1] - '0') * 10 + (text[i + 2] - '0')));
        i += 4;
        continue;
      }
    }
    hidden += text[i++];
  }
  return hidden;
}

std::string ShowNumberedBraces(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const CodePoint c = DecodeUtf8(text, i);
    if (c.value >= kOneDigit && c.value < kOneDigit + 10) {
      shown += '{';
      shown += static_cast<char>('0' + (c.value - kOneDigit));
      shown += '}';
    } else if (c.value >= kTwoDigits && c.value < kTwoDigits + 100) {
      const char32_t number = c.value - kTwoDigits;
      shown += '{';
      shown += static_cast<char>('0' + number / 10);
      shown += static_cast<char>('0' + number % 10);
      shown += '}';
    } else {
      shown.append(text.substr(i, c.length));
    }
    i += c.length;
  }
  return shown;
}

}  // namespace yingda::base
