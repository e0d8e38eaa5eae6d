// SPDX-License-Identifier: MIT
#include "config/interpolation.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace yingda::config {
namespace {

constexpr std::string_view kPrefix = "YINGDA__";
constexpr std::string_view kLevel = "__";

/// As keys are compared with parts of variable names.
std::string Folded(std::string_view text) {
  std::string folded(text);
  std::transform(folded.begin(), folded.end(), folded.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return folded;
}

bool IsVariableName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Nothing when there was a problem.
std::optional<std::string> Interpolated(const base::YamlNode& node, const Environment& environment,
                                        base::YamlProblems& problems) {
  const std::string_view text = node.text;
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with("$${")) {
      out += "${";
      at += 3;
      continue;
    }
    if (!text.substr(at).starts_with("${")) {
      out += text[at++];
      continue;
    }
    const size_t end = text.find('}', at);
    if (end == std::string_view::npos) {
      problems.Add(node, "\"${\" without \"}\"; write ${NAME}, or $${ for the characters themselves",
                   "“${” 没有对应的 “}”");
      return std::nullopt;
    }
    const std::string_view inside = text.substr(at + 2, end - at - 2);
    const size_t split = inside.find(":-");
    const std::string name(inside.substr(0, split));
    if (!IsVariableName(name)) {
      // Not shown: it may be a secret that was put where the name of its variable belongs.
      problems.Add(node,
                   "what stands in \"${}\" is not the name of a variable; write ${NAME}, or the value without ${}",
                   "“${}” 里应当是环境变量的名字");
      return std::nullopt;
    }
    const auto found = environment.find(name);
    if (found != environment.end() && !(found->second.empty() && split != std::string_view::npos)) {
      out += found->second;
    } else if (split != std::string_view::npos) {
      out += inside.substr(split + 2);
    } else {
      problems.Add(node, "the environment has no " + name + "; set it, or write ${" + name + ":-default}",
                   "环境变量 " + name + " 没有设置");
      return std::nullopt;
    }
    at = end + 1;
  }
  return out;
}

/// What Interpolated turns into `text` again.
std::string Escaped(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at).starts_with("${")) out += '$';
    out += text[at];
  }
  return out;
}

base::YamlNode* Child(base::YamlNode& parent, const std::string& name) {
  if (parent.IsMap()) {
    for (base::YamlEntry& entry : parent.entries) {
      if (entry.key.text == name) return &entry.value;
    }
  } else if (parent.IsList()) {
    for (base::YamlNode& item : parent.items) {
      const base::YamlNode* const item_name = item.Find("name");
      if (item_name != nullptr && Folded(item_name->text) == name) return &item;
    }
  }
  return nullptr;
}

base::YamlNode* ChildOrNew(base::YamlNode& parent, const std::string& name) {
  if (base::YamlNode* const child = Child(parent, name)) return child;
  if (parent.IsNull()) parent.kind = base::YamlNode::Kind::kMap;
  if (!parent.IsMap()) return nullptr;
  base::YamlEntry entry;
  entry.key.kind = base::YamlNode::Kind::kScalar;
  entry.key.text = name;
  entry.key.line = entry.value.line = parent.line;
  entry.key.column = entry.value.column = parent.column;
  parent.entries.push_back(std::move(entry));
  return &parent.entries.back().value;
}

}  // namespace

void Interpolate(base::YamlNode& node, const Environment& environment, base::YamlProblems& problems) {
  if (node.IsScalar() && node.text.find("${") != std::string::npos) {
    if (auto text = Interpolated(node, environment, problems)) node.text = *std::move(text);
    // An unquoted ${VAR:-} that comes out empty means "nothing here", as an empty value would.
    if (node.text.empty() && !node.quoted) node.kind = base::YamlNode::Kind::kNull;
  }
  for (base::YamlNode& item : node.items) Interpolate(item, environment, problems);
  for (base::YamlEntry& entry : node.entries) Interpolate(entry.value, environment, problems);
}

std::vector<std::string> ApplyOverrides(base::YamlNode& root, const Environment& environment,
                                        base::YamlProblems& problems) {
  std::vector<std::string> applied;
  for (const auto& [variable, value] : environment) {
    if (!std::string_view(variable).starts_with(kPrefix)) continue;
    std::string_view path = std::string_view(variable).substr(kPrefix.size());
    base::YamlNode* node = &root;
    while (node != nullptr && !path.empty()) {
      const size_t end = path.find(kLevel);
      node = ChildOrNew(*node, Folded(path.substr(0, end)));
      path = end == std::string_view::npos ? std::string_view() : path.substr(end + kLevel.size());
    }
    if (node == nullptr || node == &root || node->IsMap() || node->IsList()) {
      problems.Add(1, 1, "environment variable " + variable + " names no single value of this file",
                   "环境变量 " + variable + " 没有对应的配置项");
      continue;
    }
    node->kind = base::YamlNode::Kind::kScalar;
    node->quoted = true;
    node->text = Escaped(value);
    applied.push_back(variable);
  }
  return applied;
}

}  // namespace yingda::config
