// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::text {

/// A model's answer, written in Markdown (CommonMark with GitHub's tables, task lists and strikethrough), as the plain
/// text of a chat bubble: headings, lists, quotes, code, tables and formulas become lines that read well without any
/// markup, web links become <a href="…">…</a> as WeChat shows them, and nothing else in the result can be taken for a
/// link: a < before another a comes out as ＜, in code too. Plain text comes out as it went in, but for blanks at line
/// ends, more than one blank line, and characters that nobody can see. Limits: linear in the input; nesting beyond a
/// fixed depth is flattened; above 1 MiB, or with more markup than an honest text can hold, all of it is plain text; at
/// most 8 bytes for each of the input and 4 KiB; a long column name is cut where rows repeat it. Valid UTF-8 always.
/// Thread-safety: pure.
std::string WeChatText(std::string_view markdown);

/// How much of a Markdown text that is still being written can be converted now such that the conversion of the whole,
/// later, begins with the same text, blanks at its end aside: up to a sentence or line end outside of tables, code
/// blocks, headings and whatever was opened (emphasis, links, code, formulas). 0 if there is no such place yet. A
/// longer text may give a smaller answer; the greater one, given before, still holds. Where CommonMark lets a later
/// line decide about an earlier one (a heading's underline, a reference definition), WeChatText does not. Cost: linear,
/// at most twice that of WeChatText. Thread-safety: pure.
size_t StableMarkdown(std::string_view markdown_so_far);

/// Does it hold what a chat bubble shows badly: a table, a code block, a formula?
bool ReadsBetterOnAPage(std::string_view markdown);

/// The same Markdown as HTML, one string for each top-level block, so that a page that is being written live replaces
/// only the blocks that changed; joined they are the document. Safe to put into a page as it is: raw HTML is escaped,
/// links are http, https or mailto, pictures are shown as links, and the only attributes are href and rel of links,
/// start of numbered lists, and the classes center and right (cells), task (items), formula. Headings begin at h2.
/// Limits and errors as for WeChatText, but for 16 bytes for each of the input and 4 KiB. Thread-safety: pure.
std::vector<std::string> HtmlBlocks(std::string_view markdown);

}  // namespace yingda::text
