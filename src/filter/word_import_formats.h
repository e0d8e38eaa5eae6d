// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filter/word_import.h"

namespace yingda::filter {

/// A word as somebody else's file has it, before anything is checked.
struct ForeignWord {
  std::string text;
  size_t line = 0;  // in JSON: which of the words
  std::optional<Level> level;
  std::string tags{};  // separated by commas
  bool is_expression = false;
};

/// What a list has besides its words.
struct UnreadPart {
  std::string what;   // in Chinese
  std::string place;  // "list.json:3"
  size_t count = 1;
};
struct ForeignWords {
  std::vector<ForeignWord> words;
  std::vector<UnreadPart> unread;
};

ImportFormat GuessFormat(std::string_view text);

/// Errors: kInvalidArgument, for JSON that is none.
base::Result<ForeignWords> ReadForeignWords(const ImportSource& source, ImportFormat format);

}  // namespace yingda::filter
