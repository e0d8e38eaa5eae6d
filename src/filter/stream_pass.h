// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "filter/word_filter.h"

namespace yingda::filter {

/// One look at a text that is still being written: shows what is decided, masked once, and holds back the rest. All
/// that it shows, joined, is what Check and MaskHits make of the whole text, but for "a && b" (see StreamFilter).
/// Limits, cost and thread-safety: StreamFilter's.
class StreamPass {
 public:
  using Replacing = WordFilter::Replacing;

  StreamPass(std::shared_ptr<const WordFilter> words, Direction direction, Replacing replacing, size_t most_held_bytes);

  /// The next bytes of the text, cut anywhere. Appends to `shown` what can be shown now. Returns what was found in it.
  Verdict Append(std::string_view bytes, std::string& shown);
  Verdict Finish(std::string& shown);

  size_t HeldBytes() const { return text_.size() - decided_; }

 private:
  Verdict Decide(size_t end, bool whole, std::string& shown);
  void DropDecided();

  std::shared_ptr<const WordFilter> words_;
  Direction direction_;
  Replacing replacing_;
  size_t most_held_bytes_;
  Scratch scratch_;
  PartsSeen seen_;
  std::string text_;      // the last characters of what is decided, and what is held back
  size_t decided_ = 0;    // bytes of those characters
  size_t before_ = 0;     // bytes of the text that are not here any more
  size_t looked_at_ = 0;  // bytes of text_ at the last check
};

}  // namespace yingda::filter
