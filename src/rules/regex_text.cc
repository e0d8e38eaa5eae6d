// SPDX-License-Identifier: MIT
#include "rules/regex_text.h"

#include <algorithm>

#include "base/utf8.h"

namespace yingda::rules {

re2::RE2::Options RegexOptions() {
  re2::RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  // Refuses expressions such as (a{1000}){1000}, which take seconds to prepare.
  options.set_max_mem(1 << 20);
  return options;
}

namespace {

/// The plain letter or digit of a full-width one (EF BC 90…99, A1…BA; EF BD 81…9A), or 0.
char PlainOf(unsigned char second, unsigned char third) {
  if (second == 0xBC && third >= 0x90 && third <= 0x99) return static_cast<char>('0' + (third - 0x90));
  if (second == 0xBC && third >= 0xA1 && third <= 0xBA) return static_cast<char>('A' + (third - 0xA1));
  if (second == 0xBD && third >= 0x81 && third <= 0x9A) return static_cast<char>('a' + (third - 0x81));
  return 0;
}

}  // namespace

std::string RegexText(std::string_view text) {
  std::string plain;
  RegexText(text, plain);
  return plain;
}

void RegexText(std::string_view text, std::string& plain) {
  if (base::IsValidUtf8(text)) {
    plain = text;
  } else {
    plain = base::ToValidUtf8(text);
  }
  // In valid text every EF begins a character of three bytes, so all others are passed over unread.
  size_t to = plain.find('\xEF');
  if (to == std::string::npos) return;
  for (size_t at = to; at < plain.size();) {
    const char letter = PlainOf(static_cast<unsigned char>(plain[at + 1]), static_cast<unsigned char>(plain[at + 2]));
    if (letter != 0) {
      plain[to++] = letter;
      at += 3;
    }
    const size_t next = std::min(plain.find('\xEF', letter != 0 ? at : at + 3), plain.size());
    std::copy(plain.begin() + static_cast<std::ptrdiff_t>(at), plain.begin() + static_cast<std::ptrdiff_t>(next),
              plain.begin() + static_cast<std::ptrdiff_t>(to));
    to += next - at;
    at = next;
  }
  plain.resize(to);
}

}  // namespace yingda::rules
