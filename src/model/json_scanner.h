// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace yingda::model {

/// A cursor over a JSON text that takes one thing after the other and stops at the first that is odd. Every member
/// returns false then, also for valid JSON that is rare; the text is to be given to a full parser.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view json) : at_(json.data()), end_(json.data() + json.size()) {}

  /// Takes `c`, and white space before it.
  bool Take(char c) {
    SkipSpace();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeNull() { return Literal("null"); }
  /// A string without escapes, as it stands.
  bool Plain(std::string_view& text);
  /// Any string but one with half a surrogate pair or invalid UTF-8, into `text`.
  bool String(std::string& text);
  /// As String, without keeping it.
  bool SkipString(bool& empty);
  /// A whole number from 0 to 999,999,999.
  bool Count(int& count);
  /// Any value, of which only whether it is well formed matters. Depth is limited.
  bool Skip(int depth = 0);
  /// An object; `on_member(key)` takes the value. Keys with escapes are odd.
  template <typename OnMember>
  bool Object(const OnMember& on_member) {
    if (!Take('{')) return false;
    if (Take('}')) return true;
    std::string_view key;
    do {
      if (!Plain(key) || !Take(':') || !on_member(key)) return false;
    } while (Take(','));
    return Take('}');
  }
  /// Nothing but white space is left.
  bool AtEnd() {
    SkipSpace();
    return at_ == end_;
  }

 private:
  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool Literal(std::string_view word);
  bool Number();
  bool OrdinaryBytes();
  bool Escape(std::string& text);
  bool HexUnit(char32_t& unit);

  const char* at_;
  const char* const end_;
};

}  // namespace yingda::model
