// SPDX-License-Identifier: MIT
#include "rules/rule.h"

namespace yingda::rules {
namespace {

/// Callers may count messages: neighbouring numbers must not give the replies in turn (the mixer of SplitMix64).
uint64_t Mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

}  // namespace

std::string_view ToString(MatchKind kind) {
  switch (kind) {
    case MatchKind::kEvent:
      return "event";
    case MatchKind::kExact:
      return "exact";
    case MatchKind::kPrefix:
      return "prefix";
    case MatchKind::kSuffix:
      return "suffix";
    case MatchKind::kAllOf:
      return "all_of";
    case MatchKind::kContains:
      return "contains";
    case MatchKind::kRegex:
      return "regex";
    case MatchKind::kDefault:
      return "default";
  }
  return "";
}

void Rule::Move(const std::string& to_file, int lines) {
  file = to_file;
  if (lines == 0) return;
  line += lines;
  for (Keyword& keyword : keywords) keyword.line += lines;
  for (Keyword& word : exclude) word.line += lines;
  for (ReplyTemplate& reply : replies) reply.line += lines;
  if (until_line != 0) until_line += lines;
}

size_t Rule::Chosen(uint64_t choice) const { return mode == ReplyMode::kRandom ? Mix(choice) % replies.size() : 0; }

}  // namespace yingda::rules
