// SPDX-License-Identifier: MIT
#include "simulator/loop_call.h"

#include <future>
#include <memory>
#include <utility>

namespace yingda::simulator {

void RunOnLoopAndWait(net::EventLoop& loop, std::function<void()> function) {
  if (loop.HasTurn()) return function();
  auto ran = std::make_shared<std::promise<void>>();
  std::future<void> end = ran->get_future();
  // A stopped loop drops what is posted; the promise breaks with it, which ends the wait too.
  loop.Post([ran = std::move(ran), function = std::move(function)] {
    function();
    ran->set_value();
  });
  end.wait();
}

}  // namespace yingda::simulator
