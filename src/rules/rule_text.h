// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace yingda::rules {

/// Texts as a person would write them into a rule file; ParseRules reads every one of them back unchanged. The one
/// exception are the few private-use characters that the reader uses itself, and what WeChat cannot carry (control
/// characters, broken UTF-8): see WritableText.

/// `text` without what a rule file cannot hold, and without line ends at its end.
std::string WritableText(std::string_view text);

/// On one line: as it is where that is safe, else in double quotes.
std::string YamlScalar(std::string_view text);
/// As the item of a list of keywords: also in quotes when it holds a comma of any kind.
std::string YamlKeyword(std::string_view text);

/// The text of a reply: {1} and the like stay what they are, as they are no placeholders here.
std::string TemplateText(std::string_view text);

/// One value as the lines of a file, without indentation: a scalar on one line, or "|" and the lines of a block.
std::vector<std::string> YamlLines(std::string_view text);

}  // namespace yingda::rules
