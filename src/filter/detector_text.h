// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filter/detectors.h"

namespace yingda::filter {

/// The text as codes, zero outside of it.
class DetectorText {
 public:
  explicit DetectorText(const FoldedText& text) : text_(text) {}

  size_t size() const { return text_.size(); }
  char32_t operator[](size_t at) const { return at < text_.size() ? text_[at] : U'\0'; }
  char32_t Before(size_t at) const { return at > 0 ? text_[at - 1] : U'\0'; }
  std::u32string_view Codes(size_t begin, size_t end) const { return {text_.Codes() + begin, end - begin}; }
  bool Starts(size_t at, std::u32string_view word) const {
    return std::u32string_view(text_.Codes(), text_.size()).substr(at).starts_with(word);
  }
  bool WrittenPlain(size_t at) const { return static_cast<unsigned char>(text_.Original()[text_.Begin(at)]) < 0x80; }
  bool WrittenAsCapital(size_t at) const {
    const char byte = text_.Original()[text_.Begin(at)];
    return byte >= 'A' && byte <= 'Z';
  }
  /// A blank of the folded text stands for all blanks and line ends that were there.
  bool LineEndsBetween(size_t first, size_t last) const {
    const size_t begin = text_.Begin(first);
    const size_t end = last < text_.size() ? text_.Begin(last) : text_.Original().size();
    return text_.Original().substr(begin, end - begin).find_first_of("\r\n") != std::string_view::npos;
  }

 private:
  const FoldedText& text_;
};

inline bool IsHostCode(char32_t code) { return IsAsciiWord(code) || code == U'-'; }
/// ． folds to a plain one.
inline bool IsChineseStop(char32_t code) { return code == U'。' || code == U'｡'; }
inline bool IsDot(char32_t code) { return code == U'.' || code == U'．' || IsChineseStop(code); }

/// What may stand between two groups of digits.
inline bool IsNumberSeparator(char32_t code) {
  return std::u32string_view(U" -.·_—()").find(code) != std::u32string_view::npos;
}

/// What the detectors have in common.
class DetectorPass {
 public:
  DetectorPass(const FoldedText& text, size_t start, std::vector<Detection>& found)
      : text_(text), start_(start), found_(found) {}

 protected:
  void Add(size_t first, size_t last) { Add(first, last, first, last); }
  void Add(size_t first, size_t last, size_t key_first, size_t key_last) {
    found_.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(last), static_cast<uint32_t>(key_first),
                      static_cast<uint32_t>(key_last)});
  }

  const DetectorText text_;
  const size_t start_;
  std::vector<Detection>& found_;
};

/// kUrl.
void DetectLinks(const FoldedText& literal, size_t start, std::vector<Detection>& found);

/// kPhone and kDigits.
void DetectPhones(const FoldedText& literal, size_t start, std::vector<Detection>& found);
void DetectNumbers(const FoldedText& literal, size_t start, uint32_t least_digits, std::vector<Detection>& found);

}  // namespace yingda::filter
