// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yingda::text {

/// A model's answer, written in Markdown (CommonMark with GitHub's tables, task lists and strikethrough), as the plain
/// text of a chat bubble: headings, lists, quotes, code and tables become lines that read well without any markup,
/// links keep their address, and characters that WeChat would take for markup of its own cannot be smuggled in.
/// Plain text comes out as it went in. Limits: linear in the input; nesting beyond a fixed depth is flattened.
/// Thread-safety: pure.
std::string WeChatText(std::string_view markdown);

/// How much of a Markdown text that is still being written can be converted now such that the conversion of the whole,
/// later, begins with the same text: up to a sentence or line end outside of tables, fences and open emphasis, links
/// and code spans. 0 if there is no such place yet.
size_t StableMarkdown(std::string_view markdown_so_far);

/// Does it hold what a chat bubble shows badly: a table, a code block, a formula?
bool ReadsBetterOnAPage(std::string_view markdown);

/// The same Markdown as HTML, one string for each top-level block, so that a page that is being written live replaces
/// only the blocks that changed. Safe to put into a page as it is: raw HTML is escaped, links are http, https or
/// mailto, pictures are shown as links. Thread-safety: pure.
std::vector<std::string> HtmlBlocks(std::string_view markdown);

}  // namespace yingda::text
