// SPDX-License-Identifier: MIT
#include "rules/condition_reader.h"

#include <string>

#include "base/utf8.h"
#include "filter/fold.h"
#include "filter/pattern_index.h"

namespace yingda::rules {
namespace {

using base::YamlMap;
using base::YamlNode;
using namespace std::chrono_literals;

constexpr size_t kMaxExcluded = 1000;

/// The scalars of a list, or the one that stands for a list; anything else is a problem that says `example`.
std::vector<const YamlNode*> Scalars(YamlMap& map, std::string_view key, const std::string& example) {
  std::vector<const YamlNode*> scalars;
  const YamlNode* const value = map.Find(key);
  if (value == nullptr) return scalars;
  if (value->IsScalar()) return {value};
  bool good = value->IsList() && !value->items.empty();
  for (const YamlNode& item : value->items) {
    good = good && item.IsScalar();
    scalars.push_back(&item);
  }
  if (good) return scalars;
  map.problems().Add(*value, "", std::string(key) + " 应当是列表，例如 " + std::string(key) + ": " + example);
  return {};
}

void ReadExclude(YamlMap& map, Rule& rule) {
  const auto words = Scalars(map, "exclude", "[不要, 取消]");
  if (!words.empty() && rule.match == MatchKind::kEvent) {
    map.Problem("exclude", "", "event 规则没有文字，不能写 exclude：请删掉这一行");
    return;
  }
  if (words.size() > kMaxExcluded) {
    map.Problem("exclude", "", "exclude 太多：最多 " + std::to_string(kMaxExcluded) + " 个词");
    return;
  }
  for (const YamlNode* const word : words) {
    const std::string text(base::TrimBlanks(word->text));
    const std::u32string codes = filter::FoldedCodes(text, filter::FoldMode::kLiteral);
    if (codes.empty()) {
      map.problems().Add(*word, "", "exclude 里有空的词：空的词会排除所有消息，请删掉它或补上文字");
    } else if (codes.size() > filter::PatternIndex::kMaxCodes) {
      map.problems().Add(*word, "",
                         "词太长：最多 " + std::to_string(filter::PatternIndex::kMaxCodes) + " 个字，请取其中一段");
    } else {
      rule.exclude.push_back({text, word->line, word->column, nullptr});
    }
  }
}

void ReadMoment(YamlMap& map, std::string_view key, int64_t& minute) {
  const YamlNode* const value = map.Find(key);
  if (value == nullptr) return;
  const auto read = value->IsScalar() ? ParseMinute(value->text, key == "until") : std::nullopt;
  if (read) {
    minute = *read;
  } else {
    map.Problem(key, "",
                std::string(key) + " 应当是日期，例如 2026-10-01，或日期和时间，例如 \"2026-10-01 18:00\"（北京时间）");
  }
}

void ReadSchedule(YamlMap& map, Rule& rule) {
  Schedule& schedule = rule.schedule;
  for (const YamlNode* const item : Scalars(map, "hours", "[\"9:00-18:00\"]")) {
    if (const auto hours = ParseHours(item->text)) {
      schedule.hours.push_back(*hours);
    } else {
      map.problems().Add(*item, "",
                         "看不懂时段“" + item->text + "”：请写成 9:00-18:00 这样，过夜写 22:00-6:00（北京时间）");
    }
  }
  for (const YamlNode* const item : Scalars(map, "days", "[周一, 周三]")) {
    if (const auto days = ParseDays(item->text)) {
      schedule.days |= *days;
    } else {
      map.problems().Add(*item, "", "看不懂“" + item->text + "”：请写 周一…周日、周一至周五、周末，或 mon-fri");
    }
  }
  ReadMoment(map, "from", schedule.from);
  ReadMoment(map, "until", schedule.until);
  if (const YamlNode* const until = map.Find("until")) {
    rule.until_line = until->line;
    rule.until_column = until->column;
  }
  if (schedule.until <= schedule.from) map.Problem("until", "", "until 比 from 还早：这条规则永远不会生效，请改正日期");
}

}  // namespace

void ReadConditions(YamlMap& map, Rule& rule) {
  ReadExclude(map, rule);
  ReadSchedule(map, rule);
  rule.cooldown = map.Duration("cooldown", 0s, 1s, 24h * 30);
}

}  // namespace yingda::rules
