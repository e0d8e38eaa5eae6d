// SPDX-License-Identifier: MIT
#include "bot/window_policy.h"

#include <gtest/gtest.h>

namespace yingda::bot {
namespace {

using namespace std::chrono_literals;

struct Case {
  const char* name;
  int tries;
  Ability ability;
  int try_number;
  base::Duration since_first;
  base::Duration since_try;
  Progress progress;
  WindowDecision want;
};

constexpr auto kWork = Progress::kWorking;
constexpr auto kReady = Progress::kReady;
constexpr auto kPassive = Ability::kPassive;
constexpr auto kPush = Ability::kPush;
const WindowDecision kReplyNow{WindowAction::kReply, {}};
const WindowDecision kPart{WindowAction::kReplyWithPart, {}};
const WindowDecision kAcknowledge{WindowAction::kAcknowledge, {}};
const WindowDecision kClose{WindowAction::kClose, {}};
const WindowDecision kHoldForPart{WindowAction::kHold, 4500ms};
const WindowDecision kHoldForWeChat{WindowAction::kHold, 6s};

const Case kCases[] = {
    {"ready on try 1", 3, kPassive, 1, 1s, 1s, kReady, kReplyNow},
    {"ready on try 3", 3, kPassive, 3, 12s, 2s, kReady, kReplyNow},
    {"mini-program is acknowledged at once", 3, Ability::kPushOnly, 1, 0s, 0s, kWork, kAcknowledge},
    {"mini-program never gets a passive reply", 3, Ability::kPushOnly, 1, 1s, 1s, kReady, kAcknowledge},
    {"ready with push", 3, kPush, 1, 1s, 1s, kReady, kReplyNow},
    {"ready even when late", 3, kPassive, 1, 5900ms, 5900ms, kReady, kReplyNow},

    {"try 1 holds until WeChat leaves", 3, kPassive, 1, 0s, 0s, kWork, kHoldForWeChat},
    {"try 1 never gives a part", 3, kPassive, 1, 4900ms, 4900ms, kWork, kHoldForWeChat},
    {"try 1 that nobody closes", 3, kPassive, 1, 6s, 6s, kWork, kClose},
    {"try 2 holds", 3, kPassive, 2, 5s, 0s, kWork, kHoldForWeChat},
    {"try 2 holds to its end", 3, kPassive, 2, 9900ms, 4900ms, kWork, kHoldForWeChat},
    {"try 3 holds until 4.5 s", 3, kPassive, 3, 10s, 0s, kWork, kHoldForPart},
    {"try 3 just before", 3, kPassive, 3, 14400ms, 4400ms, kWork, kHoldForPart},
    {"try 3 at 4.5 s", 3, kPassive, 3, 14500ms, 4500ms, kWork, kPart},

    {"second push of which the first was lost", 3, kPassive, 2, 10s, 0s, kWork, kHoldForPart},
    {"second push at 9.5 s is the last", 3, kPassive, 2, 14s, 4500ms, kWork, kPart},
    {"second push at 9.4 s is not", 3, kPassive, 2, 13900ms, 4500ms, kWork, kHoldForWeChat},
    {"first push seen long after", 3, kPassive, 1, 20s, 0s, kWork, kHoldForPart},

    {"one try only", 1, kPassive, 1, 0s, 0s, kWork, kHoldForPart},
    {"one try only at 4.5 s", 1, kPassive, 1, 4500ms, 4500ms, kWork, kPart},
    {"two tries: first", 2, kPassive, 1, 4s, 4s, kWork, kHoldForWeChat},
    {"two tries: second", 2, kPassive, 2, 9500ms, 4500ms, kWork, kPart},
    {"two tries: first that comes late", 2, kPassive, 1, 4500ms, 0s, kWork, kHoldForPart},

    {"push holds", 3, kPush, 1, 1s, 1s, kWork, kHoldForPart},
    {"push acknowledges at 4.5 s", 3, kPush, 1, 4500ms, 4500ms, kWork, kAcknowledge},
};

TEST(WindowPolicyTest, DecidesAsTheTableSays) {
  for (const Case& c : kCases) {
    WindowOptions options;
    options.tries = c.tries;
    EXPECT_EQ(DecideWindow(options, {c.ability, c.try_number, c.since_first, c.since_try, c.progress}), c.want)
        << c.name;
  }
}

TEST(WindowPolicyTest, HoldingAlwaysEndsByTheSafetyClose) {
  const WindowOptions options;
  for (int number = 1; number <= 3; ++number) {
    for (base::Duration at = 0s; at < 30s; at += 100ms) {
      const auto decision = DecideWindow(options, {kPassive, number, at + (number - 1) * 5s, at, kWork});
      EXPECT_TRUE(decision.action != WindowAction::kHold || decision.look_again > at);
      EXPECT_TRUE(at < options.safety_close || decision.action != WindowAction::kHold);
    }
  }
}

TEST(WindowPolicyTest, WhatAFollowerDoesOpensAWindowForSoManyMessages) {
  wechat::Incoming push;
  push.type = wechat::MessageType::kText;
  EXPECT_EQ(SendingWindowAfter(push), (SendingWindow{5, 48h}));
  push.type = wechat::MessageType::kEvent;
  using wechat::EventType;
  for (const EventType event : {EventType::kSubscribe, EventType::kScan, EventType::kClick, EventType::kScanCodePush,
                                EventType::kScanCodeWait}) {
    push.event = event;
    EXPECT_EQ(SendingWindowAfter(push), (SendingWindow{3, 1min, event == EventType::kSubscribe}));
  }
  push.event = EventType::kEnterTempSession;
  EXPECT_EQ(SendingWindowAfter(push), (SendingWindow{2, 1min}));
  for (const EventType event : {EventType::kView, EventType::kLocation, EventType::kPicture, EventType::kOther}) {
    push.event = event;
    EXPECT_EQ(SendingWindowAfter(push).messages, 0);
  }
}

}  // namespace
}  // namespace yingda::bot
