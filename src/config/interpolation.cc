// SPDX-License-Identifier: MIT
#include "config/interpolation.h"

#include <algorithm>
#include <string_view>

namespace yingda::config {
namespace {

constexpr std::string_view kPrefix = "YINGDA__";
constexpr std::string_view kLevel = "__";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

std::string Interpolated(const base::YamlNode& node, const Environment& environment, base::YamlProblems& problems) {
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
      return out;
    }
    const std::string_view inside = text.substr(at + 2, end - at - 2);
    const size_t split = inside.find(":-");
    const std::string name(inside.substr(0, split));
    const auto found = environment.find(name);
    if (found != environment.end() && !(found->second.empty() && split != std::string_view::npos)) {
      out += found->second;
    } else if (split != std::string_view::npos) {
      out += inside.substr(split + 2);
    } else {
      problems.Add(node, "the environment has no " + name + "; set it, or write ${" + name + ":-default}",
                   "环境变量 " + name + " 没有设置");
    }
    at = end + 1;
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
      if (item_name != nullptr && Lower(item_name->text) == name) return &item;
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
    node.text = Interpolated(node, environment, problems);
    // An unquoted ${VAR:-} that comes out empty means "nothing here", as an empty value would.
    if (node.text.empty() && !node.quoted) node.kind = base::YamlNode::Kind::kNull;
  }
  for (base::YamlNode& item : node.items) Interpolate(item, environment, problems);
  for (base::YamlEntry& entry : node.entries) Interpolate(entry.value, environment, problems);
}

void ApplyOverrides(base::YamlNode& root, const Environment& environment, base::YamlProblems& problems) {
  for (const auto& [variable, value] : environment) {
    if (!std::string_view(variable).starts_with(kPrefix)) continue;
    std::string_view path = std::string_view(variable).substr(kPrefix.size());
    base::YamlNode* node = &root;
    while (node != nullptr && !path.empty()) {
      const size_t end = path.find(kLevel);
      node = ChildOrNew(*node, Lower(path.substr(0, end)));
      path = end == std::string_view::npos ? std::string_view() : path.substr(end + kLevel.size());
    }
    if (node == nullptr || node == &root || node->IsMap() || node->IsList()) {
      problems.Add(1, 1, "environment variable " + variable + " names no single value of this file",
                   "环境变量 " + variable + " 没有对应的配置项");
      continue;
    }
    node->kind = base::YamlNode::Kind::kScalar;
    node->quoted = true;
    node->text = value;
  }
}

}  // namespace yingda::config
