// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace yingda::bot {

/// What a follower can ask of the bot itself, by a message that is nothing but the word.
enum class Command { kNone, kContinue, kResend, kClear, kHelp };

/// 继续 (and its common spellings), 重发, 清空, 帮助. Blanks, letter case and a final full stop do not matter.
Command ParseCommand(std::string_view text);

}  // namespace yingda::bot
