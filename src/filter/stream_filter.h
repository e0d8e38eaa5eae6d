// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filter/stream_pass.h"
#include "filter/word_filter.h"

namespace yingda::filter {

/// A text that is still being written, checked as it comes. Shows what is decided, masked, and holds back the rest: a
/// character cut in the middle, what may still become a word, a word that the next letter may make part of a longer
/// one (sm|oking), what a word of an allow file may yet cover, and with detectors a link or number that may go on. All
/// that it shows, joined, is what Check and Mask make of the whole text, however the text was cut.
///
/// But for "a && b": a part that was shown before the others came cannot be taken back. From where the word is complete
/// on, its level counts and its parts are masked, also when the others were seen long ago; in the end level() is that
/// of the whole text. Which earlier parts are masked depends on how the text was cut.
///
/// Masking may make another word of what stands around it, so what one look shows goes through kMaskPasses of them.
///
/// Limits: holds back at most `most_held_bytes`. Over that, which takes thousands of repeated or invisible characters
/// (or, with detectors, of characters without a blank), what is held is decided as if the text ended there. Remembers
/// the parts of "a && b" that it saw, 8 bytes each, at most as many as the lists have. Cost: that of a Check of what is
/// new and what is held back, kMaskPasses times if the lists mask anything. Thread-safety: one thread at a time.
class StreamFilter {
 public:
  struct Options {
    size_t most_held_bytes = size_t{64} * 1024;
  };

  /// `words` may be null: then all of the text is shown at once.
  StreamFilter(std::shared_ptr<const WordFilter> words, Direction direction);
  StreamFilter(std::shared_ptr<const WordFilter> words, Direction direction, const Options& options);

  /// The next bytes of the text, cut anywhere. Appends to `shown` what can be shown now. Returns what was found;
  /// places are bytes of the whole text. What of it is not shown yet may not be known to be safe beside what follows.
  Verdict Append(std::string_view bytes, std::string& shown);
  /// The text is whole: nothing is held back any more.
  Verdict Finish(std::string& shown);

  /// The worst so far. At Level::kBlock nothing more of the text should be shown; what of it comes out is masked.
  Level level() const { return level_; }
  /// Bytes of the text of which nothing is shown yet.
  size_t HeldBytes() const { return appended_ - shown_of_; }

 private:
  /// Of what a pass shows: how much of the text that is.
  struct Mark {
    size_t shown = 0;
    size_t of_text = 0;
  };
  /// A further look at what the one before it shows.
  struct Again {
    StreamPass pass;
    size_t fed = 0;            // bytes
    size_t of_text = 0;        // what it has shown is of
    std::deque<Mark> marks{};  // of what it was fed and has not shown: no more than it holds bytes
  };

  Verdict Feed(std::string_view bytes, bool whole, std::string& shown);

  StreamPass first_;
  std::vector<Again> again_;
  Level level_ = Level::kPass;
  size_t appended_ = 0;
  size_t shown_of_ = 0;  // bytes of the text that are shown, in what became of them
};

}  // namespace yingda::filter
