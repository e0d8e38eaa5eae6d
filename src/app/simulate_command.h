// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

namespace CLI {
class App;
}

namespace yingda::app {

/// `yingda simulate`: a soak of the real server, in a process of its own that is really killed, under simulated time.
/// Exit code 0 when nothing was lost and nothing came twice; kExitFailed when something did; kExitUnavailable when the
/// run itself could not be made.
class SimulateCommand {
 public:
  /// Adds the command, and a hidden one that is the server's process.
  explicit SimulateCommand(CLI::App& cli);
  ~SimulateCommand();
  bool Chosen() const;
  int Run();

 private:
  struct Arguments;
  std::unique_ptr<Arguments> arguments_;
};

struct SimulatedServerArguments {
  std::string config_file;
  int port = 0;
  int clock_fd = -1;
  int talk_fd = -1;
};
/// The server's process: like RunServe, but by the simulation's clock, and until the simulation is gone.
int RunSimulatedServer(const SimulatedServerArguments& arguments);

}  // namespace yingda::app
