// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class FilteredRE2;
class RE2;
}  // namespace re2

namespace yingda::rules {

/// A regular expression of a rule file, compiled once for all that reads, lints and matches it.
/// Thread-safety: immutable. Memory: some 10 KiB, and what RE2 caches while it matches.
class Expression {
 public:
  /// `text` as the file has it. When it is wrong, ok() is false and Engine() says what is wrong.
  explicit Expression(std::string_view text);
  ~Expression();

  bool ok() const { return wrong_ == nullptr; }
  const re2::RE2& Engine() const;
  /// Whether it occurs in `text`, which is as RegexText makes it.
  bool Matches(std::string_view text) const;

  /// Texts in lower case of which matches contain some in any case: see MayMatch. Empty: matches have none in common.
  const std::vector<std::string>& Words() const { return words_; }
  /// Whether a text can match that contains, of Words(), none but those at the places in `words`.
  bool MayMatch(const std::vector<int>& words) const;

 private:
  std::unique_ptr<re2::FilteredRE2> filter_;  // owns the engine, unless that is wrong
  std::unique_ptr<const re2::RE2> wrong_;
  std::vector<std::string> words_;
};

}  // namespace yingda::rules
