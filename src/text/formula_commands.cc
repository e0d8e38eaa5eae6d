// SPDX-License-Identifier: MIT
#include "text/formula_commands.h"

#include <algorithm>
#include <iterator>

namespace yingda::text {
namespace {

struct Command {
  std::string_view name;
  std::string_view meaning;
};

// Sorted by name.
// clang-format off
constexpr Command kCommands[] = {
    {"Big", ""}, {"Bigg", ""}, {"Bigl", ""}, {"Bigr", ""}, {"Delta", "Δ"}, {"Gamma", "Γ"}, {"Im", "ℑ"},
    {"Lambda", "Λ"}, {"Leftarrow", "⇐"}, {"Leftrightarrow", "⇔"}, {"Omega", "Ω"}, {"Phi", "Φ"}, {"Pi", "Π"},
    {"Psi", "Ψ"}, {"Re", "ℜ"}, {"Rightarrow", "⇒"}, {"Sigma", "Σ"}, {"Theta", "Θ"}, {"Upsilon", "Υ"}, {"Vert", "‖"},
    {"Xi", "Ξ"}, {"alpha", "α"}, {"angle", "∠"}, {"approx", "≈"}, {"arccos", "arccos"}, {"arcsin", "arcsin"},
    {"arctan", "arctan"}, {"ast", "*"}, {"backslash", "\\"}, {"bar", ""}, {"because", "∵"}, {"begin", ""},
    {"beta", "β"}, {"bf", ""}, {"big", ""}, {"bigg", ""}, {"bigl", ""}, {"bigr", ""}, {"bm", ""}, {"bmod", "mod"},
    {"boldsymbol", ""}, {"boxed", ""}, {"bullet", "•"}, {"cap", "∩"}, {"cdot", "·"}, {"cdots", "⋯"}, {"chi", "χ"},
    {"circ", "°"}, {"cong", "≅"}, {"cos", "cos"}, {"cot", "cot"}, {"cup", "∪"}, {"deg", "deg"}, {"degree", "°"},
    {"delta", "δ"}, {"det", "det"}, {"displaystyle", ""}, {"div", "÷"}, {"dot", ""}, {"dots", "…"},
    {"downarrow", "↓"}, {"ell", "ℓ"}, {"emptyset", "∅"}, {"end", ""}, {"epsilon", "ε"}, {"equiv", "≡"},
    {"eta", "η"}, {"exists", "∃"}, {"exp", "exp"}, {"forall", "∀"}, {"gamma", "γ"}, {"gcd", "gcd"}, {"ge", "≥"},
    {"geq", "≥"}, {"geqslant", "≥"}, {"gg", "≫"}, {"hat", ""}, {"hbar", "ħ"}, {"hbox", ""}, {"hline", ""},
    {"iff", "⇔"}, {"iint", "∬"}, {"implies", "⇒"}, {"in", "∈"}, {"inf", "inf"}, {"infty", "∞"}, {"int", "∫"},
    {"iota", "ι"}, {"kappa", "κ"}, {"lambda", "λ"}, {"land", "∧"}, {"langle", "⟨"}, {"lbrace", "{"}, {"lceil", "⌈"},
    {"ldots", "…"}, {"le", "≤"}, {"left", ""}, {"leftarrow", "←"}, {"leftrightarrow", "↔"}, {"leq", "≤"},
    {"leqslant", "≤"}, {"lfloor", "⌊"}, {"lg", "lg"}, {"lim", "lim"}, {"limits", ""}, {"ll", "≪"}, {"ln", "ln"},
    {"log", "log"}, {"longrightarrow", "→"}, {"lor", "∨"}, {"mapsto", "↦"}, {"mathbb", ""}, {"mathbf", ""},
    {"mathcal", ""}, {"mathit", ""}, {"mathrm", ""}, {"mathsf", ""}, {"max", "max"}, {"mbox", ""}, {"mid", "|"},
    {"middle", ""}, {"min", "min"}, {"mod", "mod"}, {"mp", "∓"}, {"mu", "μ"}, {"nabla", "∇"}, {"ne", "≠"},
    {"neg", "¬"}, {"neq", "≠"}, {"nolimits", ""}, {"notin", "∉"}, {"nu", "ν"}, {"oint", "∮"}, {"omega", "ω"},
    {"operatorname", ""}, {"oplus", "⊕"}, {"otimes", "⊗"}, {"overline", ""}, {"overrightarrow", ""},
    {"parallel", "∥"}, {"partial", "∂"}, {"perp", "⊥"}, {"phi", "φ"}, {"pi", "π"}, {"pm", "±"}, {"pmod", "mod"},
    {"prime", "′"}, {"prod", "∏"}, {"propto", "∝"}, {"psi", "ψ"}, {"qquad", "  "}, {"quad", "  "}, {"rangle", "⟩"},
    {"rbrace", "}"}, {"rceil", "⌉"}, {"rfloor", "⌋"}, {"rho", "ρ"}, {"right", ""}, {"rightarrow", "→"}, {"rm", ""},
    {"setminus", "∖"}, {"sigma", "σ"}, {"sim", "~"}, {"sin", "sin"}, {"star", "⋆"}, {"subset", "⊂"},
    {"subseteq", "⊆"}, {"sum", "∑"}, {"sup", "sup"}, {"supset", "⊃"}, {"supseteq", "⊇"}, {"tag", ""},
    {"tan", "tan"}, {"tau", "τ"}, {"text", ""}, {"textbf", ""}, {"textit", ""}, {"textrm", ""}, {"textstyle", ""},
    {"therefore", "∴"}, {"theta", "θ"}, {"tilde", ""}, {"times", "×"}, {"to", "→"}, {"triangle", "△"},
    {"underline", ""}, {"uparrow", "↑"}, {"upsilon", "υ"}, {"varepsilon", "ε"}, {"varnothing", "∅"},
    {"varphi", "φ"}, {"vartheta", "θ"}, {"vdots", "⋮"}, {"vec", ""}, {"vee", "∨"}, {"vert", "|"}, {"wedge", "∧"},
    {"xi", "ξ"}, {"zeta", "ζ"},
};
// clang-format on

}  // namespace

std::optional<std::string_view> FormulaCommand(std::string_view name) {
  const auto* command = std::lower_bound(std::begin(kCommands), std::end(kCommands), name,
                                         [](const Command& c, std::string_view n) { return c.name < n; });
  if (command == std::end(kCommands) || command->name != name) return std::nullopt;
  return command->meaning;
}

}  // namespace yingda::text
