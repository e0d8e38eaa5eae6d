// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

namespace yingda::bench {

/// A server under test: the port it serves on, and what keeps it alive. It must answer POST /wx/main with 200.
struct Serving {
  int port = 0;
  std::shared_ptr<void> alive;
};
using StartFunction = std::function<Serving()>;

/// A subject in a process of its own, so that its CPU and memory are counted apart from the load generator's. The
/// process ends with this object. `start` runs in the child.
class SubjectProcess {
 public:
  SubjectProcess(std::string name, const StartFunction& start);
  ~SubjectProcess();
  SubjectProcess(const SubjectProcess&) = delete;
  SubjectProcess& operator=(const SubjectProcess&) = delete;

  const std::string& name() const { return name_; }
  int port() const { return port_; }
  pid_t process() const { return process_; }

 private:
  const std::string name_;
  int port_ = 0;
  pid_t process_ = -1;
  int life_line_ = -1;  // the child ends when this is closed
};

/// A passive reply as long as a usual one: 260 bytes.
const std::string& ReplyText();

/// (a) recv and send over epoll on one thread, no HTTP at all: the ceiling.
Serving StartBareLoop();
/// (b) the smallest handler on plain cpp-httplib with its three traps disarmed: no delay, a real backlog, and a thread
/// for each connection of the largest run.
Serving StartPlainHttplib();
/// (c) the same handler on our server; also parks at /park and answers all at once after /release.
Serving StartOurServer();

}  // namespace yingda::bench
