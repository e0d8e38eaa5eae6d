// SPDX-License-Identifier: MIT
#include "bot/commands.h"

#include <gtest/gtest.h>

namespace yingda::bot {
namespace {

TEST(CommandsTest, KnowsItsWordsAndNothingElse) {
  const struct {
    const char* text;
    Command want;
  } cases[] = {
      {"继续", Command::kContinue},   {" 继续。", Command::kContinue},
      {"繼續", Command::kContinue},   {"Continue", Command::kContinue},
      {"继续！", Command::kContinue}, {"重发", Command::kResend},
      {"重發。", Command::kResend},   {"重发短信", Command::kNone},
      {"清空", Command::kClear},      {"　清空　", Command::kClear},
      {"/CLEAR", Command::kClear},    {"帮助", Command::kHelp},
      {"HELP", Command::kHelp},       {"继续讲讲", Command::kNone},
      {"请继续", Command::kNone},     {"", Command::kNone},
      {"。", Command::kNone},         {"怎么清空购物车", Command::kNone},
  };
  for (const auto& c : cases) EXPECT_EQ(ParseCommand(c.text), c.want) << c.text;
}

}  // namespace
}  // namespace yingda::bot
