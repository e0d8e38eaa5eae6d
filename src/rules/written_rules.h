// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/rule.h"

namespace yingda::rules {

/// The text of one item of a rule file's list, with the comments behind it.
struct ItemText {
  uint32_t begin = 0, end = 0;  // bytes of the file's text
  int line = 1;                 // of the file, where it begins
};

/// Cuts the text of a rule file at each line that begins with "- ". Nothing when anything but items, what is indented
/// below them, comments, and --- above the first stands at the beginning of a line (a key, the rest of a text in
/// quotes): then only the YAML reader knows where an item ends.
std::vector<ItemText> ItemsOf(std::string_view text);

/// One item that will be read the same wherever it stands before another, and the rule that came of it. Those with a
/// warning, with a key that has no value, and the file's last are not among them.
struct WrittenRule {
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  ItemText text;
  uint32_t rule = kNone;  // its place among the rules that were read with it; none: it is switched off
};

/// A rule file as it was read.
struct WrittenFile {
  std::string text;
  std::vector<WrittenRule> rules;
};

/// Rules that have been read before, by their texts: an item whose text is known needs no reading.
/// Lifetime: files and rules must outlive it.
class KnownRules {
 public:
  struct Known {
    const Rule* rule = nullptr;  // null: it is switched off
    int line = 1;                // where its text began
  };

  KnownRules() = default;
  /// Places in `files` are those in `rules`.
  KnownRules(const std::vector<WrittenFile>& files, const std::vector<Rule>& rules);
  KnownRules(std::vector<WrittenFile>&&, const std::vector<Rule>&) = delete;
  KnownRules(const std::vector<WrittenFile>&, std::vector<Rule>&&) = delete;

  bool empty() const { return by_text_.empty(); }
  /// Null: not known.
  const Known* Find(std::string_view text) const;

 private:
  std::unordered_map<std::string_view, Known> by_text_;
};

}  // namespace yingda::rules
