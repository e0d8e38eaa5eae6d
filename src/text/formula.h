// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// Inside the module: formulas.
namespace yingda::text {

/// A formula in LaTeX, without its delimiters, as a line of text: x^2 as x², \frac{a}{b} as a/b, \leq as ≤, Greek
/// letters; what is not known stays as it is. Limits: deep nesting is left as it is. Cost: linear.
std::string PlainFormula(std::string_view latex);

}  // namespace yingda::text
