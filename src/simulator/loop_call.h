// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "net/event_loop.h"

namespace yingda::simulator {

/// Runs `function` on the loop's thread and returns when it has run; at once when this is that thread. When the loop
/// has stopped, it does not run at all. Blocks: for setting up and tearing down, not from another loop's thread.
void RunOnLoopAndWait(net::EventLoop& loop, std::function<void()> function);

}  // namespace yingda::simulator
