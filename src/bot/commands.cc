// SPDX-License-Identifier: MIT
#include "bot/commands.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/utf8.h"

namespace yingda::bot {
namespace {

struct Spelling {
  std::string_view text;
  Command command;
};

constexpr std::array kSpellings = {
    Spelling{"继续", Command::kContinue},     Spelling{"繼續", Command::kContinue},
    Spelling{"continue", Command::kContinue}, Spelling{"清空", Command::kClear},
    Spelling{"重发", Command::kResend},       Spelling{"重發", Command::kResend},
    Spelling{"清空对话", Command::kClear},    Spelling{"/清空", Command::kClear},
    Spelling{"/clear", Command::kClear},      Spelling{"帮助", Command::kHelp},
    Spelling{"幫助", Command::kHelp},         Spelling{"help", Command::kHelp},
    Spelling{"/help", Command::kHelp},
};
constexpr std::array<std::string_view, 6> kFinalMarks = {"。", "！", "～", ".", "!", "~"};
constexpr size_t kLongestBytes = 32;

}  // namespace

Command ParseCommand(std::string_view text) {
  text = base::TrimBlanks(text);
  if (text.size() > kLongestBytes) return Command::kNone;
  for (const std::string_view mark : kFinalMarks) {
    if (text.ends_with(mark)) text = base::TrimBlanks(text.substr(0, text.size() - mark.size()));
  }
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const auto* found =
      std::find_if(kSpellings.begin(), kSpellings.end(), [&](const Spelling& s) { return s.text == lower; });
  return found == kSpellings.end() ? Command::kNone : found->command;
}

std::vector<std::string> CommandsToKeepFree() { return {"继续", "重发", "清空"}; }

}  // namespace yingda::bot
