// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace yingda::model {

/// Keeps inline reasoning, <think>…</think> or <thinking>…</thinking>, out of an answer that streams by. It is
/// recognised at the start of the answer only, so an answer may talk about the tags. White space around it and at the
/// start of the answer goes as well.
///
/// Some servers leave out the opening tag, because their prompt template has it already. With `hold_back` the answer is
/// held until the closing tag or its end decides; without, a closing tag on a line of its own is reported, because
/// what came before it has been given out already.
class ReasoningFilter {
 public:
  struct Options {
    bool hold_back = false;
    /// More than this, held back without a closing tag, is taken for reasoning.
    size_t max_held_bytes = 64 * 1024;
  };

  ReasoningFilter() = default;
  explicit ReasoningFilter(Options options) : options_(options) {}

  void Feed(std::string_view text, std::string& out);
  /// `cut`: the answer ended before its end, so what may be the beginning of a tag is taken for one.
  void Finish(bool cut, std::string& out);

  /// Text that is part of the answer or may turn out to be, so far.
  size_t progress() const { return progress_; }
  bool reasoning_seen() const { return reasoning_seen_; }
  /// Reasoning without its opening tag was given out: the answer up to here must not be shown.
  bool leaked() const { return leaked_; }

 private:
  enum class State { kStart, kInside, kHeld, kAnswer };

  bool Start();
  bool Inside();
  bool Held();
  bool Answer(std::string& out);

  const Options options_{};
  State state_ = State::kStart;
  std::string pending_;  // not decided yet
  std::string_view closing_tag_;
  bool opened_ = false;  // an opening tag was seen, so a closing one is ordinary text from then on
  bool line_start_ = true;
  size_t progress_ = 0;
  bool reasoning_seen_ = false;
  bool leaked_ = false;
};

}  // namespace yingda::model
