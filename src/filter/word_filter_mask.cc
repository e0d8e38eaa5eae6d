// SPDX-License-Identifier: MIT
// What followers and the model get to see instead of words.
#include <algorithm>

#include "base/utf8.h"
#include "filter/word_filter.h"

namespace yingda::filter {
namespace {

// In a table of the model's | ends a cell and a line end a row; a word stretched over them ends neither.
bool HoldsTogether(std::string_view text, size_t at) {
  const char c = text[at];
  return c == '|' || c == '\n' || c == '\r' || (c == '\\' && text.substr(at + 1).starts_with('|'));
}

bool IsBroken(std::string_view place) { return place.find_first_of("|\r\n") != std::string_view::npos; }

void AppendMasked(std::string& out, std::string_view text, size_t begin, size_t end) {
  bool keep = false;  // unless the word is made of nothing else
  for (size_t at = begin; at < end; ++at) keep |= !HoldsTogether(text, at);
  while (begin < end) {
    const size_t length = base::DecodeUtf8(text, begin).length;
    if (keep && HoldsTogether(text, begin)) {
      out += text[begin];
    } else {
      out += kMaskCharacter;
    }
    begin += length;
  }
}

// For what remains after every pass: nothing that could be read.
std::string AllMasked(std::string_view text) {
  std::string out;
  AppendMasked(out, text, 0, text.size());
  return out;
}

}  // namespace

const std::string* WordFilter::ReplacementOf(const WordHit& hit) const {
  if (hit.word >= words_.size() || !words_[hit.word].replaced) return nullptr;
  return &replacements_.at(hit.word);
}

// Hits that overlap are one place, and that gets one text: part of a replacement beside stars would read as nonsense.
std::string WordFilter::MaskHits(std::string_view text, const Verdict& verdict, Replacing replacing) const {
  std::string out;
  out.reserve(text.size());
  size_t done = 0;
  for (size_t at = 0; at < verdict.hits.size();) {
    if (verdict.hits[at].level < Level::kMask) {
      ++at;
      continue;
    }
    const size_t first = at;
    const size_t begin = verdict.hits[at].begin;
    size_t end = begin;
    for (; at < verdict.hits.size() && (at == first || verdict.hits[at].begin < end); ++at) {
      if (verdict.hits[at].level >= Level::kMask) end = std::max(end, verdict.hits[at].end);
    }
    out.append(text.substr(done, begin - done));
    const auto whole = std::find_if(verdict.hits.begin() + static_cast<std::ptrdiff_t>(first),
                                    verdict.hits.begin() + static_cast<std::ptrdiff_t>(at), [&](const WordHit& hit) {
                                      return replacing == Replacing::kYes && hit.level >= Level::kMask &&
                                             hit.begin == begin && hit.end == end && ReplacementOf(hit) != nullptr;
                                    });
    done = begin;
    if (whole != verdict.hits.begin() + static_cast<std::ptrdiff_t>(at) && !IsBroken(text.substr(begin, end - begin))) {
      out += *ReplacementOf(*whole);
    } else {
      AppendMasked(out, text, begin, end);
    }
    done = end;
  }
  out.append(text.substr(done));
  return out;
}

std::string WordFilter::Mask(std::string_view text, const Verdict& verdict, const Counts& counts) const {
  std::string out = MaskHits(text, verdict, Replacing::kYes);
  if (out == text) return out;
  Scratch scratch;
  for (size_t pass = 1;; ++pass) {
    Verdict left = Check(out, verdict.direction, scratch);
    if (counts) KeepHits(left, [&](const WordHit& hit) { return counts(out, hit); });
    if (left.level < Level::kMask) return out;
    if (pass == kMaskPasses) return AllMasked(out);
    std::string again = MaskHits(out, left, Replacing::kNo);
    if (again == out) return out;  // a word of mask characters
    out = std::move(again);
  }
}

bool WordFilter::HasMasks(Direction direction) const {
  const auto masks = [&](uint32_t word) { return LevelOf(word, direction) == Level::kMask; };
  for (uint32_t word = 0; word < listed_; ++word) {
    if (!words_[word].allow && masks(word)) return true;
  }
  const auto first = static_cast<uint32_t>(words_.size() + parts_.size());
  for (uint32_t detector = 0; detector < options_.detectors.size(); ++detector) {
    if (masks(first + detector)) return true;
  }
  return false;
}

}  // namespace yingda::filter
