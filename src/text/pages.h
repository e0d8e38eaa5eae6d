// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace yingda::text {

/// Where the first page of `text` ends: the best cut at most `limit_bytes` from its start, or text.size() if all of it
/// fits. Looks at the last two fifths of the page and prefers, in this order, a blank line, a line end, a sentence end
/// (closing quotes included), a clause, a comma, a space, any character; the latest of the best kind wins. Never cuts
/// inside a UTF-8 sequence, an emoji cluster, a link (<a …>…</a>), a URL, a number or a Latin word, unless that alone
/// is longer than a page. Blanks at a cut stay at the end of the earlier page: the pages joined are the text. Limits:
/// always above 0 for a text that is not empty, so a limit below the first character is exceeded. Cost: linear in the
/// limit. Thread-safety: pure.
size_t PageEnd(std::string_view text, size_t limit_bytes);

/// Offset after the last complete sentence or line of a text that is still being written; 0 if there is none yet. A
/// full stop at the very end may be the start of "3.14" and does not count; 。！？ do.
size_t WholeSentences(std::string_view text);

}  // namespace yingda::text
