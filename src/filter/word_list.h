// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace yingda::filter {

/// What a word brings about, from nothing to a refusal.
enum class Level { kPass, kReview, kMask, kBlock };

const char* ToString(Level level);
/// "block" or 拦截, "mask" or 打码, "review" or 复查, "pass" or 放行.
std::optional<Level> ParseLevel(std::string_view name);

/// What followers write (kInbound, 提问) and what the model answers (kOutbound, 回答).
enum class Direction { kInbound, kOutbound };

const char* ToString(Direction direction);

struct Levels {
  Level inbound = Level::kBlock;
  Level outbound = Level::kBlock;

  Level At(Direction direction) const { return direction == Direction::kInbound ? inbound : outbound; }
  bool operator==(const Levels&) const = default;
};

/// Where a word counts.
enum class Boundary {
  kAuto,      // a word of a-z and 0-9 only where it stands alone ("sm" not in "Smoking"); any other word everywhere
  kAnywhere,  // =raw: also inside longer words
  kAlone,     // =word: only between blanks, punctuation and the ends of the text
};

/// One of several texts that must all be present, in the pieces that wildcards leave: 迷?药 is {迷, 药}. Between two
/// pieces stands exactly one letter or digit. The first and the last piece hold at least one letter or digit each.
using WordPart = std::vector<std::string>;

/// One word as its file has it.
struct ListedWord {
  std::string text;  // for people, without backslashes: "迷?药", "甲 && 乙"
  uint32_t line = 0;
  Levels levels;
  Boundary boundary = Boundary::kAuto;
  std::string tags;                        // separated by commas
  std::vector<WordPart> parts;             // empty: the word is `text`, without wildcards
  std::optional<std::string> replacement;  // what masking puts in its place; none: a star for each character
};

/// One file of words. Format, one word a line:
///   word            word|level            word|level|tag,tag            any of them followed by |=raw, |=word or
///   |=short # a comment     #! level=mask inbound=review tag=广告 boundary=raw    (for the lines that follow)
///   迷?药           one letter or digit in place of each ?, at most kMaxWildcards
///   甲乙 && 丙丁    both anywhere in the text, at most kMaxParts
///   word => text    masked with the text instead of stars; mask, unless the line has a level or the file's is pass
///   \# \| \? \& \= \\   the characters themselves
/// A level is one for both directions, or in:review,out:block (提问:复查,回答:拦截); a direction that is not named
/// keeps the file's level. A byte order mark, CR, blanks around the word and commas behind it do not count; empty
/// lines mean nothing. Words of a single character are refused unless they carry =short.
struct WordList {
  std::string name;  // in warnings, e.g. "deny/fraud.txt"
  bool allow = false;
  std::vector<ListedWord> words;
  size_t bad_lines = 0;
  std::vector<std::string> warnings;  // "deny/fraud.txt:3:5: what, and what to write instead", in Chinese
};

inline constexpr size_t kMaxWildcards = 2;  // in a part
inline constexpr size_t kMaxParts = 4;
inline constexpr size_t kMaxReplacementBytes = 200;

/// `content` is UTF-8; files in another encoding are decoded before (word_file_encoding.h).
WordList ParseWordList(std::string_view content, std::string name, bool allow);

/// Reads `folder`/deny/*.txt and `folder`/allow/*.txt, each in the order of their names; hidden files are left out.
/// Errors: a folder or file that cannot be read, one that is no text, and a file with more than 5 % bad lines (but at
/// least three): it is not a word list, or not in the encoding it should be, and half of it would be worse than the set
/// before it.
/// Limits: 64 MiB a file, kMaxPatterns words in all.
base::Result<std::vector<WordList>> ReadWordLists(const std::string& folder);

}  // namespace yingda::filter
