// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/word_filter.h"
#include "rules/lint_report.h"
#include "rules/rule.h"

namespace yingda::rules {

/// What WeChat would not show as meant in the replies of one rule: media ids that cannot be ones, links, tags, titles
/// that are cut off.
void LintReplies(const Rule& rule, LintReport& report);

/// Replies and keywords in which the word lists find something. `scratch` may be used again.
void LintWords(const Rule& rule, const filter::WordFilter& words, filter::Scratch& scratch, LintReport& report);

/// What is wrong with the links and tags of a text that WeChat shows, in Chinese; empty: nothing. WeChat knows only
/// <a href="…">…</a> and shows everything else as it is written.
std::vector<std::string> LinkTrouble(std::string_view text);

/// Why this cannot be a media id, in Chinese; empty: it may be one.
std::string MediaIdTrouble(std::string_view media_id);

}  // namespace yingda::rules
