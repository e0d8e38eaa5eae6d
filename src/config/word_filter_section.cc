// SPDX-License-Identifier: MIT
#include "config/word_filter_section.h"

#include <string_view>

namespace yingda::config {
namespace {

using filter::DetectorKind;
using filter::Level;

Level ReadLevel(base::YamlMap& map, std::string_view key, Level otherwise) {
  return map.Choice(
      key, otherwise,
      {{"block", Level::kBlock}, {"mask", Level::kMask}, {"review", Level::kReview}, {"pass", Level::kPass}});
}

filter::DirectionOptions ReadDirection(base::YamlMap& word_filter, std::string_view key) {
  base::YamlMap map = word_filter.Map(key);
  filter::DirectionOptions direction;
  direction.enabled = map.Bool("enabled", true);
  direction.maximum = ReadLevel(map, "at_most", Level::kBlock);
  return direction;
}

filter::DetectorOptions ReadDetector(base::YamlMap& map) {
  filter::DetectorOptions detector;
  map.Require("kind");
  detector.kind = map.Choice("kind", DetectorKind::kUrl,
                             {{"url", DetectorKind::kUrl},
                              {"email", DetectorKind::kEmail},
                              {"phone", DetectorKind::kPhone},
                              {"digits", DetectorKind::kDigits},
                              {"wechat_id", DetectorKind::kWechatId}});
  const Level level = ReadLevel(map, "level", Level::kMask);
  detector.levels = {ReadLevel(map, "inbound", level), ReadLevel(map, "outbound", level)};
  detector.least_digits = static_cast<uint32_t>(map.Integer("at_least", 8, filter::kFewestDigits, filter::kMostDigits));
  if (map.Has("at_least") && detector.kind != DetectorKind::kDigits) {
    map.Problem("at_least", "only digits has a shortest length; remove at_least: or write kind: digits",
                "只有 digits 可以写 at_least");
  }
  return detector;
}

}  // namespace

filter::Options ReadWordFilter(base::YamlMap& account) {
  base::YamlMap map = account.Map("word_filter");
  filter::Options options;
  options.inbound = ReadDirection(map, "inbound");
  options.outbound = ReadDirection(map, "outbound");
  for (base::YamlMap& detector : map.Maps("detectors")) options.detectors.push_back(ReadDetector(detector));
  if (options.detectors.size() > filter::kMaxDetectors) {
    map.Problem("detectors", "more than 16 detectors; one of each kind is enough", "最多 16 项");
  }
  return options;
}

}  // namespace yingda::config
