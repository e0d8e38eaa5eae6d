// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace yingda::bot {

/// What a follower can ask of the bot itself, by a message that is nothing but the word.
enum class Command { kNone, kContinue, kResend, kClear, kHelp };

/// 继续 (and its common spellings), 重发, 清空, 帮助. Blanks, letter case and a final full stop do not matter.
Command ParseCommand(std::string_view text);

/// One spelling of each command that only the bot can carry out. (帮助 is not among them: a rule may well say it
/// better.)
std::vector<std::string> CommandsToKeepFree();

}  // namespace yingda::bot
