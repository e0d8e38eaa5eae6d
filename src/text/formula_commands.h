// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

// Inside the module: the vocabulary of LaTeX's formulas.
namespace yingda::text {

/// What \name stands for; empty if it only says how something looks, nothing if it is not known.
std::optional<std::string_view> FormulaCommand(std::string_view name);

}  // namespace yingda::text
