// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "simulator/virtual_clock.h"

namespace yingda::simulator {

/// What a server under simulated time says of itself when asked.
struct ServerLook {
  bool idle = false;  // nothing is about to happen without time passing or bytes arriving
  size_t parked = 0;  // requests that wait for their answer
  size_t jobs = 0;    // questions that are being worked on
};

/// A server in a process of its own, started from the same program, that lives by the simulation's clock and can be
/// killed at any moment. Thread-safety: none. Its destructor kills it. The child dies with its parent.
class ServerProcess {
 public:
  /// `arguments`: the program's, to which `--port N --clock-fd N --talk-fd N` is added; port 0 the first time, then
  /// always the one it got.
  ServerProcess(VirtualClock& clock, std::vector<std::string> arguments)
      : clock_(clock), arguments_(std::move(arguments)) {}
  ~ServerProcess() { Kill(); }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Returns when it serves. Errors: kUnavailable with what it said, or that it said nothing within a minute.
  base::Result<void> Start();
  bool Running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  /// Where it takes pushes.
  int port() const { return port_; }

  /// Tells it that the clock moved.
  void ClockMoved();
  /// Errors: kUnavailable when it died by itself, or has not answered within a minute.
  base::Result<ServerLook> Look();
  /// SIGKILL, and waits until it is gone.
  void Kill();
  /// Has it stop as SIGTERM would. Errors: kUnavailable when it ends otherwise than with exit code 0.
  base::Result<void> Stop();

 private:
  void CloseTalk();

  VirtualClock& clock_;
  const std::vector<std::string> arguments_;
  pid_t pid_ = 0;
  int talk_fd_ = -1;
  int port_ = 0;
};

/// The child's end of the same talk.
class ServerTalk {
 public:
  ServerTalk(int fd, VirtualClock& clock) : fd_(fd), clock_(clock) {}
  /// Answers the parent until it says stop (true) or is gone (false). Blocks.
  bool Serve(int port, const std::function<ServerLook()>& look);
  /// Instead of Serve, when it could not start.
  void Failed(const std::string& message);

 private:
  const int fd_;
  VirtualClock& clock_;
};

}  // namespace yingda::simulator
