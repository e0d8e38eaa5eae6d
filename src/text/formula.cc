// SPDX-License-Identifier: MIT
#include "text/formula.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/characters.h"
#include "text/formula_commands.h"

namespace yingda::text {
namespace {

constexpr int kMaxDepth = 8;

constexpr std::u32string_view kScriptable = U"0123456789+-=()n";
constexpr std::u32string_view kRaised = U"⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ";
constexpr std::u32string_view kLowered = U"₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ";

// Empty if a character has no such form.
std::string Script(std::string_view text, std::u32string_view forms) {
  std::string script;
  for (const char c : text) {
    const size_t place = kScriptable.find(static_cast<unsigned char>(c));
    if (place == std::u32string_view::npos) return "";
    base::AppendUtf8(script, forms[place]);
  }
  return script;
}

// One number, sign or word of Chinese needs no parentheses; 2a does.
bool IsSimple(std::string_view text) {
  if (!text.empty() && base::DecodeUtf8(text, 0).length == text.size()) return true;
  const auto all = [&](auto is) { return std::all_of(text.begin(), text.end(), is); };
  return all([](char c) { return IsDigit(static_cast<unsigned char>(c)) || c == '.'; }) ||
         all([](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

std::string Parenthesized(std::string text) {
  return IsSimple(text) ? text : std::string("(").append(text).append(")");
}

class FormulaReader {
 public:
  explicit FormulaReader(std::string_view latex) : latex_(latex) {}

  // Up to the end or the closing brace of the group.
  std::string Read(int depth, bool in_group) {
    std::string out;
    while (at_ < latex_.size()) {
      const char c = latex_[at_];
      if (c == '}' && in_group) break;
      ++at_;
      if (c == '\\') {
        ReadCommand(out, depth);
      } else if (c == '^' || c == '_') {
        ReadScript(out, c, depth);
      } else if (c == '{') {
        --at_;
        out.append(ReadGroup(depth));
      } else if (c == '~' || (c == '&' && out.ends_with(' '))) {
        if (c == '~') out.push_back(' ');
      } else if (c == '&') {
        out.push_back(' ');
      } else if (c != '}') {
        out.push_back(c);
      }
    }
    return out;
  }

 private:
  // What a command or script applies to: {…}, a command, or one character.
  std::string ReadGroup(int depth) {
    while (at_ < latex_.size() && latex_[at_] == ' ') ++at_;
    if (at_ >= latex_.size()) return "";
    if (latex_[at_] == '{' && depth < kMaxDepth) {
      ++at_;
      std::string inside = Read(depth + 1, true);
      if (at_ < latex_.size()) ++at_;
      return inside;
    }
    std::string out;
    if (latex_[at_] == '\\') {
      ++at_;
      ReadCommand(out, depth + 1);
    } else {
      const size_t length = base::DecodeUtf8(latex_, at_).length;
      out.append(latex_.substr(at_, length));
      at_ += length;
    }
    return out;
  }

  void ReadScript(std::string& out, char kind, int depth) {
    if (depth >= kMaxDepth) {
      out.push_back(kind);
      return;
    }
    const std::string inside = ReadGroup(depth + 1);
    if (inside == "°" || inside == "′" || inside.empty()) {
      out.append(inside);
      return;
    }
    const std::string script = Script(inside, kind == '^' ? kRaised : kLowered);
    if (!script.empty()) {
      out.append(script);
    } else {
      out.push_back(kind);
      out.append(Parenthesized(inside));
    }
  }

  void ReadCommand(std::string& out, int depth) {
    size_t end = at_;
    while (end < latex_.size() && IsAsciiLetter(static_cast<unsigned char>(latex_[end]))) ++end;
    if (end == at_) {
      if (at_ < latex_.size()) ReadSign(out);
      return;
    }
    const std::string_view name = latex_.substr(at_, end - at_);
    at_ = end;
    if (depth < kMaxDepth && (name == "frac" || name == "dfrac" || name == "tfrac")) {
      const std::string above = ReadGroup(depth + 1);
      const std::string below = ReadGroup(depth + 1);
      out.append(Parenthesized(above)).append("/").append(Parenthesized(below));
    } else if (depth < kMaxDepth && name == "sqrt") {
      std::string root = "√";
      if (at_ < latex_.size() && latex_[at_] == '[') {
        const size_t close = std::min(latex_.find(']', at_), latex_.size());
        const std::string degree = Script(latex_.substr(at_ + 1, close - at_ - 1), kRaised);
        root.insert(0, degree);
        at_ = std::min(close + 1, latex_.size());
      }
      out.append(root).append(Parenthesized(ReadGroup(depth + 1)));
    } else if (depth < kMaxDepth && (name == "begin" || name == "end")) {
      ReadGroup(depth + 1);
    } else {
      AppendMeaning(out, name);
    }
  }

  void AppendMeaning(std::string& out, std::string_view name) {
    const std::optional<std::string_view> meaning = FormulaCommand(name);
    if (!meaning) {
      out.append("\\").append(name);
      return;
    }
    // The blank after a command ends its name; after a letter it would be read as part of the formula.
    if (meaning->empty()) {
      while (at_ < latex_.size() && latex_[at_] == ' ') ++at_;
    }
    out.append(*meaning);
  }

  void ReadSign(std::string& out) {
    const char sign = latex_[at_];
    if (sign == '\\') {
      out.push_back('\n');
    } else if (sign == ',' || sign == ';' || sign == ':' || sign == ' ') {
      out.push_back(' ');
    } else if (sign == '|') {
      out.append("‖");
    } else if (sign != '!') {
      out.append(latex_.substr(at_, base::DecodeUtf8(latex_, at_).length));
    }
    at_ += base::DecodeUtf8(latex_, at_).length;
  }

  std::string_view latex_;
  size_t at_ = 0;
};

}  // namespace

std::string PlainFormula(std::string_view latex) { return FormulaReader(latex).Read(0, false); }

}  // namespace yingda::text
