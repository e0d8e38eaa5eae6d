// SPDX-License-Identifier: MIT
#include "filter/stream_pass.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace yingda::filter {
namespace {

// As long as so little is held back, every piece is looked at when it comes; more is looked at when a quarter has been
// added, so that a text which is held back for long costs no more than one that is not.
constexpr size_t kLittleHeld = 1024;

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

StreamPass::StreamPass(std::shared_ptr<const WordFilter> words, Direction direction, Replacing replacing,
                       size_t most_held_bytes)
    : words_(std::move(words)), direction_(direction), replacing_(replacing), most_held_bytes_(most_held_bytes) {}

Verdict StreamPass::Append(std::string_view bytes, std::string& shown) {
  text_.append(bytes);
  const size_t held = HeldBytes();
  if (held > most_held_bytes_) return Decide(text_.size(), true, shown);
  const size_t looked_at = looked_at_ - decided_;
  if (looked_at > kLittleHeld && held < looked_at + looked_at / 4) return {};
  return Decide(WholeCharacters(text_), false, shown);
}

Verdict StreamPass::Finish(std::string& shown) { return Decide(text_.size(), true, shown); }

Verdict StreamPass::Decide(size_t end, bool whole, std::string& shown) {
  Verdict verdict;
  const std::string_view text = std::string_view(text_).substr(0, end);
  size_t decided = end;
  if (words_ && end > decided_) {
    OpenVerdict open = words_->CheckFrom(text, decided_, !whole, direction_, seen_, scratch_);
    decided = open.decided;
    verdict = std::move(open.verdict);
  }
  looked_at_ = text_.size();
  if (decided <= decided_) return verdict;
  if (words_) {
    shown.append(words_->MaskHits(text.substr(0, decided), verdict, replacing_), decided_);
  } else {
    shown.append(text, decided_, decided - decided_);
  }
  for (WordHit& hit : verdict.hits) {
    hit.begin += before_;
    hit.end += before_;
  }
  decided_ = decided;
  DropDecided();
  return verdict;
}

/// Of what is decided, what comes behind depends only on the last letter (a run of equal ones may go on), on the last
/// character that is seen (a word may touch it), and for detectors on some more of those.
void StreamPass::DropDecided() {
  std::string kept;
  if (words_) {
    const std::string_view text = std::string_view(text_).substr(0, decided_);
    const FoldedText& letters = scratch_.letters;
    const FoldedText& seen = scratch_.literal;
    scratch_.letters.Fold(text, FoldMode::kLetters);
    scratch_.literal.Fold(text, FoldMode::kLiteral);
    size_t end = 0;
    const auto keep = [&](const FoldedText& folded, size_t at) {
      if (folded.Begin(at) < end) return;  // ㎏ is two
      end = folded.End(at);
      kept.append(text, folded.Begin(at), end - folded.Begin(at));
    };
    const size_t count = words_->GetOptions().detectors.empty() ? 1 : kDetectorLookBehind;
    const size_t first = seen.size() - std::min(count, seen.size());
    const size_t last_letter = letters.size() - 1;
    if (letters.size() > 0 && letters.Begin(last_letter) < seen.Begin(first)) keep(letters, last_letter);
    for (size_t at = first; at < seen.size(); ++at) keep(seen, at);
  }
  before_ += decided_ - kept.size();
  text_.replace(0, decided_, kept);
  decided_ = kept.size();
  looked_at_ = text_.size();
}

}  // namespace yingda::filter
