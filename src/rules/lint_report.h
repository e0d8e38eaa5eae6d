// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <vector>

#include "rules/rule.h"

namespace yingda::rules {

/// What lint finds, counted by kind: a thousand findings of one kind must not hide one of another.
enum class LintKind { kHidden, kCommand, kExpression, kEvent, kWords, kMedia, kText, kLink, kOver };

/// Thread-safety: none.
class LintReport {
 public:
  explicit LintReport(size_t max_of_a_kind) : max_of_a_kind_(max_of_a_kind) {}

  void Add(LintKind kind, const Rule& rule, const Keyword& at, std::string text);
  void Add(LintKind kind, const Rule& rule, const ReplyTemplate& at, std::string text);
  void Add(LintKind kind, const Rule& rule, std::string text);

  /// By file, line and column; then what was only counted.
  std::vector<std::string> Lines() &&;

 private:
  struct Finding {
    std::string file;
    int line, column;
    std::string text;
  };
  static constexpr size_t kKinds = static_cast<size_t>(LintKind::kOver) + 1;

  void Add(LintKind kind, const std::string& file, int line, int column, std::string text);

  size_t max_of_a_kind_;
  std::array<size_t, kKinds> counts_{};
  std::vector<Finding> findings_;
};

}  // namespace yingda::rules
