// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/word_list.h"

namespace yingda::filter {

/// How a word list that others made is written.
enum class ImportFormat {
  kAuto,        // by its looks; never kTags or kLevelFirst, as words may hold blanks
  kLines,       // a word a line; lines that begin with #, ; or // are comments
  kPipe,        // a|b|c, and word|level where what follows is a level
  kTags,        // word tag,tag
  kLevelFirst,  // 1 word; what the number means is not known and not used
  kBase64,      // each line a word in base64
  kJson,        // {"words": […]} or […]
  kSections,    // #notice #caution #warning #danger #ignore above the words they are about
};
/// "lines", "level-first" and so on.
std::optional<ImportFormat> ParseImportFormat(std::string_view name);
const char* ToString(ImportFormat format);

struct ImportOptions {
  ImportFormat format = ImportFormat::kAuto;
  Level level = Level::kMask;  // of words whose file gives none
  std::string tag{};           // of all words; no blank and no |
};

/// One file, decoded (word_file_encoding.h).
struct ImportSource {
  std::string name;
  std::string text;
};

/// Why words were not taken over.
struct LeftOut {
  std::string why;  // in Chinese
  size_t count = 0;
  std::vector<std::string> examples;  // the first few: "list.txt:12", with the word where it can be shown
};

struct ImportResult {
  std::string file;  // in our format; ParseWordList reads exactly `kept` words from it
  size_t read = 0;   // words seen, and what might be some
  size_t kept = 0;
  std::vector<LeftOut> left_out;
  std::vector<ImportFormat> formats;  // that each source was read in
  std::vector<std::string> hints;     // in Chinese: what may be meant otherwise
};

/// Makes one of our word files out of lists in the formats met in the wild. Left out are duplicates, words that fold to
/// one before them, single characters, control characters, regular expressions and what a word file cannot hold;
/// everyday words stand in it as comments. Pure. Errors: kInvalidArgument, for JSON that is none.
base::Result<ImportResult> ImportWords(const std::vector<ImportSource>& sources, const ImportOptions& options);

}  // namespace yingda::filter
