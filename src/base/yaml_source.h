// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/yaml.h"

namespace yingda::base {

/// The text that the YAML reader parses, and what can be told about its places. Offsets are bytes, as the parser counts
/// them; columns are characters, as people do. Lifetime: the text must outlive it.
class YamlSource {
 public:
  struct Place {
    int line = 1, column = 1;
  };

  /// `first_line`: of the file, where the text begins.
  explicit YamlSource(std::string_view text, int first_line = 1) : text_(text), begin_{first_line, 1}, place_(begin_) {}

  std::string_view text() const { return text_; }
  /// The byte there, or 0 behind the end.
  char At(size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }
  /// Cost: linear from the last place asked for, so asking in order is linear altogether.
  Place PlaceAt(size_t offset);
  /// Where the line of that offset begins.
  size_t LineStart(size_t offset) const;
  /// Whether the quoted text that begins there ends before the file does.
  bool QuoteIsClosed(size_t offset) const;

 private:
  std::string_view text_;
  size_t last_ = 0;
  Place begin_, place_;
};

/// Reports the first byte that is not UTF-8 or is a control character: the parser would guess an encoding from those.
bool CheckYamlBytes(std::string_view text, int first_line, YamlProblems& problems);

/// Replaces {0}…{99} by characters that no text has, of the same number of bytes, so that every place stays where it
/// is; ShowNumberedBraces undoes it.
std::string HideNumberedBraces(std::string_view text);
std::string ShowNumberedBraces(std::string_view text);

}  // namespace yingda::base
