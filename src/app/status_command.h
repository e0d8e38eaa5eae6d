// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace yingda::app {

/// `yingda status`: asks the running server of a configuration how it does. Exit code 0 when all is well; kExitFailed
/// when the last load of edited files was refused; kExitUnavailable when nobody answers.
class StatusCommand {
 public:
  explicit StatusCommand(CLI::App& cli);
  ~StatusCommand();
  bool Chosen() const;
  int Run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

}  // namespace yingda::app
