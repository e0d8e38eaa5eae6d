// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace yingda::app {

/// `yingda stats`: what a running server counted for an account. Exit code 0; kExitUnavailable when no server answers,
/// kExitUsage when it has no such account.
class StatsCommand {
 public:
  explicit StatsCommand(CLI::App& cli);
  ~StatsCommand();
  bool Chosen() const;
  int Run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

}  // namespace yingda::app
