// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace yingda::app {

/// `yingda words import`: makes a file of filters/deny/ out of word lists in other programs' formats, and reports what
/// it left out. Exit code 0; kExitFailed when a file cannot be read, or written without overwriting.
class WordsCommand {
 public:
  explicit WordsCommand(CLI::App& cli);
  ~WordsCommand();
  bool Chosen() const;
  int Run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

}  // namespace yingda::app
