// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

// Inside the module: the lines that make a table in Markdown.
namespace yingda::text {

/// A wider table is text.
inline constexpr size_t kMaxColumns = 32;

std::string_view TrimmedRight(std::string_view text);
std::string_view Trimmed(std::string_view text);
/// Is it one or more of `c` and nothing else?
bool ConsistsOf(std::string_view text, char c);

/// The cells between the bars of a row; bars in code and behind a backslash separate nothing.
std::vector<std::string_view> Cells(std::string_view row);

/// As in |---|:-:|. `content` without what the line begins with (LineContent) and without trailing blanks.
bool IsDelimiterRow(std::string_view content);

/// Could this line become the head of a table by the line that follows? Not if it holds a whole sentence before its
/// first bar: so what is known of a line that is still being written stays true.
bool MayBeTableHead(std::string_view line);

}  // namespace yingda::text
