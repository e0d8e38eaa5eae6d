// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/yaml.h"

namespace yingda::base {

/// Typed reads of one YAML map. A wrong value is reported and the default returned, so that reading goes on and all
/// errors come out at once; the caller looks at the YamlProblems at the end. A key without a value counts as absent.
///   YamlMap server = root.Map("server");
///   options.listen = server.String("listen", "127.0.0.1:8080");
///   options.reply_within = server.Duration("reply_within", 4500ms, 100ms, 14s);
/// When the object goes out of scope, keys that nobody asked for are reported with "did you mean"; so ask for every
/// key, also for one that does not matter in this case.
/// Lifetime: node and problems must outlive it; keys must be literals.
class YamlMap {
 public:
  /// nullptr or a null node reads as an empty map; a scalar or list is reported, then reads as an empty map.
  YamlMap(const YamlNode* node, YamlProblems& problems);
  YamlMap(YamlMap&& other) noexcept;
  YamlMap& operator=(YamlMap&&) = delete;
  YamlMap(const YamlMap&) = delete;
  YamlMap& operator=(const YamlMap&) = delete;
  ~YamlMap();

  /// True if the key is there and has a value.
  bool Has(std::string_view key) { return Find(key) != nullptr; }
  /// The raw value, or nullptr.
  const YamlNode* Find(std::string_view key);
  /// As Has, and reports the key as missing if it is not there.
  bool Require(std::string_view key);

  std::string String(std::string_view key, std::string_view default_value = {});
  bool Bool(std::string_view key, bool default_value);
  int64_t Integer(std::string_view key, int64_t default_value, int64_t min, int64_t max);
  double Number(std::string_view key, double default_value, double min, double max);
  /// 4500ms, 4.5s, 10m, 48h, 7d; a bare 0 needs no unit.
  base::Duration Duration(std::string_view key, base::Duration default_value, base::Duration min, base::Duration max);
  /// In bytes: 512, 512B, 64KiB, 16MiB, 1GiB.
  uint64_t Size(std::string_view key, uint64_t default_value, uint64_t min, uint64_t max);
  /// One of a few words.
  template <typename T>
  T Choice(std::string_view key, T default_value, std::initializer_list<std::pair<std::string_view, T>> choices) {
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    const size_t index = ChoiceIndex(key, names);
    return index < names.size() ? (choices.begin() + index)->second : default_value;
  }
  /// A list of scalars; a single scalar is a list of one.
  std::vector<std::string> Strings(std::string_view key, std::vector<std::string> default_value = {});
  /// A section; one that is absent reads as an empty map.
  YamlMap Map(std::string_view key);
  /// A list of sections; absent: empty.
  std::vector<YamlMap> Maps(std::string_view key);

  /// Reports something about the value of `key`, or about the whole map if the key is absent.
  void Problem(std::string_view key, std::string_view english, std::string_view chinese);
  YamlProblems& problems() { return *problems_; }
  /// The map itself, for its position; nullptr if absent.
  const YamlNode* node() const { return node_; }

 private:
  const YamlNode* FindScalar(std::string_view key);
  void Expect(std::string_view key, const YamlNode& value, std::string_view english, std::string_view chinese);
  size_t ChoiceIndex(std::string_view key, const std::vector<std::string_view>& names);
  void ReportUnknownKeys();

  const YamlNode* node_;
  YamlProblems* problems_;
  std::vector<std::string_view> asked_;
};

/// What Duration and Size read, for values that do not come from a file. Nothing: not understood.
std::optional<Duration> ParseDuration(std::string_view text);
std::optional<uint64_t> ParseSize(std::string_view text);
/// The shortest text that ParseDuration reads back: "4500ms", "10m".
std::string FormatDuration(Duration duration);

/// The candidate that `word` is probably a misspelling of, or an empty text.
std::string_view ClosestWord(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace yingda::base
