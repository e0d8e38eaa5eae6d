// SPDX-License-Identifier: MIT
#include "rules/regex_text.h"

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

std::string RegexText(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    const bool alphanumeric = (c.value >= U'０' && c.value <= U'９') || (c.value >= U'Ａ' && c.value <= U'Ｚ') ||
                              (c.value >= U'ａ' && c.value <= U'ｚ');
    base::AppendUtf8(plain, alphanumeric ? c.value - (U'０' - U'0') : c.value);
    at += c.length;
  }
  return plain;
}

}  // namespace yingda::rules
