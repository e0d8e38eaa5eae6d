// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::text {

/// What is wrong with HTML of ours, "" if nothing: a tag or attribute that we do not make, an address that is not of
/// the web, tags that do not match. A reader of its own, that knows nothing of how the HTML is made.
inline std::string ProblemOfHtml(std::string_view html) {
  static constexpr std::string_view kTags[] = {"p",     "h2",         "h3",    "h4",   "h5", "h6",     "ul",  "ol",
                                               "li",    "blockquote", "pre",   "code", "em", "strong", "del", "a",
                                               "table", "thead",      "tbody", "tr",   "th", "td",     "span"};
  static constexpr std::string_view kEmptyTags[] = {"<br>", "<hr>"};
  static constexpr std::string_view kAttributes[] = {" class=\"center\"", " class=\"right\"", " class=\"task\"",
                                                     " class=\"formula\"", ""};
  constexpr std::string_view kLinkEnd = "\" rel=\"noopener nofollow noreferrer\"";
  std::vector<std::string> open;
  for (size_t at = 0; at < html.size();) {
    const size_t start = html.find_first_of("<>", at);
    if (start == std::string_view::npos) break;
    if (html[start] == '>') return "a bare >";
    const size_t end = html.find('>', start);
    if (end == std::string_view::npos) return "a tag without its end";
    const std::string_view tag = html.substr(start, end + 1 - start);
    at = end + 1;
    if (std::find(std::begin(kEmptyTags), std::end(kEmptyTags), tag) != std::end(kEmptyTags)) continue;
    if (tag.starts_with("</")) {
      if (open.empty() || open.back() != tag.substr(2, tag.size() - 3))
        return "closes what is not open: " + std::string(tag);
      open.pop_back();
      continue;
    }
    const std::string_view inside = tag.substr(1, tag.size() - 2);
    const size_t name_end = std::min(inside.find(' '), inside.size());
    const std::string_view name = inside.substr(0, name_end);
    std::string_view rest = inside.substr(name_end);
    if (std::find(std::begin(kTags), std::end(kTags), name) == std::end(kTags))
      return "not our tag: " + std::string(tag);
    open.emplace_back(name);
    if (name == "a") {
      const bool of_web = rest.starts_with(" href=\"http://") || rest.starts_with(" href=\"https://") ||
                          rest.starts_with(" href=\"mailto:");
      if (!of_web || !rest.ends_with(kLinkEnd)) return "not our link: " + std::string(tag);
      rest.remove_prefix(7);
      rest.remove_suffix(kLinkEnd.size());
      if (rest.find_first_of("\"'<> \n\t`\\") != std::string_view::npos) return "not our address: " + std::string(tag);
    } else if (name == "ol" && rest.starts_with(" start=\"") && rest.ends_with('"')) {
      if (rest.substr(8, rest.size() - 9).find_first_not_of("0123456789") != std::string_view::npos)
        return "not a number";
    } else if (std::find(std::begin(kAttributes), std::end(kAttributes), rest) == std::end(kAttributes)) {
      return "not our attribute: " + std::string(tag);
    }
  }
  return open.empty() ? "" : "left open: " + open.back();
}

}  // namespace yingda::text
