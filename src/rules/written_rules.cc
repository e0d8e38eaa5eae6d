// SPDX-License-Identifier: MIT
#include "rules/written_rules.h"

#include <algorithm>

namespace yingda::rules {
namespace {

bool BeginsItem(std::string_view line) {
  return line.starts_with('-') && (line.size() == 1 || line[1] == ' ' || line[1] == '\n' || line[1] == '\r');
}

/// May stand between two items, and above the first.
bool IsBlankOrComment(std::string_view line) {
  const size_t first = line.find_first_not_of(' ');
  return first == line.npos || line[first] == '#' || line[first] == '\n' || line[first] == '\r';
}

bool BeginsDocument(std::string_view line) { return line == "---\n" || line == "---\r\n"; }

/// The YAML reader ends a line at a lone carriage return, too.
bool HasLoneReturn(std::string_view line) {
  const size_t at = line.find('\r');
  return at != line.npos && line.substr(at) != "\r\n";
}

}  // namespace

std::vector<ItemText> ItemsOf(std::string_view text) {
  std::vector<ItemText> items;
  int number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const std::string_view line = text.substr(begin, end - begin);
    if (HasLoneReturn(line)) return {};
    if (BeginsItem(line)) {
      items.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), number});
    } else if (items.empty() ? !IsBlankOrComment(line) && !BeginsDocument(line)
                             : !IsBlankOrComment(line) && line.front() != ' ') {
      return {};
    } else if (!items.empty()) {
      items.back().end = static_cast<uint32_t>(end);
    }
    begin = end;
  }
  return items;
}

KnownRules::KnownRules(const std::vector<WrittenFile>& files, const std::vector<Rule>& rules) {
  size_t count = 0;
  for (const WrittenFile& file : files) count += file.rules.size();
  by_text_.reserve(count);
  for (const WrittenFile& file : files) {
    const std::string_view text = file.text;
    for (const WrittenRule& written : file.rules) {
      const Rule* const rule = written.rule == WrittenRule::kNone ? nullptr : &rules[written.rule];
      by_text_.emplace(text.substr(written.text.begin, written.text.end - written.text.begin),
                       Known{rule, written.text.line});
    }
  }
}

const KnownRules::Known* KnownRules::Find(std::string_view text) const {
  const auto found = by_text_.find(text);
  return found == by_text_.end() ? nullptr : &found->second;
}

}  // namespace yingda::rules
