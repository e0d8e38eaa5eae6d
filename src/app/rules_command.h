// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace yingda::app {

/// `yingda rules import FILE | --online`: writes the automatic replies of WeChat's console as a rule file, and says
/// what has to be looked at. Never writes over a file unless told to with --force; what it writes was read back before.
class RulesCommand {
 public:
  explicit RulesCommand(CLI::App& cli);
  ~RulesCommand();
  bool Chosen() const;
  int Run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

}  // namespace yingda::app
