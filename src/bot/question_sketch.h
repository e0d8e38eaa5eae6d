// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace yingda::bot {

/// What a question is counted under: its text as followers would call it the same (filter::FoldedKey). Empty when it is
/// not counted: longer than 64 characters (such never repeat), or with what may be somebody's own: six or more digits
/// in a row (blanks, dashes and the like between them aside), an @, or an address of the web. Pure.
std::string QuestionKey(std::string_view text);

/// One question that was asked more than once.
struct CommonQuestion {
  std::string text;       // as first written; empty when texts are not kept
  uint64_t at_least = 0;  // times it was asked
  uint64_t at_most = 0;
};

/// The most frequent of many questions in a fixed number of places (Space-Saving). Remembers a keyed hash of each, made
/// anew in every process, and the text itself only where `keep_texts` says so.
/// Whatever was asked more than Asked() / places times has a place, and no count is too high by more than that.
/// Thread-safety: none of its own. Cost: a look-up; a pass over the counts when a new question takes a place.
/// Source: Metwally, Agrawal, El Abbadi: Efficient computation of frequent and top-k elements in data streams (2005).
class QuestionSketch {
 public:
  struct Options {
    size_t places = 1000;
    bool keep_texts = false;
  };

  explicit QuestionSketch(Options options);

  /// `key` from QuestionKey, not empty; `text` is what to show for it.
  void Add(std::string_view key, std::string_view text);

  uint64_t Asked() const { return asked_; }
  /// How many of those had been asked before; never too many, and too few only when there are more than `places`.
  uint64_t Repeats() const { return repeats_; }
  /// Those asked twice or more for sure, the most frequent first.
  std::vector<CommonQuestion> Top(size_t limit) const;

 private:
  struct Place {
    uint64_t hash = 0;
    uint64_t error = 0;
    std::string text;
  };
  uint64_t Hash(std::string_view key) const;

  Options options_;
  std::string salt_;
  std::vector<uint64_t> counts_;  // by place; apart from the rest, for a fast search for the lowest
  std::vector<Place> places_;
  std::unordered_map<uint64_t, size_t> place_of_;
  uint64_t asked_ = 0;
  uint64_t repeats_ = 0;
};

}  // namespace yingda::bot
