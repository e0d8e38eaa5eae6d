// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// What text may come in, and what may go out.
namespace yingda::wechat {

/// The text, with each invalid byte of UTF-8 as U+FFFD. Cost: valid text, which nearly all is, is scanned quickly.
std::string RepairedText(std::string_view text);

/// Whether the text is as CleanText would leave it.
bool IsCleanText(std::string_view text);

/// Text that XML 1.0 and JSON may carry: valid UTF-8 without control characters except \n and \t (models and followers
/// produce both kinds of damage), and without U+FFFE and U+FFFF.
std::string CleanText(std::string_view text);

}  // namespace yingda::wechat
