// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace yingda::model {

// Upstreams that cut text by UTF-16 units send the halves of one emoji as "\ud83d" and "\ude00" in two chunks. Each is
// a lone surrogate, which no JSON parser takes and UTF-8 cannot hold. So lone halves are replaced by marks before the
// parser, and the marks are turned back and joined behind it.

/// The JSON text with each lone surrogate escape replaced by a mark; empty when there is none, as nearly always.
/// Marks are escapes themselves, so nothing outside of strings changes.
std::string MarkLoneSurrogates(std::string_view json);

/// Joins surrogate halves across pieces of text and gives valid UTF-8. A half without its other becomes U+FFFD.
class SurrogateJoiner {
 public:
  /// `marked`: the piece comes from a JSON text that MarkLoneSurrogates changed.
  void Feed(std::string_view piece, bool marked, std::string& out);
  void Finish(std::string& out);
  /// For its other half.
  bool waits() const { return high_ != 0; }

 private:
  void AddHalf(char32_t half, std::string& out);

  char32_t high_ = 0;  // 0: none waits
};

}  // namespace yingda::model
