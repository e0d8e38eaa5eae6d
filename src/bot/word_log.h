// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "base/log.h"
#include "base/metrics.h"
#include "filter/word_filter.h"

namespace yingda::bot {

/// Tells the operator what the word filter found: which words, by file, line and tags; never the text, nor the word.
/// Words to review and words that blocked a text are logged at info, words that were only masked at debug; texts are
/// counted by their level in yingda_words_total{direction, level}. Thread-safety: all members.
class WordLog {
 public:
  WordLog(base::Logger& logger, base::Metrics& metrics);

  /// Once for each text that was judged; `verdict` is `words`'. Limits: names at most kMostNamed words.
  void Note(std::string_view account, std::string_view request, filter::Direction direction,
            const filter::WordFilter& words, const filter::Verdict& verdict);
  static constexpr size_t kMostNamed = 5;

 private:
  static constexpr size_t kLevels = 4;

  base::Logger& logger_;
  std::array<std::array<base::Counter*, kLevels>, 2> texts_{};  // by direction and level; null: pass
};

}  // namespace yingda::bot
