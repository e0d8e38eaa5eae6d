// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::filter {

/// What becomes of punctuation, symbols and blanks.
enum class FoldMode {
  kLetters,  // left out, so that 赌-博 reads 赌博: for words of letters and digits
  kLiteral,  // kept, in their plain form, a run of blanks or line ends as one blank: for words such as "+v" or "C++"
};

/// True for the folded codes that make up words which are written with blanks in between: a-z and 0-9.
constexpr bool IsAsciiDigit(char32_t code) { return code - U'0' < 10; }
constexpr bool IsAsciiWord(char32_t code) { return code - U'a' < 26 || IsAsciiDigit(code); }

/// True for what kLetters keeps.
bool IsLetterOrDigit(char32_t code);

/// What lies between two neighbouring folded characters in the original.
struct Gap {
  uint32_t visible = 0;  // skipped characters that a reader sees: punctuation, symbols, emoji, blanks
  bool blank = false;    // at least one of them is a blank
  bool newline = false;  // at least one of them is a line end
};

/// A text as the matchers see it: one code per character that counts, each with its place in the original. Upper and
/// lower case, full width, accents, styled letters (Ⓕ 𝓯 🅵 ꜰ), digits of every style (⒋ ➃ ❶) and traditional characters
/// all fold to the plain simplified form. Invisible characters (combining marks, zero-width, controls) are left out in
/// both modes. An invalid byte counts as a symbol.
/// Lifetime: keeps a view of the text, which must stay until the next Fold. Thread-safety: one thread at a time.
/// Cost: about a nanosecond per byte; no heap allocation once it has seen a text as long. Memory: 8 bytes per byte of
/// the longest text.
class FoldedText {
 public:
  /// Limits: texts of less than 4 GiB.
  void Fold(std::string_view text, FoldMode mode);

  std::string_view Original() const { return text_; }
  size_t size() const { return size_; }
  /// `size()` codes, followed by two zeros; no character folds to zero.
  const char32_t* Codes() const { return codes_.data(); }
  char32_t operator[](size_t at) const { return codes_[at]; }

  /// The bytes of the original that folded character `at` came from: [Begin, End). One character may fold to several
  /// (㎏ to k, g), which then share their bytes.
  size_t Begin(size_t at) const { return begins_[at]; }
  size_t End(size_t at) const;
  /// The same with the invisible characters directly behind, such as the ring of a keycap: what a reader takes for one.
  size_t EndWithInvisible(size_t at) const;

  /// The first folded character that begins at byte `begin` or behind it; size() if none does.
  size_t FirstAt(size_t begin) const;

  /// Whether folded character `at` is a blank that stands for a line end, or for several blanks with one among them.
  /// Only kLiteral has such.
  bool IsLineEnd(size_t at) const { return codes_[at] == U' ' && IsLineEndBlank(at); }

  /// True only if nothing was left out before character `at`; `at` is neither 0 nor size(). Cheaper than GapBefore.
  bool Adjoins(size_t at) const {
    const auto lead = static_cast<unsigned char>(text_[begins_[at - 1]]);
    return begins_[at] - begins_[at - 1] == (lead < 0x80 ? 1u : lead < 0xE0 ? 2u : lead < 0xF0 ? 3u : 4u);
  }

  /// What was left out between characters `at - 1` and `at`; before the first and behind the last (at == size()) too.
  Gap GapBefore(size_t at) const;

 private:
  bool IsLineEndBlank(size_t at) const;
  void EnsureRoom(size_t codes);
  template <FoldMode mode>
  void FoldAs();
  size_t FoldSpecial(char32_t code_point, uint32_t value, size_t begin, size_t count);

  std::string_view text_;
  std::vector<char32_t> codes_;
  std::vector<uint32_t> begins_;
  size_t size_ = 0;
};

/// The folded codes of a short text such as a word of a list.
std::u32string FoldedCodes(std::string_view text, FoldMode mode);

/// What two texts have in common when a follower would call them the same: for exact-match keywords. kLiteral folding;
/// blanks at both ends are left out; so are sentence marks at the end (。．.！!？?，,～~…) unless nothing else is
/// there.
std::string FoldedKey(std::string_view text);

}  // namespace yingda::filter
