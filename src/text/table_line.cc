// SPDX-License-Identifier: MIT
#include "text/table_line.h"

#include "text/characters.h"
#include "text/pages.h"
#include "text/prepare.h"

namespace yingda::text {

std::string_view TrimmedRight(std::string_view text) {
  while (!text.empty() && IsBlank(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsBlankOrLineEnd(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && IsBlankOrLineEnd(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool ConsistsOf(std::string_view text, char c) {
  return !text.empty() && text.find_first_not_of(c) == std::string_view::npos;
}

// The cells between the bars of a table's row; bars in code and behind a backslash separate nothing.
std::vector<std::string_view> Cells(std::string_view row) {
  row = Trimmed(row);
  if (row.starts_with('|')) row.remove_prefix(1);
  std::vector<std::string_view> cells;
  size_t start = 0;
  bool in_code = false;
  for (size_t at = 0; at < row.size(); ++at) {
    if (row[at] == '`') in_code = !in_code;
    if (row[at] == '\\') ++at;
    if (at < row.size() && row[at] == '|' && !in_code) {
      cells.push_back(row.substr(start, at - start));
      start = at + 1;
    }
  }
  if (start < row.size()) cells.push_back(row.substr(start));
  return cells;
}

bool IsDelimiterRow(std::string_view content) {
  if (content.find('|') == std::string_view::npos) return false;
  if (content.find('-') == std::string_view::npos) return false;
  if (content.find_first_not_of("|:- \t") != std::string_view::npos) return false;
  for (const std::string_view cell : Cells(content)) {
    std::string_view dashes = Trimmed(cell);
    if (dashes.starts_with(':')) dashes.remove_prefix(1);
    if (dashes.ends_with(':')) dashes.remove_suffix(1);
    if (!ConsistsOf(dashes, '-')) return false;
  }
  return true;
}

bool MayBeTableHead(std::string_view line) {
  line.remove_prefix(LineContent(line));
  const size_t bar = line.find('|');
  if (bar == std::string_view::npos) return false;
  return (bar == 0 || WholeSentences(line.substr(0, bar)) == 0) && Cells(line).size() <= kMaxColumns;
}

}  // namespace yingda::text
