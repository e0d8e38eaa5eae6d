// SPDX-License-Identifier: MIT
#include "base/yaml_map.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace yingda::base {
namespace {

std::string Quoted(std::string_view text) {
  // A misplaced block of text would bury the message.
  constexpr size_t kShown = 60;
  std::string quoted = "\"";
  for (char c : text.substr(0, kShown)) quoted += c == '\n' ? ' ' : c;
  while (text.size() > kShown && !quoted.empty() && (static_cast<unsigned char>(quoted.back()) & 0x80) != 0) {
    quoted.pop_back();
  }
  return quoted + (text.size() > kShown ? "…\"" : "\"");
}

std::string Joined(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string joined;
  for (std::string_view word : words) {
    if (!joined.empty()) joined += separator;
    joined += word;
  }
  return joined;
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  int64_t factor;
};

/// A plain decimal number and one of the units, times its factor.
std::optional<int64_t> ParseWithUnit(std::string_view text, std::initializer_list<Unit> units) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = ParseNumber<double>(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    const double value = *number * static_cast<double>(unit.factor);
    // Larger than any limit of ours, and still safe to convert.
    if (value > 4e18) return std::nullopt;
    return static_cast<int64_t>(std::llround(value));
  }
  return std::nullopt;
}

std::string FormatSize(uint64_t bytes) {
  for (const auto& [name, factor] : {std::pair("GiB", uint64_t{1} << 30), std::pair("MiB", uint64_t{1} << 20),
                                     std::pair("KiB", uint64_t{1} << 10)}) {
    if (bytes >= factor && bytes % factor == 0) return std::to_string(bytes / factor) + name;
  }
  return std::to_string(bytes);
}

std::string FormatNumber(double number) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  return std::string(text, error == std::errc() ? end : text);
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, above, row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

/// A key and its value that were written as one word. The word is not shown: the value may be a secret.
bool ReportColonMistake(const YamlNode& node, YamlProblems& problems) {
  if (!node.IsScalar() || node.quoted) return false;
  if (node.text.find("：") != std::string::npos) {
    problems.Add(node, "a full-width colon: write \"key: value\" with a colon and a blank",
                 "这里用了中文冒号“：”：请改成英文冒号加一个空格，例如 reply: 你好");
    return true;
  }
  if (node.text.find(':') != std::string::npos) {
    problems.Add(node, "expected \"key: value\": a blank is missing after the colon",
                 "冒号后面少了一个空格：应写成 reply: 你好");
    return true;
  }
  return false;
}

}  // namespace

YamlMap::YamlMap(const YamlNode* node, YamlProblems& problems) : node_(node), problems_(&problems) {
  if (node_ == nullptr || node_->IsMap()) return;
  if (!ReportColonMistake(*node_, problems) && !node_->IsNull()) {
    problems.Add(*node_, "expected a section of \"key: value\" lines", "这里应当写“键: 值”，例如 reply: 你好");
  }
  node_ = nullptr;
}

YamlMap::YamlMap(YamlMap&& other) noexcept
    : node_(std::exchange(other.node_, nullptr)), problems_(other.problems_), asked_(std::move(other.asked_)) {}

YamlMap::~YamlMap() { ReportUnknownKeys(); }

const YamlNode* YamlMap::Find(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.push_back(key);
  const YamlNode* value = node_ == nullptr ? nullptr : node_->Find(key);
  return value == nullptr || value->IsNull() ? nullptr : value;
}

bool YamlMap::Require(std::string_view key) {
  if (Has(key)) return true;
  Problem(key, "\"" + std::string(key) + "\" is missing: add it", "缺少 " + std::string(key) + "：请补上");
  return false;
}

void YamlMap::Problem(std::string_view key, std::string_view english, std::string_view chinese) {
  const YamlNode* value = Find(key);
  if (value == nullptr) value = node_;
  static const YamlNode kNowhere;
  problems_->Add(value == nullptr ? kNowhere : *value, english, chinese);
}

void YamlMap::Expect(std::string_view key, const YamlNode& value, std::string_view english, std::string_view chinese) {
  const std::string name(key);
  std::string instead_english, instead_chinese;
  if (value.IsScalar()) {
    instead_english = ", not " + Quoted(value.text);
    instead_chinese = "，而不是 " + Quoted(value.text);
  }
  problems_->Add(value, "\"" + name + "\" must be " + std::string(english) + instead_english,
                 name + " 应当是" + std::string(chinese) + instead_chinese);
}

const YamlNode* YamlMap::FindScalar(std::string_view key) {
  const YamlNode* value = Find(key);
  if (value == nullptr || value->IsScalar()) return value;
  Expect(key, *value, "one value, not a list or a section (put text with brackets in \"quotes\")",
         "一个值，而不是列表（含括号的文字请加英文双引号）");
  return nullptr;
}

std::string YamlMap::String(std::string_view key, std::string_view default_value) {
  const YamlNode* value = FindScalar(key);
  return value == nullptr ? std::string(default_value) : value->text;
}

bool YamlMap::Bool(std::string_view key, bool default_value) {
  const YamlNode* value = FindScalar(key);
  if (value == nullptr) return default_value;
  const std::string_view text = value->text;
  for (std::string_view yes : {"true", "yes", "on", "True", "Yes", "On", "TRUE", "YES", "ON"}) {
    if (text == yes) return true;
  }
  for (std::string_view no : {"false", "no", "off", "False", "No", "Off", "FALSE", "NO", "OFF"}) {
    if (text == no) return false;
  }
  Expect(key, *value, "true or false", " true 或 false");
  return default_value;
}

int64_t YamlMap::Integer(std::string_view key, int64_t default_value, int64_t min, int64_t max) {
  const YamlNode* value = FindScalar(key);
  if (value == nullptr) return default_value;
  const auto number = ParseNumber<int64_t>(value->text);
  if (number && *number >= min && *number <= max) return *number;
  const std::string from = std::to_string(min), to = std::to_string(max);
  Expect(key, *value, "a whole number from " + from + " to " + to, " " + from + " 到 " + to + " 之间的整数");
  return default_value;
}

double YamlMap::Number(std::string_view key, double default_value, double min, double max) {
  const YamlNode* value = FindScalar(key);
  if (value == nullptr) return default_value;
  const auto number = ParseNumber<double>(value->text);
  if (number && *number >= min && *number <= max) return *number;
  const std::string from = FormatNumber(min), to = FormatNumber(max);
  Expect(key, *value, "a number from " + from + " to " + to, " " + from + " 到 " + to + " 之间的数");
  return default_value;
}

base::Duration YamlMap::Duration(std::string_view key, base::Duration default_value, base::Duration min,
                                 base::Duration max) {
  const YamlNode* value = FindScalar(key);
  if (value == nullptr) return default_value;
  const auto duration = ParseDuration(value->text);
  if (duration && *duration >= min && *duration <= max) return *duration;
  const std::string from = FormatDuration(min), to = FormatDuration(max);
  Expect(key, *value, "a duration with its unit (ms, s, m, h, d) from " + from + " to " + to,
         "带单位（ms、s、m、h、d）的时长，从 " + from + " 到 " + to);
  return default_value;
}

uint64_t YamlMap::Size(std::string_view key, uint64_t default_value, uint64_t min, uint64_t max) {
  const YamlNode* value = FindScalar(key);
  if (value == nullptr) return default_value;
  const auto size = ParseSize(value->text);
  if (size && *size >= min && *size <= max) return *size;
  const std::string from = FormatSize(min), to = FormatSize(max);
  Expect(key, *value, "a size in bytes or with its unit (KiB, MiB, GiB) from " + from + " to " + to,
         "字节数或带单位（KiB、MiB、GiB）的大小，从 " + from + " 到 " + to);
  return default_value;
}

size_t YamlMap::ChoiceIndex(std::string_view key, const std::vector<std::string_view>& names) {
  const YamlNode* value = FindScalar(key);
  if (value == nullptr) return names.size();
  const auto found = std::find(names.begin(), names.end(), value->text);
  if (found == names.end()) {
    const std::string list = Joined(names, ", ");
    Expect(key, *value, "one of " + list, "以下之一：" + list);
  }
  return static_cast<size_t>(found - names.begin());
}

std::vector<std::string> YamlMap::Strings(std::string_view key, std::vector<std::string> default_value) {
  const YamlNode* value = Find(key);
  if (value == nullptr) return default_value;
  if (value->IsScalar()) return {value->text};
  if (value->IsMap()) {
    Expect(key, *value, "a list such as [a, b]", "列表，例如 [甲, 乙]");
    return default_value;
  }
  std::vector<std::string> texts;
  for (const YamlNode& item : value->items) {
    if (item.IsScalar()) {
      texts.push_back(item.text);
    } else {
      problems_->Add(item, "expected a text here: put it in \"quotes\" if it has brackets or a colon",
                     "这里应当是文字：含有括号或冒号时请加上英文双引号");
    }
  }
  return texts;
}

YamlMap YamlMap::Map(std::string_view key) { return YamlMap(Find(key), *problems_); }

std::vector<YamlMap> YamlMap::Maps(std::string_view key) {
  std::vector<YamlMap> maps;
  const YamlNode* value = Find(key);
  if (value == nullptr) return maps;
  if (!value->IsList()) {
    Expect(key, *value, "a list: begin each item with \"- \"", "列表：每一项以“- ”开头");
    return maps;
  }
  for (const YamlNode& item : value->items) maps.emplace_back(&item, *problems_);
  return maps;
}

void YamlMap::ReportUnknownKeys() {
  if (node_ == nullptr) return;
  for (const YamlEntry& entry : node_->entries) {
    const std::string& key = entry.key.text;
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    if (ReportColonMistake(entry.key, *problems_)) continue;
    const std::string_view closest = ClosestWord(key, asked_);
    if (!closest.empty()) {
      const std::string word(closest);
      problems_->Add(entry.key, "unknown key " + Quoted(key) + ": did you mean \"" + word + "\"?",
                     "不认识的键 " + Quoted(key) + "：是不是想写 " + word + "？");
    } else {
      const std::string list = Joined(asked_, ", ");
      problems_->Add(entry.key, "unknown key " + Quoted(key) + ": remove it, or write one of " + list,
                     "不认识的键 " + Quoted(key) + "：请删掉，或改成以下之一：" + list);
    }
  }
}

std::optional<Duration> ParseDuration(std::string_view text) {
  if (text == "0") return Duration::zero();
  constexpr int64_t kSecond = 1'000'000'000;
  const auto nanoseconds = ParseWithUnit(
      text,
      {{"ms", kSecond / 1000}, {"s", kSecond}, {"m", 60 * kSecond}, {"h", 3600 * kSecond}, {"d", 86400 * kSecond}});
  if (!nanoseconds) return std::nullopt;
  return Duration(*nanoseconds);
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  const auto bytes = ParseWithUnit(
      text, {{"", 1}, {"B", 1}, {"KiB", int64_t{1} << 10}, {"MiB", int64_t{1} << 20}, {"GiB", int64_t{1} << 30}});
  if (!bytes) return std::nullopt;
  return static_cast<uint64_t>(*bytes);
}

std::string FormatDuration(Duration duration) {
  const int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  for (const auto& [name, factor] : {std::pair("d", int64_t{86400'000}), std::pair("h", int64_t{3600'000}),
                                     std::pair("m", int64_t{60'000}), std::pair("s", int64_t{1000})}) {
    if (ms != 0 && ms % factor == 0) return std::to_string(ms / factor) + name;
  }
  return ms == 0 ? "0" : std::to_string(ms) + "ms";
}

std::string_view ClosestWord(std::string_view word, const std::vector<std::string_view>& candidates) {
  // A third of the word may differ: more, and the guess would confuse.
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  std::string_view best;
  if (word.size() > 64) return best;
  for (std::string_view candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance) best_distance = distance, best = candidate;
  }
  return best;
}

}  // namespace yingda::base
