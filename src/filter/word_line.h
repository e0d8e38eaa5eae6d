// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/word_list.h"

namespace yingda::filter {

/// What a word gets when its line does not say otherwise.
struct LineDefaults {
  Levels levels;
  Boundary boundary = Boundary::kAuto;
  std::string tags;
};

/// Something about a line, in Chinese, with what to write instead.
struct LineNote {
  std::string_view place;  // the part of the line that it is about
  std::string what;
};

/// What one line says: a word, or what is wrong with it.
struct WordLine {
  std::optional<ListedWord> word;  // without its line's number
  std::optional<LineNote> mistake;
  std::vector<LineNote> warnings;
};

/// Reads one line of a word file (see WordList) that is valid UTF-8, neither empty nor a comment. Pure.
/// Limits: words of up to 64 letters and 1,024 bytes.
WordLine ReadWordLine(std::string_view line, bool allow, const LineDefaults& defaults);

/// Whether a word and another text are the same but for what folding leaves out, case and repetitions: no such text can
/// stand in the place of the word.
bool ReadsLike(std::string_view text, std::string_view word);

/// auto, raw or word.
std::optional<Boundary> ParseBoundary(std::string_view name);
/// "这个级别不认识", and which ones there are.
std::string UnknownLevel(std::string_view name);

}  // namespace yingda::filter
