// SPDX-License-Identifier: MIT
#include "filter/fold.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/utf8.h"

namespace yingda::filter {
namespace {

struct FoldRun {
  uint32_t first;
  uint16_t count;
  uint8_t step;
  uint32_t target;
  uint8_t target_step;
};

#include "filter/fold_table.inc"

// Surrogates stand for the classes of skipped characters and, from kFirstExpansion on, for entries of kExpansions.
constexpr uint32_t kSymbol = 0xD800;
constexpr uint32_t kBlank = 0xD801;
constexpr uint32_t kNewline = 0xD802;
constexpr uint32_t kInvisible = 0xD803;
constexpr uint32_t kFirstExpansion = 0xD810;
constexpr uint32_t kLastSpecial = 0xDFFF;

constexpr char32_t kReplacement = 0xFFFD;

constexpr bool IsSpecial(uint32_t value) { return value - kSymbol <= kLastSpecial - kSymbol; }

// One load per character of the basic plane is what makes folding cheap, so the runs are spread out, by the compiler.
constexpr std::array<uint16_t, 0x10000> SpreadOut() {
  std::array<uint16_t, 0x10000> table{};
  for (uint32_t code = 0; code < table.size(); ++code) table[code] = static_cast<uint16_t>(code);
  for (const FoldRun& run : kRuns) {
    if (run.first > 0xFFFF) break;
    for (uint32_t k = 0; k < run.count; ++k) {
      table[run.first + k * run.step] = static_cast<uint16_t>(run.target + k * run.target_step);
    }
  }
  for (size_t at = 0; at + 1 < std::size(kHanPairs); at += 2) table[kHanPairs[at]] = kHanPairs[at + 1];
  return table;
}
constexpr std::array<uint16_t, 0x10000> kBasicPlane = SpreadOut();

constexpr auto ExpansionStarts() {
  std::array<uint16_t, std::count(std::begin(kExpansions), std::end(kExpansions), U'\0')> starts{};
  size_t entry = 0;
  for (size_t at = 0; at < std::size(kExpansions); ++at) {
    if (at == 0 || kExpansions[at - 1] == 0) starts[entry++] = static_cast<uint16_t>(at);
  }
  return starts;
}
constexpr auto kExpansionStarts = ExpansionStarts();

uint32_t LookUpBeyondBasicPlane(char32_t code) {
  if (code >= 0x1F300 && code < 0x1FB00) return kSymbol;  // emoji: common enough to spare them the search
  const FoldRun* run =
      std::upper_bound(std::begin(kRuns), std::end(kRuns), code,
                       [](char32_t value, const FoldRun& candidate) { return value < candidate.first; });
  --run;  // the first run begins at 0
  const uint32_t distance = static_cast<uint32_t>(code) - run->first;
  if (distance % run->step != 0 || distance / run->step >= run->count) return code;
  return run->target + distance / run->step * run->target_step;
}

uint32_t LookUp(char32_t code) { return code < 0x10000 ? kBasicPlane[code] : LookUpBeyondBasicPlane(code); }

char32_t PlainSymbol(char32_t symbol) {
  size_t low = 0;
  size_t high = std::size(kSymbolPairs) / 2;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (kSymbolPairs[middle * 2] == symbol) return kSymbolPairs[middle * 2 + 1];
    if (kSymbolPairs[middle * 2] < symbol) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return symbol;
}

bool IsSentenceMark(char32_t code) {
  return std::u32string_view(U"。．.!?,~…、;｡").find(code) != std::u32string_view::npos;
}

}  // namespace

bool IsLetterOrDigit(char32_t code) {
  const uint32_t value = LookUp(code);
  return !IsSpecial(value) || value >= kFirstExpansion;
}

void FoldedText::EnsureRoom(size_t codes) {
  constexpr size_t kTerminators = 2;
  if (codes_.size() >= codes + kTerminators) return;
  codes_.resize(codes + kTerminators + codes / 4);
  begins_.resize(codes_.size());
}

// One character that becomes several, or in kLiteral mode a skipped one. Returns the new number of codes.
size_t FoldedText::FoldSpecial(char32_t code_point, uint32_t value, size_t begin, size_t count) {
  const auto put = [&](char32_t code) {
    codes_[count] = code;
    begins_[count] = static_cast<uint32_t>(begin);
    ++count;
  };
  if (value >= kFirstExpansion) {
    // The only place where a text grows; the rest of it needs at most a code per byte.
    const char32_t* part = &kExpansions[kExpansionStarts[value - kFirstExpansion]];
    EnsureRoom(count + std::char_traits<char32_t>::length(part) + (text_.size() - begin));
    for (; *part != 0; ++part) put(*part);
  } else if (value == kSymbol) {
    put(PlainSymbol(code_point));
  } else if (value != kInvisible && (count == 0 || codes_[count - 1] != U' ')) {
    put(U' ');
  }
  return count;
}

// Chinese text is three-byte letters with a mark here and there, in no order that a branch predictor could learn: a
// mark is written like a letter and then not counted.
template <FoldMode mode>
void FoldedText::FoldAs() {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text_.data());
  const size_t end = text_.size();
  char32_t* codes = codes_.data();
  uint32_t* begins = begins_.data();
  size_t count = 0;
  for (size_t at = 0; at < end;) {
    const size_t begin = at;
    char32_t code = bytes[at];
    if (code < 0x80) {
      at += 1;
    } else if ((code & 0xF0) == 0xE0 && end - at >= 3 && (bytes[at + 1] & 0xC0) == 0x80 &&
               (bytes[at + 2] & 0xC0) == 0x80 && (code > 0xE0 || bytes[at + 1] >= 0xA0)) {
      code = (code & 0x0F) << 12 | (bytes[at + 1] & 0x3Fu) << 6 | (bytes[at + 2] & 0x3Fu);
      at += 3;
      if (IsSpecial(code)) {  // a surrogate is no character: its bytes are invalid one by one
        code = kReplacement;
        at = begin + 1;
      }
    } else {
      const base::CodePoint other = base::DecodeUtf8(text_, at);
      code = other.value;
      at += other.length;
    }
    const uint32_t value = code < 0x10000 ? kBasicPlane[code] : LookUpBeyondBasicPlane(code);
    codes[count] = value;
    begins[count] = static_cast<uint32_t>(begin);
    if (value - kFirstExpansion <= kLastSpecial - kFirstExpansion || (mode == FoldMode::kLiteral && IsSpecial(value))) {
      count = FoldSpecial(code, value, begin, count);
      codes = codes_.data();
      begins = begins_.data();
    } else {
      count += IsSpecial(value) ? 0 : 1;
    }
  }
  codes[count] = codes[count + 1] = 0;
  size_ = count;
}

void FoldedText::Fold(std::string_view text, FoldMode mode) {
  text_ = text;
  EnsureRoom(text.size());
  if (mode == FoldMode::kLetters) {
    FoldAs<FoldMode::kLetters>();
  } else {
    FoldAs<FoldMode::kLiteral>();
  }
}

size_t FoldedText::End(size_t at) const { return begins_[at] + base::DecodeUtf8(text_, begins_[at]).length; }

size_t FoldedText::EndWithInvisible(size_t at) const {
  size_t end = End(at);
  while (end < text_.size()) {
    const base::CodePoint behind = base::DecodeUtf8(text_, end);
    if (LookUp(behind.value) != kInvisible) break;
    end += behind.length;
  }
  return end;
}

size_t FoldedText::FirstAt(size_t begin) const {
  const auto end = begins_.begin() + static_cast<std::ptrdiff_t>(size_);
  return static_cast<size_t>(std::lower_bound(begins_.begin(), end, begin) - begins_.begin());
}

bool FoldedText::IsLineEndBlank(size_t at) const {
  const uint32_t value = LookUp(base::DecodeUtf8(text_, begins_[at]).value);
  return value == kNewline || GapBefore(at + 1).newline;
}

Gap FoldedText::GapBefore(size_t at) const {
  Gap gap;
  const size_t end = at < size_ ? Begin(at) : text_.size();
  for (size_t byte = at > 0 ? End(at - 1) : 0; byte < end;) {
    const base::CodePoint skipped = base::DecodeUtf8(text_, byte);
    const uint32_t value = LookUp(skipped.value);
    gap.visible += value != kInvisible;
    gap.blank |= value == kBlank;
    gap.newline |= value == kNewline;
    byte += skipped.length;
  }
  return gap;
}

std::u32string FoldedCodes(std::string_view text, FoldMode mode) {
  FoldedText folded;
  folded.Fold(text, mode);
  return {folded.Codes(), folded.size()};
}

std::string FoldedKey(std::string_view text) {
  std::u32string codes = FoldedCodes(text, FoldMode::kLiteral);
  if (!codes.empty() && codes.front() == U' ') codes.erase(0, 1);
  size_t length = codes.size();
  while (length > 0 && (codes[length - 1] == U' ' || IsSentenceMark(codes[length - 1]))) --length;
  if (length > 0) codes.resize(length);
  while (!codes.empty() && codes.back() == U' ') codes.pop_back();
  std::string key;
  key.reserve(codes.size() * 3);
  for (const char32_t code : codes) base::AppendUtf8(key, code);
  return key;
}

}  // namespace yingda::filter
