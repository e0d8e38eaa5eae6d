// SPDX-License-Identifier: MIT
#include "rules/rule_file.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "rules/rule_reader.h"

namespace yingda::rules {
namespace {

using base::YamlNode;

constexpr size_t kMaxFileBytes = size_t{16} << 20;
constexpr size_t kMaxFilesInFolder = 10'000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

base::YamlOptions RuleFileOptions() {
  base::YamlOptions options;
  options.max_bytes = kMaxFileBytes;
  options.numbered_braces = true;
  options.only_regular = true;
  return options;
}

/// Each node begins within its text, so that the YAML reader and ItemsOf see the same items.
bool Fit(const YamlNode& root, std::span<const ItemText> items) {
  if (!root.IsList() || root.items.size() != items.size()) return false;
  for (size_t i = 0; i < items.size(); ++i) {
    if (root.items[i].line < items[i].line) return false;
    if (i + 1 < items.size() && root.items[i].line >= items[i + 1].line) return false;
  }
  return true;
}

/// A key without a value may stand there without its colon, too, which the YAML reader takes before some items only.
bool HoldsNothing(const YamlNode& node) {
  const auto in_entry = [](const base::YamlEntry& entry) { return HoldsNothing(entry.value); };
  return node.IsNull() || std::any_of(node.items.begin(), node.items.end(), HoldsNothing) ||
         std::any_of(node.entries.begin(), node.entries.end(), in_entry);
}

/// Reads the rules of one text: those that are known from what is known, the others in as few runs as there are.
class RuleFileReader {
 public:
  RuleFileReader(std::string text, const KnownRules& known, base::YamlProblems& problems, base::YamlProblems& warnings)
      : known_(known), problems_(problems), warnings_(warnings) {
    file_.written.text = std::move(text);
    if (file_.written.text.size() > kMaxFileBytes) return;
    if (file_.written.text.starts_with(kByteOrderMark)) file_.written.text.erase(0, kByteOrderMark.size());
    file_.written.text.shrink_to_fit();  // it is kept
    items_ = ItemsOf(file_.written.text);
  }

  RulesOfFile Read() {
    const base::YamlProblems problems = problems_, warnings = warnings_;
    if (known_.empty() || items_.empty() || !ReadByItem()) {
      file_.rules.clear();
      file_.written.rules.clear();
      problems_ = problems;
      warnings_ = warnings;
      if (!FindMistake()) ReadWhole();
    }
    if (file_.written.rules.empty()) std::string().swap(file_.written.text);
    return std::move(file_);
  }

 private:
  std::string_view TextOf(const ItemText& first, const ItemText& last) const {
    return std::string_view(file_.written.text).substr(first.begin, last.end - first.begin);
  }

  /// False: nothing of it is known, or what begins at unclear_ is not a list of items by itself.
  bool ReadByItem() {
    base::YamlProblems problems(problems_.file(), problems_.language());
    const auto above = std::string_view(file_.written.text).substr(0, items_.front().begin);
    if (!base::ParseYaml(above, problems, RuleFileOptions())) return false;
    file_.rules.reserve(items_.size());
    file_.written.rules.reserve(items_.size());
    for (size_t i = 0; i < items_.size();) {
      if (const KnownRules::Known* const known = KnownAt(i)) {
        TakeOver(*known, items_[i++]);
        continue;
      }
      const size_t begin = i;
      do {
        ++i;
      } while (i < items_.size() && KnownAt(i) == nullptr);
      unclear_ = begin;
      if (!ReadRun(begin, i)) return false;
    }
    return true;
  }

  /// The last one is always read: the YAML reader takes at a file's end what it refuses before another item.
  const KnownRules::Known* KnownAt(size_t i) const {
    return i + 1 < items_.size() ? known_.Find(TextOf(items_[i], items_[i])) : nullptr;
  }

  void TakeOver(const KnownRules::Known& known, const ItemText& item) {
    if (known.rule == nullptr) {
      file_.written.rules.push_back({item, WrittenRule::kNone});
      return;
    }
    file_.written.rules.push_back({item, static_cast<uint32_t>(file_.rules.size())});
    file_.rules.push_back(*known.rule);
    file_.rules.back().Move(problems_.file(), item.line - known.line);
  }

  /// With the item behind them, because what the YAML reader takes for the end of an item depends on it.
  bool ReadRun(size_t begin, size_t end) {
    if (end - begin == items_.size()) return false;
    const size_t behind = std::min(end + 1, items_.size());
    const std::span<const ItemText> items = std::span(items_).subspan(begin, behind - begin);
    base::YamlOptions options = RuleFileOptions();
    options.first_line = items.front().line;
    base::YamlProblems problems(problems_.file(), problems_.language());
    std::optional<YamlNode> root = base::ParseYaml(TextOf(items.front(), items.back()), problems, options);
    if (!root || !Fit(*root, items)) return false;
    root->items.resize(end - begin);
    ReadItems(*root, items);
    return true;
  }

  /// In front of unclear_ nothing is wrong, and the YAML reader stops at the first mistake. It says what it would say
  /// of the whole file if it comes from the item before.
  bool FindMistake() {
    if (unclear_ < 2) return false;
    const ItemText& before = items_[unclear_ - 1];
    base::YamlOptions options = RuleFileOptions();
    options.first_line = before.line;
    return !base::ParseYaml(TextOf(before, items_.back()), problems_, options);
  }

  void ReadWhole() {
    const std::optional<YamlNode> root = base::ParseYaml(file_.written.text, problems_, RuleFileOptions());
    if (!root || root->IsNull()) return;
    if (!root->IsList()) {
      problems_.Add(*root, "", "规则文件应当是列表：每条规则的第一行以“- ”开头，其余各行与它对齐");
      return;
    }
    ReadItems(*root, Fit(*root, items_) ? std::span<const ItemText>(items_) : std::span<const ItemText>());
  }

  /// `items`: their texts, or nothing where those are not known.
  void ReadItems(const YamlNode& root, std::span<const ItemText> items) {
    for (size_t i = 0; i < root.items.size(); ++i) {
      const size_t before = problems_.size() + warnings_.size();
      std::optional<Rule> rule = ReadRule(root.items[i], problems_, warnings_);
      const bool certain = i < items.size() && items[i].end != items_.back().end && !HoldsNothing(root.items[i]);
      if (certain && problems_.size() + warnings_.size() == before) {
        const uint32_t place = rule ? static_cast<uint32_t>(file_.rules.size()) : WrittenRule::kNone;
        file_.written.rules.push_back({items[i], place});
      }
      if (rule) file_.rules.push_back(*std::move(rule));
    }
  }

  const KnownRules& known_;
  base::YamlProblems& problems_;
  base::YamlProblems& warnings_;
  std::vector<ItemText> items_;
  size_t unclear_ = 0;  // an item
  RulesOfFile file_;
};

}  // namespace

RulesOfFile ReadRules(std::string text, const KnownRules& known, base::YamlProblems& problems,
                      base::YamlProblems& warnings) {
  return RuleFileReader(std::move(text), known, problems, warnings).Read();
}

std::vector<Rule> ParseRules(std::string_view text, base::YamlProblems& problems, base::YamlProblems& warnings) {
  return ReadRules(std::string(text), {}, problems, warnings).rules;
}

RulesOfFile ReadRuleFile(const std::string& path, const KnownRules& known, base::YamlProblems& problems,
                         base::YamlProblems& warnings) {
  std::optional<std::string> text = base::ReadYamlText(path, problems, RuleFileOptions());
  return text ? ReadRules(*std::move(text), known, problems, warnings) : RulesOfFile();
}

base::Result<std::vector<std::string>> ListRuleFiles(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const std::string kind = it->path().extension().string();
    std::error_code ignored;
    if (name.starts_with('.') || (kind != ".yml" && kind != ".yaml") || it->is_directory(ignored)) continue;
    files.push_back((std::filesystem::path(folder) / name).string());
  }
  if (error) {
    return base::Error{base::ErrorCode::kNotFound,
                       folder + ": 文件夹打不开（" + error.message() + "）：请检查路径和读取权限"};
  }
  if (files.size() > kMaxFilesInFolder) {
    return base::Error{base::ErrorCode::kTooLarge,
                       folder + ": 规则文件太多：最多 " + std::to_string(kMaxFilesInFolder) + " 个，请合并一些"};
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace yingda::rules
