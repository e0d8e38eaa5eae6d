// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "rules/expression.h"
#include "rules/reply_template.h"
#include "rules/schedule.h"

namespace yingda::rules {

/// How keywords are compared with a message, in order of precedence: with equal priority the more exact kind wins.
/// All but kRegex see both sides folded as the word filter folds them: case, full width, traditional characters and
/// invisible characters make no difference; blanks at both ends never count.
enum class MatchKind : uint8_t {
  kEvent,     // not a message: a follow, a scan, a menu click
  kExact,     // the whole message; sentence marks at its end do not count
  kPrefix,    // the message begins with the keyword
  kSuffix,    // the message ends with it, sentence marks aside
  kAllOf,     // all keywords of the rule occur, in any order
  kContains,  // the keyword occurs
  kRegex,     // an RE2 expression occurs; case and full-width letters and digits make no difference, the rest does
  kDefault,   // anything that no other rule and no command took
};

/// Kinds in the order of precedence: smaller goes first; prefix and suffix are equals.
constexpr int Exactness(MatchKind kind) {
  return static_cast<int>(kind == MatchKind::kSuffix ? MatchKind::kPrefix : kind);
}

/// The kind as rule files write it, e.g. "all_of".
std::string_view ToString(MatchKind kind);

struct Keyword {
  std::string text;
  int line = 0, column = 0;
  std::shared_ptr<const Expression> regex;  // kRegex only
};

enum class ReplyMode : uint8_t {
  kFirst,
  kRandom,
  kAll,  // the first is the reply, the others follow as customer-service messages (客服消息) where the account may
};

/// One rule of a rule file, checked. A rule is for messages (keywords), for one kind of event, or the default.
struct Rule {
  std::string name;  // as given, else the first keyword, else the event
  std::string file;
  int line = 0, column = 0;
  int priority = 0;  // higher goes first
  MatchKind match = MatchKind::kContains;
  std::vector<Keyword> keywords;
  std::string event;                    // lower case
  std::vector<std::string> event_keys;  // empty: any
  ReplyMode mode = ReplyMode::kFirst;
  std::vector<ReplyTemplate> replies;  // never empty

  // When it counts although it matches.
  std::vector<Keyword> exclude;  // not when one of them occurs (folded, as contains); messages only
  Schedule schedule;
  int until_line = 0, until_column = 0;  // where its end is written; 0: it has none
  base::Duration cooldown{};             // not again for the same follower; 0: always

  /// "reply_rules/a.yml:12"
  std::string Source() const { return file + ":" + std::to_string(line); }
  /// It stands in this file, so many lines further down than where it was read.
  void Move(const std::string& to_file, int lines);
  /// A match is not enough for it to answer.
  bool Conditional() const { return !exclude.empty() || !schedule.Always() || cooldown > base::Duration::zero(); }
  /// The place in `replies` of the one to send (of kAll: the first). Equal `choice`, equal reply: the tries of one
  /// message must not draw twice.
  size_t Chosen(uint64_t choice) const;
};

}  // namespace yingda::rules
