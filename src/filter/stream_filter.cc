// SPDX-License-Identifier: MIT
#include "filter/stream_filter.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace yingda::filter {
namespace {

// As long as so little is held back, every piece is looked at when it comes; more is looked at when a quarter has been
// added, so that a text which is held back for long costs no more than one that is not.
constexpr size_t kLittleHeld = 1024;

// A detector looks back for what it hangs on: 微信 before a name.
constexpr size_t kKeptForDetectors = 512;

/// Where the text ends in whole characters: before the beginning of one that the next bytes may complete.
size_t WholeCharacters(std::string_view text) {
  constexpr size_t kLongest = 4;
  for (size_t back = 1; back < kLongest && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace

StreamFilter::StreamFilter(std::shared_ptr<const WordFilter> words, Direction direction)
    : StreamFilter(std::move(words), direction, Options{}) {}

StreamFilter::StreamFilter(std::shared_ptr<const WordFilter> words, Direction direction, const Options& options)
    : words_(std::move(words)), direction_(direction), options_(options) {}

Verdict StreamFilter::Append(std::string_view bytes, std::string& shown) {
  text_.append(bytes);
  const size_t held = HeldBytes();
  if (held > options_.most_held_bytes) return Decide(text_.size(), true, shown);
  const size_t looked_at = looked_at_ - decided_;
  if (looked_at > kLittleHeld && held < looked_at + looked_at / 4) return {};
  return Decide(WholeCharacters(text_), false, shown);
}

Verdict StreamFilter::Finish(std::string& shown) { return Decide(text_.size(), true, shown); }

Verdict StreamFilter::Decide(size_t end, bool whole, std::string& shown) {
  Verdict verdict;
  const std::string_view text = std::string_view(text_).substr(0, end);
  size_t decided = end;
  if (words_ && end > decided_) {
    OpenVerdict open = words_->CheckFrom(text, decided_, !whole, direction_, scratch_);
    decided = open.decided;
    verdict = std::move(open.verdict);
  }
  looked_at_ = text_.size();
  if (decided <= decided_) return verdict;
  if (words_) {
    shown.append(words_->Mask(text.substr(0, decided), verdict), decided_);
  } else {
    shown.append(text, decided_, decided - decided_);
  }
  level_ = std::max(level_, verdict.level);
  for (WordHit& hit : verdict.hits) {
    hit.begin += before_;
    hit.end += before_;
  }
  decided_ = decided;
  DropDecided();
  return verdict;
}

/// Of what is decided, what comes behind depends only on the last letter (a run of equal ones may go on) and on the
/// last character that is seen (a word may touch it).
void StreamFilter::DropDecided() {
  std::string kept;
  if (words_) {
    const std::string_view text = std::string_view(text_).substr(0, decided_);
    const auto keep_last = [&](FoldedText& folded, FoldMode mode, size_t from) {
      folded.Fold(text, mode);
      if (folded.size() == 0 || folded.Begin(folded.size() - 1) < from) return size_t{0};
      const size_t end = folded.End(folded.size() - 1);
      kept.append(text, folded.Begin(folded.size() - 1), end - folded.Begin(folded.size() - 1));
      return end;
    };
    const size_t letter_end = keep_last(scratch_.letters, FoldMode::kLetters, 0);
    keep_last(scratch_.literal, FoldMode::kLiteral, letter_end);
    if (!words_->GetOptions().detectors.empty()) {
      size_t begin = decided_ - std::min(decided_, kKeptForDetectors);
      while (begin < decided_ && (static_cast<unsigned char>(text_[begin]) & 0xC0) == 0x80) ++begin;
      kept = text.substr(begin);
    }
  }
  before_ += decided_ - kept.size();
  text_.replace(0, decided_, kept);
  decided_ = kept.size();
  looked_at_ = text_.size();
}

}  // namespace yingda::filter
