// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "net/event_loop.h"

namespace yingda::simulator {

/// Runs `function` on the loop and returns when it has run; at once when this runs on it. When the loop
/// has stopped, it does not run at all. Blocks: for setting up and tearing down, not from another loop.
void RunOnLoopAndWait(net::EventLoop& loop, std::function<void()> function);

}  // namespace yingda::simulator
